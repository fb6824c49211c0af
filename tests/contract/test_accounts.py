"""What providers say about our account, from answers in the shape they document."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from mailer.adapters import accounts
from mailer.adapters.http import Http
from mailer.adapters.visiting import Visitor
from mailer.config import ProviderSettings
from mailer.core.diagnosis import Entry, Finding, Severity
from mailer.ports import Report
from tests.contract.keepers import signed
from tests.contract.providers import ses_server
from tests.contract.providers.api_server import ApiServer, Request, Say, running

D = "news.coalition.org"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HERE = "https://mail.coalition.org/events/main"
OK, NOTE, WARN, FAIL = Severity.OK, Severity.NOTE, Severity.WARN, Severity.FAIL
TOKEN = "sesame-4711"

SERVER = {"Name": "Coalition", "DeliveryType": "Live", "TrackOpens": False,
          "TrackLinks": "None"}  # fmt: skip
STREAM = {
    "ID": "broadcast",
    "MessageStreamType": "Broadcasts",
    "SubscriptionManagementConfiguration": {"UnsubscribeHandlingType": "Custom"},
}
RESEND = {
    "id": "d-1",
    "name": D,
    "status": "verified",
    "open_tracking": False,
    "click_tracking": False,
    "records": [
        {"record": "SPF", "name": "send.news", "type": "MX", "priority": 10,
         "value": "feedback-smtp.us-east-1.amazonses.com"},
        {"record": "DKIM", "name": "resend._domainkey.news", "type": "TXT",
         "value": "p=MIGf"},
    ],
}  # fmt: skip
MAILGUN = {
    "domain": {"name": D, "state": "active", "type": "custom", "is_disabled": False},
    "sending_dns_records": [
        {"record_type": "TXT", "name": f"pic._domainkey.{D}", "value": "k=rsa; p=MIGf",
         "valid": "unknown"},
        {"record_type": "CNAME", "name": f"email.{D}", "value": "mailgun.org"},
    ],
}  # fmt: skip
TRACKING = {
    "tracking": {
        "open": {"active": False},
        "click": {"active": False},
        "unsubscribe": {"active": False},
    }
}


BREVO = {"email": "a@coalition.org", "plan": [{"type": "free", "credits": 300,
         "creditsType": "sendLimit"}]}  # fmt: skip
SENDGRID = [
    {"domain": "coalition.org", "valid": True, "dns": {
        "mail_cname": {"type": "cname", "host": "em1.coalition.org", "data": "u1.wl.net"},
        "dkim1": {"type": "cname", "host": "s1._domainkey.coalition.org",
                  "data": "s1.domainkey.u1.wl.net"}}},
]  # fmt: skip
SES = {
    "ProductionAccessEnabled": True,
    "SendingEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "SendQuota": {
        "Max24HourSend": 50000.0,
        "MaxSendRate": 14.0,
        "SentLast24Hours": 1.0,
    },
}
IDENTITY = {
    "VerifiedForSendingStatus": True,
    "DkimAttributes": {"SigningEnabled": True, "Status": "SUCCESS", "Tokens": ["t1", "t2"],
                       "SigningAttributesOrigin": "AWS_SES"},
}  # fmt: skip


@dataclass
class Documented:
    """Answers each path with its JSON, to whoever has the token."""

    pages: Mapping[str, Any]
    methods: set[str] = field(default_factory=set)

    def turn_away(self, request: Request) -> Say | None:
        self.methods.add(request.method)
        credentials = " ".join(request.headers.values())
        if "AWS4-HMAC-SHA256" in credentials:
            right = signed(request) in credentials
            refusal = ses_server.failed(403, "UnrecognizedClientException", "bad key")
            return None if right else refusal
        if TOKEN in credentials or "YXBpOnNlc2FtZS00NzEx" in credentials:
            return None
        return Say(401, b'{"message":"Invalid key for you@example.org"}')

    def answer(self, request: Request, *, take: bool) -> Say:
        assert take
        page = self.pages.get(request.path)
        if page is None:
            return Say(404, b'{"message":"Not found"}')
        return Say(200, json.dumps(page).encode())


POSTMARK_PAGES = {"/server": SERVER, "/message-streams/broadcast": STREAM}
RESEND_PAGES = {
    "/domains": {"data": [{"id": "d-1", "name": D}]},
    "/domains/d-1": RESEND,
}
MAILGUN_PAGES = {
    f"/v4/domains/{D}": MAILGUN,
    f"/v3/domains/{D}/tracking": TRACKING,
}
BREVO_PAGES = {
    "/v3/account": BREVO,
    f"/v3/senders/domains/{D}": {"domain": D, "verified": True, "authenticated": True},
}
SENDGRID_PAGES = {
    "/v3/scopes": {"scopes": ["mail.send", "whitelabel.read"]},
    "/v3/whitelabel/domains": SENDGRID,
}
SES_PAGES = {
    "/v2/email/account": SES,
    "/v2/email/identities/coalition.org": IDENTITY,
}
ALL = [
    ("brevo", BREVO_PAGES),
    ("sendgrid", SENDGRID_PAGES),
    ("ses", SES_PAGES),
    ("postmark", POSTMARK_PAGES),
    ("resend", RESEND_PAGES),
    ("mailgun", MAILGUN_PAGES),
]


@contextmanager
def provider(pages: Mapping[str, Any]) -> Iterator[tuple[ApiServer, Documented]]:
    vendor = Documented(pages)
    with running(vendor) as api:
        yield api, vendor


def asked(kind: str, api: ApiServer, *, token: str = TOKEN) -> Report:
    settings = ProviderSettings(
        name="main",
        kind=kind,
        options=options(api, token),
    )
    account = accounts.of(settings, clock=lambda: NOW)
    assert account
    http = Http(connect_timeout=5, read_timeout=5, longest=10)
    report = account.ask(Visitor(http), D)
    http.close()
    return report


def options(api: ApiServer, token: str = TOKEN, **more: Any) -> dict[str, Any]:
    return {
        "token": token,
        "base_url": f"{api.url}/",
        "domain": D,
        "region": ses_server.REGION,
        "access_key": ses_server.ACCESS_KEY,
        "secret_key": ses_server.SECRET_KEY if token == TOKEN else token,
        "configuration_set": "mail",
        **more,
    }


def report(kind: str, pages: Mapping[str, Any]) -> Report:
    with provider(pages) as (api, _):
        return asked(kind, api)


def worst(report: Report) -> Finding:
    order = list(Severity)
    asked = [finding for finding in report.findings if finding.asked]
    return min(asked, key=lambda finding: order.index(finding.severity))


def changed(value: Mapping[str, Any], **keys: Any) -> dict[str, Any]:
    return {**value, **keys}


@pytest.mark.parametrize(("kind", "pages"), ALL)
def test_an_account_in_order_is_told_so_and_only_read(
    kind: str, pages: Mapping[str, Any]
) -> None:
    with provider(pages) as (api, vendor):
        found = asked(kind, api)

    assert worst(found).severity is OK
    assert vendor.methods == {"GET"}


@pytest.mark.parametrize(("kind", "pages"), ALL)
def test_a_key_that_is_not_accepted_is_told_without_it(
    kind: str, pages: Mapping[str, Any]
) -> None:
    with provider(pages) as (api, _):
        found = asked(kind, api, token="wrong-1234")

    (finding,) = found.findings
    assert finding.severity in {WARN, FAIL}
    assert "key" in finding.message
    assert "wrong-1234" not in str(finding)
    assert "you@example.org" not in str(finding)


@pytest.mark.parametrize(("kind", "pages"), ALL)
@pytest.mark.parametrize(
    "script", [Say(500, b"oops"), Say(200, b"<html>"), Say(200, b"[1]"), Say(429)]
)
def test_an_answer_that_says_nothing_is_no_verdict(
    kind: str, pages: Mapping[str, Any], script: Say
) -> None:
    with provider(pages) as (api, _):
        api.script = Say(script.status, script.body, takes=True)
        found = asked(kind, api)

    assert all(not finding.asked for finding in found.findings)
    assert all(finding.severity is NOTE for finding in found.findings)


def test_the_smtp_server_and_the_outbox_have_no_account_to_ask() -> None:
    for kind in ("smtp", "outbox"):
        settings = ProviderSettings(name="main", kind=kind)
        assert accounts.of(settings, clock=lambda: NOW) is None


@pytest.mark.parametrize(
    ("server", "stream", "severity", "words"),
    [
        ({"DeliveryType": "Sandbox"}, {}, FAIL, "sandbox"),
        ({"TrackOpens": True}, {}, NOTE, "tracked"),
        ({"TrackLinks": "HtmlAndText"}, {}, NOTE, "tracked"),
        ({}, {"MessageStreamType": "Transactional"}, WARN, "Transactional"),
        (
            {},
            {
                "SubscriptionManagementConfiguration": {
                    "UnsubscribeHandlingType": "Postmark"
                }
            },
            WARN,
            "unsubscribe",
        ),
    ],
)
def test_a_postmark_server_that_is_set_otherwise_is_told(
    server: dict[str, Any], stream: dict[str, Any], severity: Severity, words: str
) -> None:
    found = report(
        "postmark",
        {
            "/server": changed(SERVER, **server),
            "/message-streams/broadcast": changed(STREAM, **stream),
        },
    )

    assert worst(found).severity is severity
    assert words in worst(found).message


def test_a_domain_that_resend_has_not_verified_is_told() -> None:
    pages = changed(RESEND_PAGES, **{"/domains/d-1": changed(RESEND, status="pending")})

    assert worst(report("resend", pages)).severity is FAIL


def test_tracking_at_resend_fails_because_no_call_can_undo_it() -> None:
    page = changed(RESEND, click_tracking=True)
    found = report("resend", changed(RESEND_PAGES, **{"/domains/d-1": page}))

    assert worst(found).severity is FAIL
    assert "clicks" in worst(found).message


def test_a_domain_that_resend_does_not_know_is_told() -> None:
    found = report("resend", {"/domains": {"data": [{"id": "d-2", "name": "x.org"}]}})

    assert worst(found).severity is FAIL


def test_a_key_of_resend_that_may_only_send_is_no_fault() -> None:
    body = {"statusCode": 401, "name": "restricted_api_key", "message": "Restricted"}
    with provider(RESEND_PAGES) as (api, _):
        api.script = Say(401, json.dumps(body).encode())
        (found,) = asked("resend", api).findings

    assert (found.severity, found.asked) == (NOTE, False)


def test_the_records_of_resend_are_written_out_in_full() -> None:
    assert report("resend", RESEND_PAGES).entries == (
        Entry(
            name=f"send.{D}",
            kind="MX",
            value="10 feedback-smtp.us-east-1.amazonses.com",
        ),
        Entry(name=f"resend._domainkey.{D}", kind="TXT", value="p=MIGf"),
    )


@pytest.mark.parametrize(
    ("domain", "severity"),
    [
        ({"state": "unverified"}, FAIL),
        ({"state": "disabled"}, FAIL),
        ({"is_disabled": True}, FAIL),
        ({"type": "sandbox"}, FAIL),
    ],
)
def test_a_mailgun_domain_that_mails_nobody_is_told(
    domain: dict[str, Any], severity: Severity
) -> None:
    page = changed(MAILGUN, domain={**MAILGUN["domain"], **domain})  # type: ignore[dict-item]
    found = report("mailgun", changed(MAILGUN_PAGES, **{f"/v4/domains/{D}": page}))

    assert worst(found).severity is severity


def test_mailguns_own_unsubscribing_is_told() -> None:
    tracking = {"tracking": {**TRACKING["tracking"], "unsubscribe": {"active": True}}}
    pages = changed(MAILGUN_PAGES, **{f"/v3/domains/{D}/tracking": tracking})

    found = report("mailgun", pages)

    assert worst(found).severity is WARN


def test_a_domain_that_mailgun_does_not_know_may_be_in_the_other_region() -> None:
    found = report("mailgun", {})

    assert worst(found).severity is FAIL
    assert "api.eu.mailgun.net" in worst(found).remedy


def test_mailguns_keys_are_known_by_their_names() -> None:
    entries = report("mailgun", MAILGUN_PAGES).entries

    assert (
        Entry(name=f"pic._domainkey.{D}", kind="TXT", value="k=rsa; p=MIGf") in entries
    )


# --- Brevo, SendGrid, Amazon SES


@pytest.mark.parametrize(
    ("account", "domain", "severity", "words"),
    [
        ({"plan": [{"type": "free", "credits": 0, "creditsType": "sendLimit"}]}, {},
         WARN, "nothing is left"),
        ({}, {"authenticated": False}, FAIL, "not authenticated"),
    ],
)  # fmt: skip
def test_a_brevo_account_that_mails_nobody_is_told(
    account: dict[str, Any], domain: dict[str, Any], severity: Severity, words: str
) -> None:
    name = f"/v3/senders/domains/{D}"
    pages = {
        "/v3/account": changed(BREVO, **account),
        name: {"domain": D, "verified": True, "authenticated": True, **domain},
    }
    found = worst(report("brevo", pages))

    assert (found.severity, words in found.message) == (severity, True)


def test_a_domain_that_brevo_does_not_know_is_told() -> None:
    found = worst(report("brevo", {"/v3/account": BREVO}))

    assert found.severity is FAIL
    assert "does not know" in found.message


def test_a_key_of_sendgrid_that_may_not_send_is_told() -> None:
    pages = changed(SENDGRID_PAGES, **{"/v3/scopes": {"scopes": ["stats.read"]}})

    assert "may not send" in worst(report("sendgrid", pages)).message


@pytest.mark.parametrize("domains", [[], [{"domain": "coalition.org", "valid": False}]])
def test_a_domain_that_sendgrid_does_not_sign_for_is_told(
    domains: list[dict[str, Any]],
) -> None:
    pages = changed(SENDGRID_PAGES, **{"/v3/whitelabel/domains": domains})

    assert worst(report("sendgrid", pages)).severity is FAIL


def test_sendgrids_records_are_known() -> None:
    assert (
        Entry(
            name="s1._domainkey.coalition.org",
            kind="CNAME",
            value="s1.domainkey.u1.wl.net",
        )
        in report("sendgrid", SENDGRID_PAGES).entries
    )


@pytest.mark.parametrize(
    ("account", "identity", "severity", "words"),
    [
        ({"ProductionAccessEnabled": False}, {}, FAIL, "sandbox"),
        ({"SendingEnabled": False}, {}, FAIL, "paused"),
        ({"EnforcementStatus": "PROBATION"}, {}, WARN, "PROBATION"),
        ({"SendQuota": {"Max24HourSend": 200.0, "SentLast24Hours": 190.0}}, {}, WARN,
         "quota"),
        ({}, {"VerifiedForSendingStatus": False}, FAIL, "not verified"),
        ({}, {"DkimAttributes": {"SigningEnabled": False}}, WARN, "DKIM"),
    ],
)  # fmt: skip
def test_an_account_of_amazons_that_is_set_otherwise_is_told(
    account: dict[str, Any], identity: dict[str, Any], severity: Severity, words: str
) -> None:
    pages = {
        "/v2/email/account": changed(SES, **account),
        "/v2/email/identities/coalition.org": changed(IDENTITY, **identity),
    }
    found = worst(report("ses", pages))

    assert (found.severity, words in found.message) == (severity, True)


def test_a_domain_that_amazon_does_not_know_is_told_after_its_parents() -> None:
    found = worst(report("ses", {"/v2/email/account": SES}))

    assert found.severity is FAIL
    assert "region" in found.message


def test_amazons_three_keys_are_known_by_their_tokens() -> None:
    assert report("ses", SES_PAGES).entries == tuple(
        Entry(
            name=f"{token}._domainkey.coalition.org",
            kind="CNAME",
            value=f"{token}.dkim.amazonses.com",
        )
        for token in ("t1", "t2")
    )


def test_an_iam_user_who_may_only_send_is_no_fault() -> None:
    with provider(SES_PAGES) as (api, _):
        api.script = ses_server.failed(403, "AccessDeniedException", "not authorized")
        (found,) = asked("ses", api).findings

    assert (found.severity, found.asked) == (NOTE, False)
