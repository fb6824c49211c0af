"""What django-anymail makes of a vendor's request, and what we make of the same one.

Its words are fewer than ours: full, unknown and blocked mailboxes are all bounces. Where
it sees another thing than we do, that is deliberate, and the reason stands here.
"""

import json
from typing import Any

import pytest

from mailer.core.events import EventKind
from mailer.ports import Heard, Told
from tests.contract.peers import hearsay
from tests.contract.peers.hearsay import Tracked
from tests.contract.providers.tellers import NOW, TELLERS, TO, sns, without

ANYMAILS = pytest.mark.filterwarnings(
    "ignore:django-anymail has dropped official support"
)
# What anymail may call an event of ours: what it is, or why it was refused
MEANS = {
    EventKind.SENT: {"sent"},
    EventKind.DELIVERED: {"delivered"},
    EventKind.DEFERRED: {"deferred"},
    EventKind.HARD: {"bounced", "invalid"},
    EventKind.SOFT: {"bounced", "deferred"},
    EventKind.BLOCK: {"bounced", "blocked"},
    EventKind.COMPLAINED: {"complained", "spam"},
    EventKind.UNSUBSCRIBED: {"unsubscribed"},
}


def word(tracked: Tracked) -> str:
    """What anymail calls it; the reason where it says no more than that it is over."""
    vague = tracked.kind in ("rejected", "failed")
    return (tracked.reason or tracked.kind) if vague else tracked.kind


def events(kind: str, told: Told) -> tuple[list[tuple[EventKind, str]], list[Tracked]]:
    heard = TELLERS[kind].hearing().hear(told)
    assert isinstance(heard, Heard)
    assert not heard.unread
    ours = [(event.kind, event.address) for event in heard.events]
    return ours, list(hearsay.reads(kind, told))


# --- the requests that the other suites tell, and their signatures

NOT_TOLD = {
    ("ses", EventKind.UNSUBSCRIBED),
    ("resend", EventKind.UNSUBSCRIBED),
    # That a message was taken is read of SES alone: the others say it in their answers.
    *((kind, EventKind.SENT) for kind in TELLERS if kind != "ses"),
}
ALONE = {("ses", EventKind.DEFERRED)}  # anymail has no word for SES's DeliveryDelay
SORTED = ("ses", EventKind.HARD), ("ses", EventKind.SOFT), ("ses", EventKind.BLOCK)
TOLD = [
    (kind, event)
    for kind in TELLERS
    for event in EventKind
    if (kind, event) not in {*NOT_TOLD, *ALONE, *SORTED}
]


@ANYMAILS
@pytest.mark.parametrize(("kind", "event"), TOLD)
def test_anymail_reads_in_our_tellers_words_what_we_read(
    kind: str, event: EventKind
) -> None:
    ours, [theirs] = events(kind, TELLERS[kind].tell(event))

    assert ours == [(event, TO)]
    assert theirs.address == TO
    assert word(theirs) in MEANS[event]


def test_anymail_believes_mailgun_and_postmark_exactly_when_we_do() -> None:
    """Of the others Svix's and Twilio's own verifiers judge, in test_signatures."""
    mailgun, postmark = TELLERS["mailgun"], TELLERS["postmark"]
    forged = mailgun.write(EventKind.HARD)
    forged["signature"]["token"] = "u" * 50
    table = [
        ("mailgun", hearsay.keyed(mailgun.tell(EventKind.HARD)), True),
        ("mailgun", hearsay.keyed(mailgun.tell_this(forged)), False),
        ("postmark", postmark.tell(EventKind.HARD), True),
        ("postmark", without(postmark.tell(EventKind.HARD), "authorization"), False),
    ]
    for kind, told, genuine in table:
        assert hearsay.believes(kind, told) is genuine
        assert isinstance(TELLERS[kind].hearing().hear(told), Heard) is genuine


# --- requests in the words of the vendors' own references


def _dropped(reason: str) -> Any:
    return [
        {
            "event": "dropped",
            "email": TO,
            "timestamp": 1,
            "sg_event_id": "e",
            "sg_message_id": "m.x",
            "reason": reason,
        }
    ]


def _mailgun(event: str, **more: Any) -> Any:
    said: Any = TELLERS["mailgun"].write(EventKind.DELIVERED)
    return said | {"event-data": {**said["event-data"], "event": event, **more}}


def _postmark(sort: str) -> Any:
    said: Any = TELLERS["postmark"].write(EventKind.HARD)
    return {**said, "Type": sort, "Details": "smtp;550 something"}


def _resend(kind: str, **data: Any) -> Any:
    return {
        "type": kind,
        "created_at": NOW.isoformat(),
        "data": {"email_id": "m1", "to": [TO], **data},
    }


