"""The console in Spanish: what a check finds, and why something is not done."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from mailer.adapters.database.schema import actions, blasts
from mailer.core.accounts import State
from mailer.core.findings import Finding
from mailer.core.lists import told_in
from mailer.core.roles import Role
from mailer.core.saying import Saying
from tests.e2e.callers import ACTIONS, Callers, furnish
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import House, words
from tests.e2e.test_console_policy import a_request

_BLANK = re.compile(r"%\(\w+\)s")
OFF = "3,2028-11-23,18:00,Fresno,CA,Mijente,,postponed\n"
_SAID = ("headline", "reason", "body")
_UNSAYABLE = """\
# Heading

> quoted

    indented

```
fenced
```

---

3. Three

- one

  more

- two
  - within

*leaning* `code` ![picture](https://example.org/a.png) <b>bold</b>
https://example.org/bare [to](javascript:x)\\
after, Texas, click here
"""

_FOR_EDITORS = "Para quien cuida las plantillas, en inglés:"


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("spanish"))
    furnish(shell)
    file = shell.folder / "actions.csv"
    file.write_text(f"{ACTIONS}{OFF}", "utf-8")
    shell("import", "actions", str(file), "--format", "csv")
    with House(shell.folder).open() as house:
        yield house


@pytest.fixture
def callers(house: House) -> Callers:
    return Callers.of(house)


def fragments(finding: Finding) -> list[str]:
    """Return the English of a finding, without what fills its blanks."""
    said = finding.words
    parts = _BLANK.split(said.sentence) if isinstance(said, Saying) else [said]
    return [part for each in parts if len(part := each.strip(" ,:;.")) > 3]


def spanish(callers: Callers) -> str:
    return html.unescape(callers.rosa.get(f"{callers.page}?lang=es").text)


def not_english(callers: Callers) -> set[str]:
    """Look at the page, and return the names of what is found, none of it in English.

    But what gates say to whoever looks after the templates, below a sentence in Spanish.
    """
    page = spanish(callers)
    found = callers.house.project.calls.findings(callers.call)
    for each in found:
        if not isinstance(each.words, Saying):
            for_editors = f'{_FOR_EDITORS} <span lang="en">{each.words}</span>'
            assert for_editors in page
            page = page.replace(for_editors, "")
    for each in found:
        for part in fragments(each):
            assert part not in page, each
    checks = page.partition('id="checks"')[2].partition("</section>")[0]
    assert 'lang="en"' not in checks
    assert _FOR_EDITORS not in checks
    return {each.name for each in found}


def test_what_is_found_in_words_and_links_is_said_in_spanish(callers: Callers) -> None:
    house = callers.house
    dead = f"[gone]({house.url}/nothing) [in](https://127.0.0.1/x) [ok]({house.url}/actions)"
    callers.write(
        **{
            "en-headline": "Re: COME NOWHERE NEVER tonight at 6!!\nto the gate, everybody"
            " who can",
            "en-reason": "word " * 70,
            "en-body": f"{_UNSAYABLE}\n\n{dead}\n\n[plain](http://example.org/)",
            "es-body": "",
        }
    )
    assert not_english(callers) >= {
        "false-reply",
        "gate-text",
        "languages",
        "audience",
        "link",
        "link-dead",
        "link-not-asked",
        "long-reason",
        "long-subject",
        "not-sayable",
        "other-place",
        "plain-looks",
        "shouting",
        "spammy",
        "uneven-languages",
    }
    page = spanish(callers)
    assert re.search("El asunto tiene [67][0-9] caracteres", page)
    assert "una cita; escríbala como párrafo" in page
    assert "responde 404: ahí no hay nada" in page


def test_what_is_found_in_moments_and_people_is_said_in_spanish(
    callers: Callers,
) -> None:
    house = callers.house
    with house.project.database.reading() as connection:
        public = connection.execute(
            select(actions.c.public_id).where(actions.c.status == "postponed")
        ).scalar_one()
    soon, zone = house.now + timedelta(minutes=3), told_in(house.project.lists.values())
    only_english = dict.fromkeys(("es-headline", "es-reason", "es-body"), "")
    callers.write(
        about=public,
        despite="They are moved at night.",
        **{
            **only_english,
            "include-value": "CA",
            "until-day": f"{soon.astimezone(zone):%Y-%m-%d}",
            "until-time": f"{soon.astimezone(zone):%H:%M}",
        },
    )
    names = not_english(callers)
    house.now += timedelta(minutes=2)
    names |= not_english(callers)
    callers.write(edition="nobody", **{"include-kind": "", "include-value": ""})
    callers.name = "urgent/nobody"
    names |= not_english(callers)
    assert names >= {
        "action-off",
        "audience",
        "little-time",
        "missing-language",
        "nobody",
        "past",
        "wakes-people",
    }


def test_a_rule_that_names_nobody_is_refused_in_spanish(callers: Callers) -> None:
    rule = '{"include": [{"tag": "nobody-has-this"}]}'
    callers.write(rule=rule)

    assert "audience" in not_english(callers)
    page = words(callers.rosa.get(f"{callers.page}?lang=es"))
    assert page.count("nadie lleva esta etiqueta") == 2  # among the checks, on the card


def test_the_page_of_a_mailing_says_in_spanish_whom_it_was_approved_for(
    callers: Callers,
) -> None:
    callers.approved()
    callers.work(minutes=2)
    number = callers.call.mailing
    card = html.unescape(callers.rosa.get(f"/console/mailings/{number}?lang=es").text)

    assert "Aprobado para 2, sale a 2." in card
    assert "Approved" not in card


def test_each_refusal_of_a_step_is_said_in_spanish(callers: Callers) -> None:
    house = callers.house
    house.person("both@union.example", [Role.AUTHOR, Role.APPROVER], codes=True)

    def refused(who: str, button: str, **said: str) -> str:
        browser = house.signed_in(who)
        form = {"revision": str(callers.call.revision), **said}
        answer = browser.post(f"{callers.page}/{button}?lang=es", dict(form))
        assert answer.status_code == 409, words(answer)
        alert = answer.text.partition('role="alert"')[2].partition("</div>")[0]
        assert 'lang="en"' not in alert
        return html.unescape(re.sub("<[^>]+>", "", alert))

    def both(button: str, **said: str) -> str:
        return refused("both@union.example", button, **said)

    callers.write()
    told = [both("approve"), both("submit", revision="9")]
    told.append(both("submit", warning="gone", **{"why-gone": "Seen."}))
    assert "Ya no existe la advertencia gone" in told[-1]
    callers.submitted(edition="other")
    callers.press(callers.rosa, "submit", **callers.reasons())
    own = callers.house.project.blasts.find(callers.name)
    told.append(both("approve", count="7"))
    with house.project.database.writing() as connection:
        mine = blasts.c.id == own.number
        connection.execute(update(blasts).where(mine).values(expected=40))
    told += [both("approve"), both("approve", count="40")]

    english = re.compile(r"\b(the|its|nobody|somebody|there|who)\b")
    for each in told:
        assert "No se cambió nada" in each or "No se ha cambiado nada" in each, each
        assert not english.search(each), each


def test_a_rule_in_json_is_refused_in_spanish(callers: Callers) -> None:
    for rule, said in (
        ("{", "rule: no es JSON: línea 1, columna 2: falta un nombre"),
        (
            '{"include": [{"tga": "a"}]}',
            "rule, en include[0].tga: aquí no se conoce; se conocen all, any, not",
        ),
        (
            '{"include": [{"near": {"place": "Fresno, CA", "km": true}}]}',
            "debe ser un número entero, no true",
        ),
    ):
        answer = callers.rosa.post(
            "/console/calls/new?lang=es", callers.form(rule=rule)
        )
        assert answer.status_code == 422
        assert said in words(answer)
        assert 'lang="en"' not in alert(answer.text)


def alert(page: str) -> str:
    return page.partition('role="alert"')[2].partition("</div>")[0]


def test_refusals_about_people_organizations_and_addresses_are_said_in_spanish(
    callers: Callers,
) -> None:
    house = callers.house
    mo, ada = "mo@union.example", "ada@union.example"
    house.person(mo, [Role.MODERATOR])
    house.person(ada, [Role.ADMIN], codes=True)
    browsers = {who: house.signed_in(who) for who in (mo, ada)}
    register, console = house.project.console.register, house.project.console
    aft, barrio = register.number("AFT 1931"), register.number("Unión del Barrio")
    cy = console.readership.find("cy@unidos.example")  # whom no call here is for
    assert cy is not None
    own = house.account(ada)
    disabled = house.account("rosa@union.example")
    console.accounts.turn(disabled, State.DISABLED, by="cli", at=house.now)
    soon = f"{house.now + timedelta(days=30):%Y-%m-%d}"
    form: dict[str, str | list[str]] = {
        "action": "pause",
        "list": "urgent",
        "until": soon,
    }
    again: dict[str, str | list[str]] = {"list": "urgent", "action": "end"}
    console.readership.end(cy, urgent(house), by="cli", at=house.now)
    asked: list[tuple[str, str, dict[str, str | list[str]], str]] = [
        (ada, "accounts", {"email": mo, "role": ["author"]}, "ya hay una cuenta"),
        (ada, f"accounts/{own.public_id}", {"action": "disable"}, "no quedaría nadie"),
        (
            ada,
            f"accounts/{disabled.public_id}",
            {"action": "link"},
            "primero vuelva a darle acceso",
        ),
        (
            mo,
            f"organizations/{aft}",
            {"action": "rename", "name": "Unión del Barrio"},
            "ya es el nombre de otra organización",
        ),
        (
            mo,
            f"organizations/{aft}",
            {"action": "alias", "alias": "aft 1931"},
            "ya es su propio nombre",
        ),
        (mo, f"organizations/{barrio}/part", {"record": "1"}, "no hay registro"),
        (mo, f"organizations/{aft}/merge", {"into": f"{aft}"}, "una sola organización"),
        (mo, f"subscribers/{cy}", again, "esta suscripción ya terminó"),
        (mo, f"subscribers/{cy}", form, "ya no recibe nada de esta lista"),
        (
            mo,
            "suppressions",
            {"action": "lift", "lift_email": "x@y.example", "lift_reason": "Sí."},
            "esta dirección no está bloqueada",
        ),
    ]
    for who, page, said, expected in asked:
        answer = browsers[who].post(f"/console/{page}?lang=es", said)
        assert answer.status_code == 409, (page, words(answer))
        told = html.unescape(re.sub("<[^>]+>", "", alert(answer.text)))
        assert "No se cambió nada." in told
        assert expected.lower() in told.lower(), page
        assert 'lang="en"' not in alert(answer.text)


def test_a_request_that_is_decided_already_is_refused_in_spanish(
    callers: Callers,
) -> None:
    house = callers.house
    house.person("mo@union.example", [Role.MODERATOR])
    mo, number = house.signed_in("mo@union.example"), a_request(house)
    page = f"/console/requests/{number}?lang=es"
    nobody = mo.post(page, {"action": "accept", "into": "Nobody at all"})
    declined = mo.post(page, {"action": "decline", "reason": "Ahora no."})
    late = mo.post(page, {"action": "accept"})

    assert (nobody.status_code, declined.status_code, late.status_code) == (
        409,
        303,
        409,
    )
    assert "No existe la organización «Nobody at all»" in words(nobody)
    day = f"{house.now:%Y-%m-%d}"
    assert f"La solicitud {number} ya fue rechazada, el {day}." in words(late)
    assert 'lang="en"' not in alert(nobody.text) + alert(late.text)


def urgent(house: House) -> int:
    """Return the number of the list of urgent calls."""
    [number] = [
        n for n, one in house.project.numbered().items() if one.slug == "urgent"
    ]
    return number


def test_who_writes_in_spanish_is_asked_for_spanish_first(callers: Callers) -> None:
    order = re.compile(r'id="(en|es)-headline"')

    for language, expected in (("es", ["es", "en"]), ("en", ["en", "es"])):
        new = f"/console/calls/new?lang={language}"
        blank = callers.form(
            **{f"{code}-{key}": "" for code in expected for key in _SAID}
        )
        assert order.findall(callers.rosa.get(new).text) == expected
        refused = callers.rosa.post(new, blank).text
        assert re.findall(r'id="(\w\w)-headline-wrong"', refused) == [language]


def test_what_changed_of_an_action_and_who_did_it_is_said_in_spanish(
    callers: Callers,
) -> None:
    house = callers.house
    file = house.project.folder / "moved.csv"
    moved = f"{ACTIONS}{OFF}".replace("18:00,San Diego", "19:30,San Diego")
    file.write_text(moved.replace("Mijente,,confirmed", "Mijente,,cancelled"), "utf-8")
    Shell(house.project.folder)("import", "actions", str(file), "--format", "csv")
    with house.project.database.reading() as connection:
        pages = list(connection.scalars(select(actions.c.public_id)))
    said = [
        words(callers.rosa.get(f"/console/actions/{each}?lang=es")) for each in pages
    ]

    assert any("Hora: 6:00 p. m. → 7:30 p. m." in each for each in said)
    assert any("Estado: Confirmada → Cancelada" in each for each in said)
