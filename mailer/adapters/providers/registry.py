"""The kinds of provider there are, by the word in `mailer.toml`.

Only the one that is used is imported.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mailer.adapters.providers.options import Options
from mailer.config import ProviderSettings
from mailer.core.errors import ConfigError
from mailer.ports import Provider

KINDS = ("mailgun", "outbox", "postmark", "resend", "smtp")


def build(
    settings: ProviderSettings, *, folder: Path, clock: Callable[[], datetime]
) -> Provider:
    """Make the provider that this table describes.

    Relative paths start at the project folder; `clock` returns an aware datetime.
    Opens no connection and writes no file. Raises ConfigError.
    """
    options = Options(settings)
    provider: Provider
    match settings.kind:
        case "mailgun":
            from mailer.adapters.providers.mailgun import Mailgun

            provider = Mailgun.configured(settings.name, options, folder, clock)
        case "outbox":
            from mailer.adapters.providers.outbox import Outbox

            provider = Outbox.configured(settings.name, options, folder)
        case "postmark":
            from mailer.adapters.providers.postmark import Postmark

            provider = Postmark.configured(settings.name, options, folder, clock)
        case "resend":
            from mailer.adapters.providers.resend import Resend

            provider = Resend.configured(settings.name, options, folder, clock)
        case "smtp":
            from mailer.adapters.providers.smtp import Smtp

            provider = Smtp.configured(settings.name, options, folder)
        case _:
            raise ConfigError(
                f"mailer.toml: [providers.{settings.name}] kind:"
                f' "{settings.kind}" is none of {", ".join(KINDS)}'
            )
    options.refuse_unknown()
    return provider
