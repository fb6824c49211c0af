"""The audit log as people read it: by name, in their language, no more than they may."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert

from mailer.adapters.database.schema import audit
from mailer.core.audience import FOREVER
from mailer.core.automation import Scope
from mailer.core.roles import Role
from mailer.core.saying import Saying
from mailer.web.console import besides, deeds
from tests.e2e.callers import Callers, furnish
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import Browser, House, words
from tests.e2e.test_console_policy import a_request

ADA, AUDIE, MO = "ada@union.example", "audie@union.example", "mo@union.example"
EVA = "eva@barrio.example"
_ROW = re.compile(r"<tr><th scope=\"row\".*?</tr>", re.DOTALL)


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("audit"))
    furnish(shell)
    with House(shell.folder).open() as house:
        yield house


@pytest.fixture
def callers(house: House) -> Callers:
    callers = Callers.of(house)
    house.person(ADA, [Role.ADMIN], codes=True)
    house.person(AUDIE, [Role.AUDITOR])
    house.person(MO, [Role.MODERATOR, Role.AUDITOR])
    return callers


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    told: list[str] = []

    def note(*arguments: Any) -> None:
        told.append(arguments[2])

    event.listen(house.project.database.engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        event.remove(house.project.database.engine, "before_cursor_execute", note)


def rows(browser: Browser, language: str = "en") -> list[str]:
    page = browser.get(f"/console/audit?lang={language}")
    assert page.status_code == 200
    return [html.unescape(each) for each in _ROW.findall(page.text)]


def told(row: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", row).split())


def newest(browser: Browser, language: str = "en") -> str:
    return told(rows(browser, language)[0])


def subscriber(house: House) -> int:
    found = house.project.console.readership.find(EVA)
    assert found is not None
    return found


def test_organizations_are_told_by_name_and_lead_to_their_page(
    callers: Callers,
) -> None:
    house, by = callers.house, callers.house.account(MO).actor
    register = house.project.console.register
    number = register.number("AFT 1931")
    assert number is not None
    register.add_alias(number, "AFT Local 1931", by=by, at=house.now)
    mo, audie = house.signed_in(MO), house.signed_in(AUDIE)

    said = "Mo added a name AFT 1931 name: AFT Local 1931"
    assert said in newest(mo)
    assert said in newest(audie)
    assert "Mo añadió un nombre AFT 1931 nombre: AFT Local 1931" in newest(mo, "es")
    assert f'href="/console/organizations/{number}"' in rows(mo)[0]
    assert "href" not in rows(audie)[0]  # they may not open it
    register.remove_alias(number, "AFT Local 1931", by=by, at=house.now)


def test_subscribers_and_requests_are_named_to_whoever_may_open_them(
    callers: Callers,
) -> None:
    house, by = callers.house, callers.house.account(MO).actor
    eva, request = subscriber(house), a_request(house)
    house.project.console.readership.look(eva, by=by, at=house.now)
    house.project.requests.settle(
        request, accepted=False, by=by, at=house.now, reason="Not now."
    )
    mo, audie = house.signed_in(MO), house.signed_in(AUDIE)

    declined, looked = rows(mo)[:2]
    assert "Mo declined it Border Angels kind: To endorse the call" in told(declined)
    assert f'href="/console/requests/{request}"' in declined
    assert "Mo looked at the address e…@barrio.example" in told(looked)
    assert f'href="/console/subscribers/{eva}"' in looked
    declined, looked = rows(audie)[:2]
    assert f"Mo declined it request {request} kind" in told(declined)
    assert f"Mo looked at the address subscriber {eva}" in told(looked)
    assert "href" not in declined + looked
    declined, looked = rows(audie, "es")[:2]
    assert f"la rechazó solicitud {request} tipo: Adherirse" in told(declined)
    assert f"Mo miró la dirección persona {eva}" in told(looked)


def test_accounts_tokens_lists_and_addresses_are_told_in_words(
    callers: Callers,
) -> None:
    house, console = callers.house, callers.house.project.console
    ada = house.account(ADA).actor
    rosa = house.account("rosa@union.example")
    console.accounts.give(rosa, [Role.AUTHOR, Role.AUDITOR], by=ada, at=house.now)
    token, _ = console.api_tokens.make(
        rosa.number,
        name="My phone",
        scopes=[Scope.READ],
        strong=False,
        until=house.now + timedelta(days=9),
        by=rosa.actor,
        at=house.now,
    )
    console.records.note(
        at=house.now,
        actor=rosa.actor,
        verb="use token",
        thing=f"token {token.number}",
        detail={"method": "GET", "path": "/api/v1/mailings"},
    )
    number, urgent = next(
        (number, one)
        for number, one in house.project.numbered().items()
        if one.slug == "urgent"
    )
    list(console.readership.export(number, by=ada, at=house.now))
    house.project.people.suppress(
        ["nobody@there.example"], reason="manual", at=house.now, by=ada, why="A call."
    )
    browser = house.signed_in(ADA)

    english = [told(each) for each in rows(browser)[:5]]
    spanish = [told(each) for each in rows(browser, "es")[:5]]

    for row, said in zip(
        english,
        (
            "let nobody mail them addresses reason: they or a person of ours said so; added: 1",
            f"took its addresses as a table {urgent.title('en')}",
            "used it token “My phone” method: GET; path: /api/v1/mailings",
            "made a token Rosa its token: token “My phone”; it may: Read urgent calls",
            "gave them other roles Rosa before: Author; roles: Author, Auditor",
        ),
        strict=True,
    ):
        assert said in row
    assert "las bloqueó direcciones motivo: lo dijo esa persona o" in spanish[0]
    assert f"descargó sus direcciones como tabla {urgent.title('es')}" in spanish[1]
    assert "la usó clave «My phone»" in spanish[2]
    assert "puede: Leer llamados urgentes" in spanish[3]
    assert "le dio otras funciones Rosa antes: Redacción" in spanish[4]
    page = rows(browser)[4]
    assert f'href="/console/accounts/{rosa.public_id}"' in page


def test_a_whole_story_is_told_without_a_word_of_the_machine(callers: Callers) -> None:
    callers.approved()
    callers.work()
    house = callers.house
    house.project.instance.stop(
        reason="something is wrong with what is sent", actor="cli", at=house.now
    )
    house.project.instance.start(actor="cli", at=house.now)
    auditor = house.signed_in(AUDIE)

    records = house.project.console.records.latest(most=100)
    english, spanish = rows(auditor), rows(auditor, "es")

    assert len(records) == len(english) == len(spanish) > 10
    for record, row, otra in zip(records, english, spanish, strict=True):
        said = deeds.did(record)
        assert isinstance(said, Saying), record
        assert said in told(row)
        assert said not in told(otra), record
        for part in besides.parts(record):
            assert isinstance(part.words, Saying), record
            assert f"{part.words}" in told(row)
        assert record.thing not in told(otra), record
    assert "Somebody at the shell stopped it all sending reason:" in told(english[1])
    assert (
        "Alguien en la terminal los detuvo todos los envíos motivo: Algo está mal"
        in (told(spanish[1]))
    )


def test_a_verb_of_another_version_is_shown_as_it_was_recorded(
    callers: Callers,
) -> None:
    house = callers.house
    house.project.console.records.note(
        at=house.now,
        actor="cli",
        verb="levitate",
        thing="spaceship 7",
        detail={"height": "<b>9</b>"},
    )

    said = words(house.signed_in(AUDIE).get("/console/audit?lang=es"))
    assert "Alguien en la terminal levitate spaceship 7 height: <b>9</b>" in said


def test_a_long_log_asks_no_more_often_than_a_short_one(callers: Callers) -> None:
    house, note = callers.house, callers.house.project.console.records.note
    callers.write()
    register = house.project.console.register
    number = register.number("AFT 1931")
    request = a_request(house)
    things = [
        f"blast {callers.name}",
        f"organization {number}",
        f"subscriber {subscriber(house)}",
        f"request {request}",
        "mailing 1",
        "token 1",
        "action nothing",
    ]

    def log(times: int) -> None:
        for each in range(times):
            for thing in things:
                kind, _, name = thing.partition(" ")
                other = f"{kind} {number}{each}" if name.isdigit() and each else thing
                note(at=house.now, actor="cli", verb="stop", thing=other)

    mo = house.signed_in(MO)
    log(1)
    mo.get("/console/audit")
    with statements(house) as few:
        assert len(rows(mo)) >= len(things)
    log(12)
    with statements(house) as many:
        assert len(rows(mo)) > 12 * len(things)

    assert len(many) == len(few)


_SLY = "<script>alert(1)</script>{{7*7}}%(x)s%s%"
_LONG = "9" * 4000
_STRANGE: list[tuple[str, str, Any]] = [
    ("", "", {}),
    ("blast", "edit", {}),
    ("blast urgent/nothing", "a verb to come", {}),
    ("a kind to come 7", "edit", {"mailing": 7, "people": 0}),
    (f"blast {_SLY}", _SLY, {"reason": _SLY, _SLY: _SLY}),
    (f"actions from {_SLY}", "import", {}),
    ("account nobody", "invite", {}),
    (f"mailing {_LONG[:40]}", "paused", {"mailing": int(_LONG)}),
    ("mailing -1", "paused", {"mailing": -5, "token": 1e99, "organization": True}),
    ("request ²", "accept", {"subscriber": [1], "organization": 2**63}),
    ("mailing a/b/c", "paused", {"reason": {"a": ["b", {"c": 1}]}}),
    ("mailing 1", "paused", {"acknowledged": [f"{_SLY} (x)", 5, None, {"a": 1}]}),
    ("mailing 1", "paused", {"language": _SLY, "kind": [None], "roles": {"a": 1}}),
    ("mailing 1", "paused", {"language": 5, "until": 5, "since": "2026-13-45"}),
    ("mailing 1", "paused", {"until": "0001-01-01T00:00:00+00:00"}),
    ("mailing 1", "paused", {"since": "9999-12-31T23:59:59+00:00"}),
    ("blast urgent/x", "launch", {"change": f"approved 1, sending {_LONG}"}),
    ("blast urgent/x", "launch", {"change": f"approved 1, sending 2: {_LONG} left"}),
    ("blast urgent/x", "launch", {"change": f"approved ,, sending 2: 1 {_SLY}"}),
    ("blast urgent/../../x", "edit", {"change": ["approved 1, sending 2: 3 left"]}),
    ("action ../x", "edit", ["no", "object"]),
    ("subscription to list 99", "granted", {"reason": "\u202egnihtyna"}),
    ("clock", "put back", {"seconds": 3600}),
]


def test_whatever_a_record_says_the_log_is_read(callers: Callers) -> None:
    house = callers.house
    ada, audie = house.signed_in(ADA), house.signed_in(AUDIE)
    for thing, verb, detail in _STRANGE:
        with house.project.database.writing() as connection:
            connection.execute(
                insert(audit).values(
                    happened_at=house.now,
                    actor=_SLY,
                    verb=verb[:40],
                    object=thing[:200],
                    detail=detail,
                )
            )
        for browser in (ada, audie):
            for language in ("en", "es"):
                page = browser.get(f"/console/audit?lang={language}")
                assert page.status_code == 200, (thing, detail)
                assert "<script>alert" not in page.text
                first = _ROW.findall(page.text)[0]
                assert "{{7*7}}%(x)s%s%" in html.unescape(first)
    assert "saw that it was put back the clock of the database" in newest(ada)
    assert "segundos: 3600" in newest(ada, "es")


def test_a_subscription_that_was_ended_for_somebody_tells_whose_it_was(
    callers: Callers,
) -> None:
    house, by = callers.house, callers.house.account(MO).actor
    [number] = [
        n for n, one in house.project.numbered().items() if one.slug == "urgent"
    ]
    eva = subscriber(house)
    house.project.console.readership.end(eva, number, by=by, at=house.now)
    mo, audie = house.signed_in(MO), house.signed_in(AUDIE)

    said = "Mo ended it a subscription to “Urgent calls” subscriber: e…@barrio.example"
    assert said in newest(mo)
    assert f"“Urgent calls” subscriber: subscriber {eva};" in newest(audie)
    assert "una suscripción a «Llamados urgentes» persona:" in newest(mo, "es")


def test_a_silence_without_end_names_no_day_and_who_was_erased_keeps_a_number(
    callers: Callers,
) -> None:
    house, by = callers.house, callers.house.account(MO).actor
    register, people = house.project.console.register, house.project.people
    number = register.number("AFT 1931")
    assert number is not None
    register.mute(number, FOREVER, by=by, at=house.now)
    people.known_as("gone@away.example", language="en", at=house.now)
    gone = house.project.console.readership.find("gone@away.example")
    mo = house.signed_in(MO)
    mo.post(f"/console/subscribers/{gone}/erase", {"sure": "yes"})

    for language, never, who in (
        ("en", "until: without end", f"subscriber {gone}"),
        ("es", "hasta: sin plazo", f"persona {gone}"),
    ):
        erased, asked, muted = [told(each) for each in rows(mo, language)[:3]]
        assert who in erased
        assert who in asked
        assert muted.endswith(never)
