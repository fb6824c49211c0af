"""Whether providers tell us what becomes of mail, by their answers as documented."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mailer.adapters import accounts
from mailer.adapters.http import Http
from mailer.adapters.visiting import Visitor
from mailer.config import Coalition, ProviderSettings, Sender, Settings
from mailer.core import customs
from mailer.core.diagnosis import Finding, Severity
from mailer.core.routes import Route
from mailer.pipeline.examine import everything, webhook
from mailer.ports import RecordKind, Unanswered
from tests.contract.providers.api_server import Say
from tests.contract.test_accounts import HERE, NOW, TOKEN, D, options, provider

BASE = HERE.removesuffix("/events/main")
TOPIC = "arn:aws:sns:eu-west-1:1:mail"
OK, NOTE, WARN, FAIL = Severity.OK, Severity.NOTE, Severity.WARN, Severity.FAIL
Write = Callable[..., Mapping[str, Any]]


def postmark(url: str, told: Sequence[str], *, enabled: bool = True) -> Any:
    del enabled
    names = (
        "Open",
        "Click",
        "Delivery",
        "Bounce",
        "SpamComplaint",
        "SubscriptionChange",
    )
    triggers = {name: {"Enabled": name in told} for name in names}
    return {"/webhooks": {"Webhooks": [{"Url": url, "Triggers": triggers}]}}


def mailgun(url: str, told: Sequence[str], *, enabled: bool = True) -> Any:
    del enabled
    hooks: dict[str, Any] = {name: {"urls": [url]} for name in told}
    return {f"/v3/domains/{D}/webhooks": {"webhooks": {**hooks, "accepted": None}}}


def resend(url: str, told: Sequence[str], *, enabled: bool = True) -> Any:
    status = "enabled" if enabled else "disabled"
    hook = {"id": "h", "endpoint": url, "events": list(told), "status": status}
    return {"/webhooks": {"object": "list", "has_more": False, "data": [hook]}}


def sendgrid(url: str, told: Sequence[str], *, enabled: bool = True) -> Any:
    hook = {"url": url, "enabled": enabled, **dict.fromkeys(told, True)}
    return {
        "/v3/user/webhooks/event/settings/all": {"max_allowed": 5, "webhooks": [hook]}
    }


def brevo(url: str, told: Sequence[str], *, enabled: bool = True) -> Any:
    del enabled
    hook = {"id": 1, "url": url, "events": list(told), "type": "transactional"}
    return {"/v3/webhooks": {"webhooks": [hook]}}


def ses(topic: str, told: Sequence[str], *, enabled: bool = True) -> Any:
    sns = {"TopicArn": TOPIC if topic == HERE else topic}
    hook = {
        "Name": "sns",
        "Enabled": enabled,
        "MatchingEventTypes": list(told),
        "SnsDestination": sns,
    }
    path = "/v2/email/configuration-sets/mail/event-destinations"
    return {path: {"EventDestinations": [hook, {"Name": "cw", "Enabled": True}]}}


NEEDED: Mapping[str, tuple[Write, Sequence[str], str]] = {
    "postmark": (
        postmark, ("Delivery", "Bounce", "SpamComplaint", "SubscriptionChange"), "Open",
    ),
    "mailgun": (
        mailgun,
        ("delivered", "permanent_fail", "temporary_fail", "complained", "unsubscribed"),
        "clicked",
    ),
    "resend": (
        resend,
        ("email.delivered", "email.delivery_delayed", "email.bounced",
         "email.complained", "email.suppressed"),
        "email.opened",
    ),
    "sendgrid": (
        sendgrid,
        ("delivered", "deferred", "bounce", "dropped", "spam_report", "unsubscribe"),
        "click",
    ),
    "brevo": (
        brevo,
        ("delivered", "deferred", "softBounce", "hardBounce", "blocked", "invalid",
         "spam", "unsubscribed"),
        "opened",
    ),
    "ses": (ses, ("SEND", "DELIVERY", "DELIVERY_DELAY", "BOUNCE", "COMPLAINT"), "OPEN"),
}  # fmt: skip


@pytest.fixture(params=sorted(NEEDED))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def examined(
    kind: str,
    pages: Mapping[str, Any],
    script: Say | None = None,
    **more: Any,
) -> Sequence[Finding]:
    listens = {"events_topic": TOPIC} if kind == "ses" else {"events_key": "k" * 20}
    with provider(pages) as (api, vendor):
        api.script = script
        settings = ProviderSettings(
            name="main",
            kind=kind,
            options=options(api, **{**listens, **more}),
        )
        ways = customs.of(kind)
        account = accounts.of(settings, clock=lambda: NOW)
        assert ways
        assert account
        http = Http(connect_timeout=5, read_timeout=5, longest=10)
        findings = webhook.examine(settings, ways, account, Visitor(http), BASE)
        http.close()
    assert vendor.methods <= {"GET"}
    assert all(f"{ways.vendor} webhook" == finding.about for finding in findings)
    return findings


def only(findings: Sequence[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_a_webhook_in_order_is_told_so(kind: str) -> None:
    write, told, _ = NEEDED[kind]

    assert only(examined(kind, write(HERE, told))).severity is OK


@pytest.mark.parametrize(
    "url",
    [
        "https://events:secret-4712@mail.coalition.org/events/main",
        "https://MAIL.coalition.org/events/main/",
    ],
)
def test_an_address_that_carries_the_key_is_ours_and_never_shown(url: str) -> None:
    write, told, _ = NEEDED["postmark"]
    finding = only(examined("postmark", write(url, told)))

    assert finding.severity is OK
    assert "secret-4712" not in str(finding)


@pytest.mark.parametrize(
    "url",
    [
        "https://mail.coalition.org/events/other",
        "http://mail.coalition.org/events/main",
        "https://old.coalition.org/events/main",
        "https://events:secret-4712@old.coalition.org/events/main",
        "https://[",
        "",
    ],
)
def test_a_webhook_that_leads_elsewhere_is_none(kind: str, url: str) -> None:
    write, told, _ = NEEDED[kind]
    finding = only(examined(kind, write(url or "-", told)))

    assert finding.severity is WARN
    assert (TOPIC if kind == "ses" else HERE) in finding.message
    assert (TOPIC if kind == "ses" else HERE) in finding.remedy
    assert "secret-4712" not in str(finding)


def test_each_event_that_is_not_told_is_named(kind: str) -> None:
    write, told, _ = NEEDED[kind]
    for name in told:
        rest = [other for other in told if other != name]
        finding = only(examined(kind, write(HERE, rest)))
        assert finding.severity is WARN
        assert finding.message.endswith(f"tell of {name}")


def test_opens_and_clicks_had_better_not_be_told(kind: str) -> None:
    write, told, tracking = NEEDED[kind]
    finding = only(examined(kind, write(HERE, [*told, tracking])))

    assert finding.severity is NOTE
    assert tracking in finding.message


@pytest.mark.parametrize("kind", ["resend", "sendgrid", "ses"])
def test_a_webhook_that_is_switched_off_is_told(kind: str) -> None:
    write, told, _ = NEEDED[kind]

    finding = only(examined(kind, write(HERE, told, enabled=False)))

    assert "switched off" in finding.message


def test_a_key_that_may_not_ask_is_no_verdict(kind: str) -> None:
    write, told, _ = NEEDED[kind]
    for status in (401, 403, 500, 429):
        finding = only(
            examined(kind, write(HERE, told), Say(status, b"{}", takes=True))
        )
        assert not finding.asked
        assert finding.severity is NOTE
        assert TOKEN not in str(finding)


def test_brevo_answers_404_where_there_is_none() -> None:
    assert only(examined("brevo", {})).severity is WARN


def test_amazon_tells_nothing_without_a_configuration_set() -> None:
    finding = only(examined("ses", {}, configuration_set=None))

    assert finding.severity is WARN
    assert "configuration_set" in finding.message


def test_a_configuration_set_that_is_not_there_refuses_all_mail() -> None:
    assert only(examined("ses", {})).severity is FAIL


def test_a_provider_whom_nobody_listens_to_is_told_without_asking(kind: str) -> None:
    ways = customs.of(kind)
    assert ways
    silent = ProviderSettings(name="main", kind=kind, options={})
    found = webhook.deaf(silent, ways, BASE)
    assert found
    assert only(found).severity is WARN
    assert f"{BASE}/events/main" in only(found).remedy
    if kind == "ses":  # an address alone helps nobody: Amazon tells a topic
        assert "subscribe to that topic by HTTPS" in only(found).remedy
        assert "arn:aws:sns:" in only(found).remedy

    option = "events_topic" if kind == "ses" else "events_key"
    given = {option: "x"} | ({"configuration_set": "mail"} if kind == "ses" else {})
    heard = ProviderSettings(name="main", kind=kind, options=given)
    assert webhook.deaf(heard, ways, BASE) is None


def test_a_topic_to_which_ses_publishes_nothing_is_told_without_asking() -> None:
    ways = customs.of("ses")
    assert ways
    options = {"events_topic": TOPIC, "region": "eu-west-1"}
    found = webhook.deaf(
        ProviderSettings(name="main", kind="ses", options=options), ways, BASE
    )
    assert found
    assert only(found).severity is WARN
    assert "no configuration_set" in only(found).message
    assert "configuration_set = " in only(found).remedy


@pytest.mark.parametrize(
    ("base_url", "key", "severity"),
    [
        (BASE, "k" * 20, OK),
        (BASE, None, WARN),
        ("http://127.0.0.1:8000", "k" * 20, NOTE),
    ],
)
def test_the_doctor_asks_each_provider_that_can_reach_us(
    tmp_path: Path, base_url: str, key: str | None, severity: Severity
) -> None:
    write, told, _ = NEEDED["resend"]
    with provider(write(HERE, told)) as (api, _):
        carrier = ProviderSettings(
            name="main",
            kind="resend",
            options=options(api, **({"events_key": key} if key else {})),
        )
        settings = Settings(
            folder=tmp_path,
            database="sqlite:///x.db",
            base_url=base_url,
            keys={1: b"k" * 32},
            coalition=Coalition(name="C"),
            sender=Sender(name="C", address=f"actions@{D}"),
            route=Route(shares={"main": 1}),
            providers={"main": carrier},
        )
        http = Http(connect_timeout=5, read_timeout=5, longest=10)
        web = Visitor(http)
        world = everything.World(
            names=Nobody(),
            web=web,
            carriers={
                "main": everything.Carrier(
                    settings=carrier,
                    account=accounts.of(carrier, clock=lambda: NOW),
                    web=web,
                )
            },
            now=lambda: NOW,
            token="t",
        )
        asked = [
            question
            for question in everything.questions(settings, {}, world)
            if question.told.about == "Resend webhook"
        ]
        (question,) = asked
        (finding,) = question.ask()
        http.close()

    assert finding.severity is severity
    assert question.far is (severity is OK)


class Nobody:
    """No nameserver answers."""

    def look(self, name: str, kind: RecordKind) -> Unanswered:
        return Unanswered(why=f"nobody was asked for {kind} of {name}")