def _ses(sort: str, subsort: str, status: str) -> Any:
    one = {"emailAddress": TO, "status": status, "diagnosticCode": f"smtp; {status}"}
    bounce = {
        "bounceType": sort,
        "bounceSubType": subsort,
        "bouncedRecipients": [one],
        "timestamp": NOW.isoformat(),
        "feedbackId": "f1",
    }
    said = {"eventType": "Bounce", "bounce": bounce, "mail": {"messageId": "m1"}}
    return sns("Notification", Message=json.dumps(said))


def _brevo(event: str) -> Any:
    return {**TELLERS["brevo"].write(EventKind.HARD), "event": event}


WORDS = {
    "sendgrid dropped: bounced before": ("sendgrid", _dropped("Bounced Address")),
    "sendgrid dropped: invalid": ("sendgrid", _dropped("Invalid")),
    "sendgrid dropped: spam report": ("sendgrid", _dropped("Spam Reporting Address")),
    "sendgrid dropped: unsubscribed": ("sendgrid", _dropped("Unsubscribed Address")),
    "mailgun rejected": ("mailgun", _mailgun("rejected")),
    "mailgun failed for now": (
        "mailgun",
        _mailgun("failed", severity="temporary", reason="generic"),
    ),
    "mailgun failed: bounced before": (
        "mailgun",
        _mailgun("failed", severity="permanent", reason="suppress-bounce"),
    ),
    "mailgun failed: complained before": (
        "mailgun",
        _mailgun("failed", severity="permanent", reason="suppress-complaint"),
    ),
    "mailgun failed: left before": (
        "mailgun",
        _mailgun("failed", severity="permanent", reason="suppress-unsubscribe"),
    ),
    "postmark: bad address": ("postmark", _postmark("BadEmailAddress")),
    "postmark: blocked": ("postmark", _postmark("Blocked")),
    "postmark: spam notification": ("postmark", _postmark("SpamNotification")),
    "postmark: transient": ("postmark", _postmark("Transient")),
    "postmark: DMARC policy": ("postmark", _postmark("DMARCPolicy")),
    "postmark: an answer of a machine": ("postmark", _postmark("AutoResponder")),
    "resend suppressed": (
        "resend",
        _resend(
            "email.suppressed",
            suppressed={
                "reason": "previous_bounce",
                "type": "OnAccountSuppressionList",
            },
        ),
    ),
    "resend failed": (
        "resend",
        _resend("email.failed", failed={"reason": "reached_daily_quota"}),
    ),
    "ses: no such mailbox": ("ses", _ses("Permanent", "NoEmail", "5.1.1")),
    "ses: suppressed": ("ses", _ses("Permanent", "OnAccountSuppressionList", "5.1.1")),
    "ses: full": ("ses", _ses("Transient", "MailboxFull", "5.2.2")),
    "ses: refused": ("ses", _ses("Transient", "ContentRejected", "5.7.1")),
    "brevo: no address": ("brevo", _brevo("invalid_email")),
    "brevo: blocked": ("brevo", _brevo("blocked")),
    "brevo: asked for": ("brevo", _brevo("request")),
}


# Where anymail sees another thing: what it calls it, and why we do not
OTHERWISE = {
    "sendgrid dropped: spam report": (
        "other",
        "SendGrid's reference names this reason; anymail looks for other words",
    ),
    "mailgun rejected": ("other", "Mailgun refuses the message, not the reader"),
    "mailgun failed: complained before": (
        "bounced",
        "the reader is on Mailgun's list of complaints, and belongs on ours",
    ),
    "mailgun failed: left before": (
        "bounced",
        "the reader is on Mailgun's list of people who left",
    ),
    "postmark: spam notification": (
        "complained",
        "a filter's judgement, says Postmark's reference; readers' own are complaints",
    ),
    "resend suppressed": ("unknown", "anymail does not know this event yet"),
}
NOTHING = {"autoresponded", "queued", "unknown"}  # nothing that changes what we send


@ANYMAILS
@pytest.mark.parametrize("what", WORDS)
def test_anymail_reads_in_the_vendors_words_what_we_read(what: str) -> None:
    kind, said = WORDS[what]

    ours, theirs = events(kind, TELLERS[kind].tell_this(said))

    [called] = [word(one) for one in theirs]
    assert {one.address for one in theirs} == {TO}
    if what in OTHERWISE:
        assert called == OTHERWISE[what][0]
        assert called not in {word for event, _ in ours for word in MEANS[event]}
    elif ours:
        [(event, address)] = ours
        assert address == TO
        assert called in MEANS[event]
    else:
        assert called in NOTHING
