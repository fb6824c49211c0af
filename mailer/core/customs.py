"""What each kind of provider has a sender publish in DNS.

Facts: the providers' own pages on domain authentication as of 2026-11. Where a value
is made for each account, only its shape is known here; the provider shows the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mailer.core.saying import Verbatim, says


@dataclass(frozen=True, slots=True, kw_only=True)
class Customs:
    """One provider's ways."""

    vendor: str
    where: str  # where the provider shows the records to publish
    hooks: str = ""  # where it is told whom to tell of events; "": it tells nobody
    ticked: str = ""  # what to tick there
    option: str = "events_key"  # by which its events are known as its own
    selectors: tuple[str, ...] = ()  # under which it publishes DKIM keys
    fixed: bool = False  # it uses just these selectors, for everybody
    include: str | None = None  # what SPF of the return path must include
    bounces: str | None = None  # its own return path, where there is no other
    label: str | None = None  # of the return path, under the sender's domain
    alias: str | None = None  # what that label is a CNAME to


_CUSTOMS: Mapping[str, Customs] = {
    "brevo": Customs(
        vendor="Brevo",
        where=Verbatim(
            "Brevo: Senders, Domains & Dedicated IPs, Domains, Authenticate"
        ),
        hooks=Verbatim("Brevo: Transactional, Settings, Webhook"),
        ticked=Verbatim(
            "delivered, deferred, soft and hard bounce, blocked, "
            "invalid, spam, unsubscribed"
        ),
        selectors=("brevo1", "brevo2", "mail"),
    ),
    "mailgun": Customs(
        vendor="Mailgun",
        where=says("Mailgun: Send, Domains, your domain, DNS records"),
        hooks=Verbatim("Mailgun: Send, Webhooks"),
        ticked=Verbatim(
            "delivered, permanent and temporary failure, spam complaints, unsubscribes"
        ),
        selectors=("pic", "mx", "k1", "smtp", "mailo", "email", "s1"),
        include="mailgun.org",
    ),
    "postmark": Customs(
        vendor="Postmark",
        where=says("Postmark: Sender Signatures, your domain, DNS Settings"),
        hooks=says("Postmark: your server, your stream, Webhooks"),
        ticked=Verbatim("Delivery, Bounce, Spam Complaint, Subscription Change"),
        bounces="pm.mtasv.net",
        label="pm-bounces",
        alias="pm.mtasv.net",
    ),
    "resend": Customs(
        vendor="Resend",
        where=says("Resend: Domains, your domain, Records"),
        hooks=Verbatim("Resend: Webhooks"),
        ticked=Verbatim(
            "email.delivered, .delivery_delayed, .bounced, .complained, .suppressed"
        ),
        selectors=("resend",),
        fixed=True,
        include="amazonses.com",
        label="send",
    ),
    "sendgrid": Customs(
        vendor="SendGrid",
        where=Verbatim("SendGrid: Settings, Sender Authentication"),
        hooks=Verbatim("SendGrid: Settings, Mail Settings, Event Webhooks"),
        ticked=Verbatim(
            "delivered, deferred, bounced, dropped, spam reports, unsubscribes"
        ),
        selectors=("s1", "s2"),
        fixed=True,
    ),
    "ses": Customs(
        vendor="Amazon SES",
        where=says("Amazon SES: Identities, your domain, Authentication"),
        hooks=says("Amazon SES: Configuration sets, your set, Event destinations"),
        ticked=Verbatim("Sends, Deliveries, Delivery delays, Bounces, Complaints"),
        option="events_topic",
        include="amazonses.com",
        bounces="amazonses.com",
    ),
    "smtp": Customs(
        vendor=says("your mail server"),
        where=says("your mail server's DKIM settings"),
        selectors=("default", "mail", "dkim", "s1", "selector1"),
    ),
}


def of(kind: str) -> Customs | None:
    """Return the ways of a kind of provider; None: it mails nobody, or is unknown."""
    return _CUSTOMS.get(kind)
