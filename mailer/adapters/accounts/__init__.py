"""What providers tell about our account with them: questions that change nothing.

One module per provider. Each asks by GET and says what the answer means for our mail.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from mailer.adapters.accounts.brevo import BrevoAccount
from mailer.adapters.accounts.mailgun import MailgunAccount
from mailer.adapters.accounts.postmark import PostmarkAccount
from mailer.adapters.accounts.resend import ResendAccount
from mailer.adapters.accounts.sendgrid import SendGridAccount
from mailer.config import ProviderSettings
from mailer.ports import Account


def of(settings: ProviderSettings, *, clock: Callable[[], datetime]) -> Account | None:
    """Return who asks this provider; None: its API tells nothing, or has none.

    The settings are those of a provider that could be built from them.
    """
    if settings.kind == "ses":
        # Not at the top: it needs botocore, which not everybody has.
        from mailer.adapters.accounts.ses import SesAccount  # noqa: PLC0415

        return SesAccount(settings, clock)
    maker = _MAKERS.get(settings.kind)
    return maker(settings) if maker else None


_MAKERS: Mapping[str, Callable[[ProviderSettings], Account]] = {
    "brevo": BrevoAccount,
    "mailgun": MailgunAccount,
    "postmark": PostmarkAccount,
    "resend": ResendAccount,
    "sendgrid": SendGridAccount,
}
