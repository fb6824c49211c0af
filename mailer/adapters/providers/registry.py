"""The kinds of provider there are, by the word in `mailer.toml`.

Only the ones that are used are imported.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from mailer.adapters.http import Answer, NoAnswer, NotSent
from mailer.adapters.providers.options import Options, Setup
from mailer.adapters.providers.telling import is_weak
from mailer.config import ProviderSettings
from mailer.core import customs
from mailer.core.errors import ConfigError
from mailer.ports import Hearing, Provider

_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):\d+:[A-Za-z0-9_-]+", re.ASCII)
EVENTS = ("events_key", "events_topic")  # options of the other direction
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
    _refuse_foreign(settings, options)
    options.leave(*_listens(settings.kind))
    options.refuse_unknown()
    return provider


def hearing(
    settings: ProviderSettings, *, get: Callable[[str], Answer | NotSent | NoAnswer]
) -> Hearing | None:
    """Make what hears this provider; None if its table names no key for events.

    `get` asks an address of Amazon's. Raises ConfigError.
    """
    options = Options(settings)
    _refuse_foreign(settings, options)
    if settings.kind == "ses":
        from mailer.adapters.providers.ses.events import SesEvents

        topic = _topic(options)
        return SesEvents(topic, get) if topic else None
    if options.text("events_key") is None:
        return None
    key = options.secret("events_key")
    if _is_token(key, options):
        raise options.error(
            "events_key",
            "is the same as token, with which anybody could send; use"
            f" {_whence(settings.kind)}",
        )
    if is_weak(key):
        raise options.error("events_key", "can be guessed; use 16 characters or more")
    return _hears(settings.kind, key, options)


def _topic(options: Options) -> str | None:
    """Return the topic that SES publishes to, which is of SES's own region."""
    topic = options.text("events_topic")
    if topic is None:
        return None
    found = _TOPIC.fullmatch(topic)
    if not found:
        raise options.error(
            "events_topic",
            'is no topic of Amazon SNS; one is "arn:aws:sns:REGION:ACCOUNT:NAME"',
        )
    region = options.text("region")
    if region and found[1] != region:
        raise options.error(
            "events_topic",
            f"is a topic in {found[1]}, and SES in {region} tells it nothing; make one"
            f" in {region}, or mend region",
        )
    return topic


def _is_token(key: str, options: Options) -> bool:
    with suppress(ConfigError):  # the pages need no token, and may have none
        return key == options.text("token")
    return False


def _whence(kind: str) -> str:
    """Return whose the key of events is: ours, or one that the vendor shows."""
    if kind in ("brevo", "postmark"):
        return "another one, of your own making"
    ways = customs.of(kind)
    return f"the one that stands under {ways.hooks}" if ways else "another one"


def _listens(kind: str) -> Sequence[str]:
    """Return the option by which events of this kind of provider are known."""
    ways = customs.of(kind)
    return [ways.option] if ways and ways.hooks else []


def _refuse_foreign(settings: ProviderSettings, options: Options) -> None:
    """Raise for another kind's key of events: nothing would be heard by it."""
    known = _listens(settings.kind)
    for key in EVENTS:
        if key in settings.options and key not in known:
            hint = (
                f"is known by its {known[0]}; write {known[0]} instead"
                if known
                else f"tells nothing; take {key} out"
            )
            raise options.error(key, f"a provider of kind {settings.kind} {hint}")


def _hears(kind: str, key: str, options: Options) -> Hearing:
    match kind:
        case "brevo":
            from mailer.adapters.providers.brevo.events import BrevoEvents

            return BrevoEvents(key)
        case "mailgun":
            from mailer.adapters.providers.mailgun.events import MailgunEvents

            return MailgunEvents(key)
        case "postmark":
            from mailer.adapters.providers.postmark.events import PostmarkEvents

            return PostmarkEvents(key)
        case "resend":
            from mailer.adapters.providers.resend.events import ResendEvents, secret

            decoded = secret(key)
            if decoded is None:
                raise options.error(
                    "events_key",
                    'is no signing secret; one begins with "whsec_", and stands at'
                    " Resend: Webhooks, your webhook",
                )
            return ResendEvents(decoded)
        case "sendgrid":
            from mailer.adapters.providers.sendgrid.events import (
                SendGridEvents,
                public_key,
            )

            verification = public_key(key)
            if verification is None:
                raise options.error(
                    "events_key",
                    "is not the verification key that SendGrid shows; copy it from"
                    " Settings, Mail Settings, Event Webhooks",
                )
            return SendGridEvents(verification)
    raise options.error("events_key", f"a provider of kind {kind} tells nothing")


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
