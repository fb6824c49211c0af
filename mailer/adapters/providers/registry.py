"""The kinds of provider there are, by the word in `mailer.toml`.

Only the ones that are used are imported.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mailer.adapters.providers.options import Options, Setup
from mailer.config import ProviderSettings
from mailer.core.errors import ConfigError
from mailer.ports import Provider

KINDS = ("brevo", "mailgun", "outbox", "postmark", "resend", "sendgrid", "ses", "smtp")


def build(
    settings: ProviderSettings, *, folder: Path, clock: Callable[[], datetime]
) -> Provider:
    """Make the provider that this table describes.

    Relative paths start at the project folder; `clock` returns an aware datetime.
    Opens no connection and writes no file. Raises ConfigError.
    """
    options = Options(settings)
    setup = Setup(name=settings.name, options=options, folder=folder, clock=clock)
    provider = _maker(settings)(setup)
    options.refuse_unknown()
    return provider


def _maker(settings: ProviderSettings) -> Callable[[Setup], Provider]:
    maker: Callable[[Setup], Provider]
    match settings.kind:
        case "brevo":
            from mailer.adapters.providers.brevo import Brevo

            maker = Brevo
        case "mailgun":
            from mailer.adapters.providers.mailgun import Mailgun

            maker = Mailgun
        case "outbox":
            from mailer.adapters.providers.outbox import Outbox

            maker = Outbox.configured
        case "postmark":
            from mailer.adapters.providers.postmark import Postmark

            maker = Postmark
        case "resend":
            from mailer.adapters.providers.resend import Resend

            maker = Resend
        case "sendgrid":
            from mailer.adapters.providers.sendgrid import SendGrid

            maker = SendGrid
        case "ses":
            try:
                from mailer.adapters.providers.ses import Ses
            except ImportError:
                raise ConfigError(
                    f'mailer.toml: [providers.{settings.name}] kind: "ses" needs'
                    " botocore, which signs its calls; pip install"
                    " coalition-mailer[ses]"
                ) from None
            maker = Ses
        case "smtp":
            from mailer.adapters.providers.smtp import Smtp

            maker = Smtp.configured
        case _:
            raise ConfigError(
                f"mailer.toml: [providers.{settings.name}] kind:"
                f' "{settings.kind}" is none of {", ".join(KINDS)}'
            )
    return maker
