"""The lists there are, by the kind of provider; only those that are used are loaded."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mailer.adapters.providers.options import Options, Setup
from mailer.config import ProviderSettings
from mailer.core.errors import ConfigError
from mailer.ports import SuppressionList

Sleep = Callable[[float], object]


def build(
    settings: ProviderSettings,
    *,
    folder: Path,
    clock: Callable[[], datetime],
    sleep: Sleep,
) -> SuppressionList | None:
    """Return the list of a provider; None: it has none.

    Opens no connection. `sleep` is told how many seconds a provider asks to wait.
    Raises ConfigError.
    """
    maker = _maker(settings)
    if maker is None:
        return None
    options = Options(settings)
    setup = Setup(name=settings.name, options=options, folder=folder, clock=clock)
    return maker(setup, sleep)


def _maker(
    settings: ProviderSettings,
) -> Callable[[Setup, Sleep], SuppressionList] | None:
    maker: Callable[[Setup, Sleep], SuppressionList] | None = None
    match settings.kind:
        case "brevo":
            from mailer.adapters.suppressions.brevo import BrevoList

            maker = BrevoList
        case "mailgun":
            from mailer.adapters.suppressions.mailgun import MailgunList

            maker = MailgunList
        case "postmark":
            from mailer.adapters.suppressions.postmark import PostmarkList

            maker = PostmarkList
        case "resend":
            from mailer.adapters.suppressions.resend import ResendList

            maker = ResendList
        case "sendgrid":
            from mailer.adapters.suppressions.sendgrid import SendGridList

            maker = SendGridList
        case "ses":
            try:
                from mailer.adapters.suppressions.ses import SesList
            except ImportError:
                raise ConfigError(
                    f'mailer.toml: [providers.{settings.name}] kind: "ses" needs'
                    " botocore, which signs its calls; pip install"
                    " coalition-mailer[ses]"
                ) from None
            maker = SesList
    return maker
