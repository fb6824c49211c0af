"""Whatever a vendor tells: only its own requests are heard, and all of them the same."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mailer.adapters.http import Answer, NotSent
from mailer.adapters.providers import registry
from mailer.adapters.providers.ses.events import SesEvents
from mailer.config import ProviderSettings
from mailer.core.errors import ConfigError
from mailer.core.events import EventKind
from mailer.ports import Forged, Heard, Told
from tests.contract.providers.tellers import (
    CERTIFICATE,
    MARK,
    NOW,
    TELLERS,
    TO,
    TOPIC,
    Teller,
    sns,
    told,
    without,
)

# A vendor that does not tell of something cannot be asked to.
SILENT = {
    ("resend", EventKind.UNSUBSCRIBED),
    ("ses", EventKind.UNSUBSCRIBED),
    # They have other means after silence, and their other events are marked as well.
    *((name, EventKind.SENT) for name in TELLERS if name != "ses"),
}
HEARABLE = [
    (name, kind) for name in TELLERS for kind in EventKind if (name, kind) not in SILENT
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.fixture(params=sorted(TELLERS))
def teller(request: pytest.FixtureRequest) -> Teller:
    found: Teller = TELLERS[request.param]
    return found


def heard(teller: Teller, request: Told) -> Heard:
    found = teller.hearing().hear(request)
    assert isinstance(found, Heard)
    return found


@pytest.mark.parametrize(("name", "kind"), HEARABLE)
def test_a_genuine_request_is_heard_in_our_words(name: str, kind: EventKind) -> None:
    teller = TELLERS[name]

    [event] = heard(teller, teller.tell(kind)).events

    assert (event.kind, event.address) == (kind, TO)
    assert event.provider_id == "m1"
    assert event.mark == MARK
    assert abs((event.happened_at - NOW).total_seconds()) < 1
    assert event.event_id


def test_a_request_that_comes_again_names_the_same_event(teller: Teller) -> None:
    first, again = (
        heard(teller, teller.tell(EventKind.HARD)).events[0] for _ in range(2)
    )
    other = heard(teller, teller.tell(EventKind.DELIVERED)).events[0]

    assert first.event_id == again.event_id
    if teller.kind in ("brevo", "postmark"):  # the others number their events
        assert other.event_id != first.event_id


@pytest.mark.parametrize("name", ["resend", "sendgrid"])
def test_one_octet_that_differs_is_a_forgery(name: str) -> None:
    teller = TELLERS[name]
    genuine = teller.tell(EventKind.HARD)
    for at in range(0, len(genuine.body), 7):
        body = bytearray(genuine.body)
        body[at] ^= 1
        found = teller.hearing().hear(replace(genuine, body=bytes(body)))
        assert isinstance(found, Forged)


def test_without_its_signature_nothing_is_heard(teller: Teller) -> None:
    genuine = teller.tell(EventKind.HARD)
    for header in genuine.headers:
        if header != "svix-id":  # which is signed: another one fails below
            bare = without(genuine, header)
            assert isinstance(teller.hearing().hear(bare), Forged)
    headers = {name: f"x{value}" for name, value in genuine.headers.items()}
    if headers:
        other = replace(genuine, headers=headers)
        assert isinstance(teller.hearing().hear(other), Forged)


@pytest.mark.parametrize("name", ["mailgun", "ses"])
def test_a_signature_in_the_body_must_be_right(name: str) -> None:
    teller = TELLERS[name]
    words = json.loads(teller.tell(EventKind.HARD).body)
    holder = words["signature"] if name == "mailgun" else words
    field = "signature" if name == "mailgun" else "Signature"

    for wrong in ("", "AAAA", None, 7, holder[field][:-4]):
        holder[field] = wrong
        assert isinstance(teller.hearing().hear(teller.tell_this(words)), Forged)


@pytest.mark.parametrize("name", ["resend", "sendgrid", "mailgun"])
def test_what_was_signed_long_ago_is_not_heard_today(name: str) -> None:
    teller = TELLERS[name]
    late = replace(teller.tell(EventKind.HARD), received_at=NOW.replace(month=12))

    assert isinstance(teller.hearing().hear(late), Forged)


def test_one_item_that_cannot_be_read_does_not_lose_the_others() -> None:
    for name in ("brevo", "sendgrid"):
        teller = TELLERS[name]
        good = teller.write(EventKind.HARD)
        items = [*(good if isinstance(good, list) else [good]), 7, {"event": "odd"}, {}]

        found = heard(teller, teller.tell_this(items))

        assert (len(found.events), found.unread) == (1, 3)


def test_opens_and_clicks_are_kept_by_nobody() -> None:
    said: dict[str, Any] = {
        "postmark": {"RecordType": "Open", "Recipient": TO},
        "resend": {"type": "email.clicked", "data": {"to": [TO]}},
        "brevo": {"event": "unique_opened", "email": TO},
        "sendgrid": [{"event": "click", "email": TO}],
    }
    for name, words in said.items():
        teller = TELLERS[name]
        assert heard(teller, teller.tell_this(words)) == Heard(events=[])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_whatever_octets_come_in_nothing_breaks(teller: Teller, body: bytes) -> None:
    teller.hearing().hear(teller.sign(body))
    teller.hearing().hear(told(body))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(what=json_values)
def test_whatever_json_comes_in_nothing_breaks(teller: Teller, what: Any) -> None:
    teller.hearing().hear(teller.tell_this(what))
    teller.hearing().hear(teller.tell_this([what]))
    teller.hearing().hear(teller.tell_this({"event": "bounce", "email": what}))


def _deep(levels: int) -> Any:
    found: Any = []
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize("name", ["brevo", "postmark", "sendgrid"])
@pytest.mark.parametrize("levels", [400, 900])
def test_a_moment_nested_deep_breaks_nothing(name: str, levels: int) -> None:
    teller = TELLERS[name]
    said = teller.write(EventKind.COMPLAINED)
    [item] = said if isinstance(said, list) else [said]
    for member in ("ts_epoch", "BouncedAt", "timestamp", "sg_event_id", "ID"):
        item[member] = _deep(levels)

    [event] = heard(teller, teller.tell_this(said)).events

    assert event.happened_at == NOW


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z",
        0.5, -62_135_596_800, 1e300, 99_999_999_999, "yesterday", "",
    ],
)  # fmt: skip
def test_a_moment_that_cannot_be_true_is_when_it_was_told(moment: Any) -> None:
    for name, member in (("brevo", "ts_epoch"), ("postmark", "BouncedAt")):
        teller = TELLERS[name]
        said = {**teller.write(EventKind.COMPLAINED), member: moment}

        [event] = heard(teller, teller.tell_this(said)).events

        assert event.happened_at == NOW


def test_a_nul_in_an_identifier_is_left_out() -> None:
    teller = TELLERS["sendgrid"]
    [item] = teller.write(EventKind.HARD)
    odd = {
        "sg_event_id": "e\x0001",
        "sg_message_id": "m\x0001.x",
        "status": "5.1.1\x00",
    }

    [event] = heard(teller, teller.tell_this([{**item, **odd}])).events

    assert (event.event_id, event.provider_id, event.status) == ("e01", "m01", "5.1.1")


def test_a_key_that_can_be_guessed_is_refused_by_name() -> None:
    for kind in ("brevo", "postmark", "mailgun"):
        for key in ("secret", "x" * 40):
            weak = ProviderSettings(name="p", kind=kind, options={"events_key": key})
            with pytest.raises(
                ConfigError, match=r"\[providers.p\] events_key: can be"
            ):
                registry.hearing(weak, get=TELLERS["ses"].get)


@pytest.mark.parametrize("kind", ["brevo", "mailgun", "postmark", "resend", "sendgrid"])
def test_the_token_is_no_key_of_events_and_is_not_shown(kind: str) -> None:
    key = TELLERS[kind].options["events_key"]
    same = {"token": key, "events_key": key}
    with pytest.raises(ConfigError, match="is the same as token") as at:
        registry.hearing(
            ProviderSettings(name="p", kind=kind, options=same), get=TELLERS["ses"].get
        )

    assert key not in str(at.value)


def test_a_key_of_resend_that_is_no_signing_secret_is_refused() -> None:
    bare = TELLERS["resend"].options["events_key"].removeprefix("whsec_")
    odd = ProviderSettings(name="p", kind="resend", options={"events_key": bare})
    with pytest.raises(ConfigError, match=r"begins with .whsec_"):
        registry.hearing(odd, get=TELLERS["ses"].get)


def test_a_topic_in_another_region_than_ses_is_refused_with_both_named() -> None:
    options = {"events_topic": TOPIC, "region": "eu-west-1"}
    odd = ProviderSettings(name="p", kind="ses", options=options)
    with pytest.raises(ConfigError, match="a topic in us-east-1, and SES in eu-west-1"):
        registry.hearing(odd, get=TELLERS["ses"].get)
    same = {**options, "region": "us-east-1"}
    near = ProviderSettings(name="p", kind="ses", options=same)
    assert registry.hearing(near, get=TELLERS["ses"].get)


@pytest.mark.parametrize("name", ["brevo", "postmark", "resend", "sendgrid"])
def test_what_is_theirs_for_certain_and_no_json_is_unread_and_not_forged(
    name: str,
) -> None:
    teller = TELLERS[name]

    assert teller.hearing().hear(teller.sign(b"<html>")) == Heard(events=(), unread=1)


@pytest.mark.parametrize(
    ("kind", "option", "says"),
    [
        ("ses", "events_key", "is known by its events_topic; write events_topic"),
        ("postmark", "events_topic", "is known by its events_key; write events_key"),
        ("smtp", "events_key", "tells nothing; take events_key out"),
        ("outbox", "events_topic", "tells nothing; take events_topic out"),
    ],
)
def test_a_key_of_another_kind_of_provider_is_refused_and_not_shown(
    kind: str, option: str, says: str
) -> None:
    odd = ProviderSettings(name="p", kind=kind, options={option: "sesame" * 4})
    with pytest.raises(ConfigError, match=rf"\[providers.p\] {option}: .*{says}") as at:
        registry.hearing(odd, get=TELLERS["ses"].get)

    assert "sesame" not in str(at.value)


def test_a_topic_that_is_none_of_amazons_is_refused_with_an_example() -> None:
    for topic in (
        "mailer",
        "https://sns.us-east-1.amazonaws.com/1/mail",
        TOPIC + "\n.",
    ):
        odd = ProviderSettings(name="p", kind="ses", options={"events_topic": topic})
        with pytest.raises(ConfigError, match="arn:aws:sns:REGION"):
            registry.hearing(odd, get=TELLERS["ses"].get)


def test_a_provider_without_a_key_is_not_heard() -> None:
    for kind in TELLERS:
        bare = ProviderSettings(name="p", kind=kind, options={})
        assert registry.hearing(bare, get=TELLERS["ses"].get) is None


# --- Amazon's handshake


def test_amazon_is_asked_for_its_certificate_once() -> None:
    teller = replace(TELLERS["ses"], asked=[])
    hearing = teller.hearing()
    for _ in range(3):
        assert isinstance(hearing.hear(teller.tell(EventKind.HARD)), Heard)

    assert teller.asked == [CERTIFICATE]


@pytest.mark.parametrize(
    "address",
    [
        "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/x.pem",
        "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "https://169.254.169.254/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/x.html",
        "https://sns.s3.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.s3-us-west-2.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/?Action=GetEndpointAttributes&x=.pem",
        "https://sns.us-east-1.amazonaws.com/x/../SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem?a=.pem",
        "https://sns.us-east-1.amazonaws.com\n/SimpleNotificationService-1.pem",
        "https://[",
        "",
    ],
)
def test_nobody_but_amazon_is_asked_for_a_certificate(address: str) -> None:
    teller = replace(TELLERS["ses"], asked=[])
    request = teller.tell_this(sns("Notification", signing=address, Message="{}"))

    assert isinstance(teller.hearing().hear(request), Forged)
    assert teller.asked == []


def test_a_subscription_of_our_topic_is_confirmed_at_amazon_alone() -> None:
    teller = TELLERS["ses"]
    for address, confirm in (
        ("https://sns.us-east-1.amazonaws.com/?Token=x", True),
        ("https://evil.example/?Token=x", False),
        ("http://169.254.169.254/latest/meta-data/", False),
        ("https://sns.s3.amazonaws.com/?Token=x", False),
    ):
        request = teller.tell_this(
            sns(
                "SubscriptionConfirmation",
                Message="hello",
                SubscribeURL=address,
                Token="x",
            )
        )
        found = heard(teller, request)
        assert found.confirm == (address if confirm else None)


def test_another_topic_is_not_heard() -> None:
    teller = TELLERS["ses"]
    hearing = teller.hearing(events_topic="arn:aws:sns:us-east-1:1:other")

    assert isinstance(hearing.hear(teller.tell(EventKind.HARD)), Forged)


def test_a_certificate_that_cannot_be_fetched_now_is_no_forgery() -> None:
    """SNS gives up for good on what is refused; it tells again what is not taken."""
    teller = TELLERS["ses"]
    request = teller.tell(EventKind.HARD)
    gone: list[Answer | NotSent] = [
        NotSent(detail="no route"),
        Answer(status=503, headers={}, body=b""),
    ]
    hearing = SesEvents(TOPIC, lambda url: gone.pop(0) if gone else teller.get(url))

    for _ in range(2):
        found = hearing.hear(request)
        assert isinstance(found, Forged)
        assert found.later
    assert isinstance(hearing.hear(request), Heard)
