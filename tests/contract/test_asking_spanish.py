"""What pages, providers and mail servers answer, told in Spanish."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailer.adapters.accounts import smtp
from mailer.adapters.http import Http
from mailer.adapters.providers.smtp.opening import Security, Server
from mailer.adapters.visiting import Visitor
from mailer.config import ProviderSettings
from mailer.core import customs
from mailer.core.diagnosis import Finding
from mailer.pipeline.examine import clock, links, webhook
from tests.contract.providers import smtp_server
from tests.contract.spanish import in_spanish
from tests.contract.test_accounts import (
    ALL,
    BREVO,
    HERE,
    IDENTITY,
    MAILGUN,
    POSTMARK_PAGES,
    RESEND,
    SERVER,
    SES,
    STREAM,
    TRACKING,
    D,
    asked,
    changed,
    provider,
    report,
)
from tests.contract.test_examining_links import (
    UNUSED,
    free_port,
    nobodys,
    replies,
    told,
)
from tests.contract.test_examining_webhooks import BASE, NEEDED, examined
from tests.contract.test_trying_smtp import CA, TABLE, saying, tried
from tests.fakes.front import fronting
from tests.fakes.site import a_site, served


@contextmanager
def visiting() -> Iterator[Visitor]:
    http = Http(connect_timeout=5, read_timeout=5, longest=10)
    yield Visitor(http)
    http.close()


def test_what_is_found_at_our_own_pages_is_said_in_spanish() -> None:
    away = f"http://127.0.0.1:{free_port()}"
    found: list[Finding] = []
    with visiting() as web, served(a_site()) as site:
        token = nobodys(site)
        found += links.health(web, UNUSED, away)
        found += links.one_click(web, away, token)
        found += clock.examine(web, [away], lambda: datetime.now(UTC))
        with fronting(site.url) as url:
            found += links.health(web, UNUSED, url)
            found += links.one_click(web, url, token)
            for minutes in (-5, 0, 5):
                found.append(told(web, url, timedelta(minutes=minutes)))
        with fronting(site.url, tls=True) as url:
            found += links.health(web, UNUSED, url)
        with fronting(site.url, strip="cache-control") as url:
            found += links.one_click(web, url, token)
        with fronting(meddle=lambda _method, _path: (200, {}, b"Hello")) as url:
            found += links.health(web, UNUSED, url)
        for status in (301, 403, 404):
            with fronting(site.url, meddle=replies(status, Location="/")) as url:
                found += links.one_click(web, url, token)
    said = in_spanish(found)

    assert "baja con un clic" in said
    assert any("nadie responde en" in each for each in said)


@pytest.mark.parametrize("kind", sorted(NEEDED))
def test_what_is_found_about_webhooks_is_said_in_spanish(kind: str) -> None:
    write, events, tracking = NEEDED[kind]
    ways = customs.of(kind)
    assert ways
    found = [
        *examined(kind, write(HERE, events)),
        *examined(kind, write(HERE, [*events[1:], tracking])),
        *examined(kind, write(HERE, events, enabled=False)),
        *examined(kind, write("https://old.example/", events)),
        *examined(kind, {}),
    ]
    for options in ({}, {"events_topic": "arn:x"}):
        silent = ProviderSettings(name="main", kind=kind, options=options)
        found += webhook.deaf(silent, ways, BASE) or ()
    in_spanish(found)


def test_what_providers_say_of_an_account_is_said_in_spanish() -> None:
    known: dict[str, Any] = dict(ALL)
    found = [
        each for kind, pages in known.items() for each in report(kind, pages).findings
    ]
    found += [each for kind in known for each in report(kind, {}).findings]
    for kind, pages in known.items():
        with provider(pages) as (api, _):
            found += asked(kind, api, token="another").findings
    amiss: Mapping[str, Mapping[str, Any]] = {
        "postmark": {
            **POSTMARK_PAGES,
            "/server": changed(SERVER, DeliveryType="Sandbox", TrackOpens=True),
            "/message-streams/broadcast": changed(
                STREAM,
                MessageStreamType="Transactional",
                SubscriptionManagementConfiguration={
                    "UnsubscribeHandlingType": "Postmark"
                },
            ),
        },
        "resend": {
            "/domains": {"data": [{"id": "d-1", "name": D}]},
            "/domains/d-1": changed(
                RESEND, status="pending", open_tracking=True, click_tracking=True
            ),
        },
        "mailgun": {
            f"/v4/domains/{D}": changed(MAILGUN, domain={"state": "unverified"}),
            f"/v3/domains/{D}/tracking": {
                "tracking": {key: {"active": True} for key in TRACKING["tracking"]}
            },
        },
        "brevo": {
            "/v3/account": changed(
                BREVO, plan=[{"type": "free", "credits": 0, "creditsType": "sendLimit"}]
            )
        },
        "sendgrid": {"/v3/scopes": {}, "/v3/whitelabel/domains": []},
        "ses": {
            "/v2/email/account": changed(
                SES,
                ProductionAccessEnabled=False,
                SendingEnabled=False,
                EnforcementStatus="PROBATION",
                SendQuota={"Max24HourSend": 2e5, "SentLast24Hours": 199999.0},
            ),
            "/v2/email/identities/coalition.org": changed(IDENTITY, DkimAttributes={}),
        },
    }
    for kind, pages in amiss.items():
        found += report(kind, pages).findings
    said = in_spanish(found)

    assert any("200.000 mensajes al día" in each for each in said)
    assert "la clave no se acepta (401: " in "".join(said)


def test_what_a_mail_server_says_is_said_in_spanish_in_its_own_words() -> None:
    found = [tried(free_port()), tried(587, host="mail..example.org")]
    with smtp_server.running("starttls") as (_, port):
        found += [tried(port), tried(port, password="no"), tried(port, ca_file=None)]
        found.append(tried(port, Security.TLS))
    with smtp_server.running() as (_, port):
        found.append(tried(port))
        plain = Server(
            host="localhost", port=port, security=Security.NONE, ca_file=CA, timeout=2
        )
        found += smtp.examine(plain, TABLE)
    with saying(b"554 5.7.1 your network is listed\r\n") as port:
        found.append(tried(port))
    said = in_spanish(found)

    assert '<span lang="en">554 5.7.1 your network is listed</span>' in "".join(said)
