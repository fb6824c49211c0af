"""What doctor says of settings alone, and how it asks everybody at once."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailer.config import Coalition, ProviderSettings, Sender, Settings
from mailer.core.diagnosis import (
    About,
    Finding,
    Severity,
    Topic,
    grouped,
    softened,
    worst_first,
)
from mailer.core.errors import StoreError
from mailer.core.lists import MailingList, parse
from mailer.core.routes import Route
from mailer.pipeline.examine import written
from mailer.pipeline.examine.rounds import Question, ask_all

OK, NOTE, WARN, FAIL = Severity.OK, Severity.NOTE, Severity.WARN, Severity.FAIL
TOLD = About(Topic.DNS, "a question")


def settings(
    *,
    address: str = "actions@coalition.org",
    base_url: str = "https://mail.coalition.org",
    postal_address: str | None = "PO Box 1, San Diego, CA 92101",
    feedback_id: str | None = None,
) -> Settings:
    values: dict[str, Any] = {
        "folder": Path(),
        "database": "sqlite:///mailer.db",
        "keys": {1: bytes(32)},
        "route": Route(shares={"main": 1}),
        "providers": {"main": ProviderSettings(name="main", kind="smtp")},
    }
    return Settings(
        **values,
        base_url=base_url,
        coalition=Coalition(name="Coalition", postal_address=postal_address),
        sender=Sender(name="Coalition", address=address, feedback_id=feedback_id),
    )


def weekly(**keys: Any) -> dict[str, MailingList]:
    return {"weekly": parse({"title": "Weekly", **keys}, file="w.toml", slug="weekly")}


def severities(found: Settings) -> dict[str, Severity]:
    return {each.about: each.severity for each in written.examine(found, weekly())}


def test_complete_settings_have_nothing_to_be_mended() -> None:
    assert set(severities(settings()).values()) == {OK}


def test_nothing_is_sent_without_a_postal_address() -> None:
    assert severities(settings(postal_address=None))["postal address"] is FAIL


@pytest.mark.parametrize(
    "base_url",
    [
        "http://mail.coalition.org",
        "https://127.0.0.1:8000",
        "https://localhost",
        "https://[::1]",
        "https://10.1.2.3",
        "https://mailhost",
        "https://mail.example.org",
        "https://mail.local",
    ],
)
def test_links_that_mail_programs_cannot_use_fail(base_url: str) -> None:
    assert severities(settings(base_url=base_url))["base_url"] is FAIL


@pytest.mark.parametrize(
    "domain", ["gmail.com", "yahoo.com", "example.org", "news.example.org", "us.test"]
)
def test_a_sender_whose_domain_is_not_ones_own_fails(domain: str) -> None:
    found = severities(settings(address=f"actions@{domain}"))

    assert found[f"sender {domain}"] is FAIL


@pytest.mark.parametrize("feedback_id", ["abc", "a" * 16, "camps:x"])
def test_a_feedback_id_that_gmail_does_not_count_by_is_noted(feedback_id: str) -> None:
    assert severities(settings(feedback_id=feedback_id))["feedback_id"] is NOTE


def test_lists_that_reach_nobody_are_noted() -> None:
    lists: Any = {"weekly": None, "urgent": None}

    weekly, urgent = written.subscribers(lists, {"weekly": 1200})

    assert (weekly.severity, weekly.message) == (OK, "1,200 get it")
    assert urgent.severity is NOTE


# --- asking


def silent(seconds: threading.Event) -> Sequence[Finding]:
    seconds.wait(30)
    return [TOLD.ok("too late")]


def test_all_are_asked_at_once_and_the_slow_are_left_behind() -> None:
    over = threading.Event()
    questions = [Question(TOLD, lambda: silent(over)) for _ in range(20)]
    began = time.monotonic()

    found = ask_all([*questions, Question(TOLD, lambda: [TOLD.ok("1")])], seconds=0.5)

    assert time.monotonic() - began < 5
    over.set()
    assert [finding.severity for finding in found] == [NOTE] * 20 + [OK]
    assert all("no answer within 0.5 seconds" in each.message for each in found[:20])


def test_an_error_with_a_way_out_is_a_finding() -> None:
    def ask() -> Sequence[Finding]:
        raise StoreError("database: mailer.db: disk I/O error")

    (found,) = ask_all([Question(TOLD, ask)], seconds=5)

    assert (found.severity, "disk I/O error" in found.message) == (FAIL, True)


def test_a_mistake_of_ours_is_not_hidden() -> None:
    def ask() -> Sequence[Finding]:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        ask_all([Question(TOLD, ask)], seconds=5)


# --- findings


def test_the_worst_comes_first_and_so_does_its_topic() -> None:
    links = About(Topic.LINKS, "pages")
    findings = [TOLD.ok("1"), TOLD.note("2"), links.fail("3"), links.ok("4")]

    assert [each.message for each in worst_first(findings)] == ["3", "2", "1", "4"]
    assert [topic for topic, _ in grouped(findings)] == [Topic.LINKS, Topic.DNS]


def test_before_anything_is_sent_only_the_database_can_fail() -> None:
    database = About(Topic.DATABASE, "schema")

    found = softened([TOLD.fail("1"), database.fail("2"), TOLD.note("3")])

    assert [each.severity for each in found] == [WARN, FAIL, NOTE]


def test_each_domain_is_examined_with_every_provider_that_carries_it() -> None:
    lists = {
        **weekly(),
        "news": parse(
            {
                "title": "News",
                "sender": {"address": "news@chapter.org"},
                "provider": "spare",
                "fallback": "main",
            },
            file="news.toml",
            slug="news",
        ),
    }
    spare = ProviderSettings(name="spare", kind="resend")
    found = settings()

    carried = written.carried(
        replace(found, providers={**found.providers, "spare": spare}), lists
    )

    assert carried == {"coalition.org": ["main"], "chapter.org": ["spare", "main"]}


@pytest.mark.parametrize(
    ("domain", "why"),
    [
        ("example.org", "a name for examples"),
        ("news.example.com", "a name for examples"),
        ("mail.test", "a name for tests"),
        ("box.local", "one local network"),
        ("mail.internal", "private networks"),
        ("here.invalid", "never exists"),
    ],
)
def test_a_reserved_name_is_called_what_it_is(domain: str, why: str) -> None:
    found = written.examine(
        settings(address=f"a@{domain}", base_url=f"https://{domain}"), weekly()
    )
    told = {each.about: each.message for each in found}

    assert why in told[f"sender {domain}"]
    assert why in told["base_url"]


def test_an_outbox_that_sends_is_told() -> None:
    table = ProviderSettings(name="outbox", kind="smtp")
    found = replace(settings(), providers={"main": table, "outbox": table})

    assert severities(found)["[providers.outbox]"] is WARN
