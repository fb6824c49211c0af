"""What providers tell about our account with them: questions that change nothing.

One module per provider. Each asks by GET and says what the answer means for our mail.
"""

from mailer.adapters.accounts.mailgun import MailgunAccount
from mailer.adapters.accounts.postmark import PostmarkAccount
from mailer.adapters.accounts.resend import ResendAccount
from mailer.config import ProviderSettings
from mailer.ports import Account


def of(settings: ProviderSettings) -> Account | None:
    """Return who asks this provider; None: its API tells nothing, or has none.

    The settings are those of a provider that could be built from them.
    """
    match settings.kind:
        case "mailgun":
            return MailgunAccount(settings)
        case "postmark":
            return PostmarkAccount(settings)
        case "resend":
            return ResendAccount(settings)
        case _:
            return None
