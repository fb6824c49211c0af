"""Organizations, people, lists and actions in the console: masked, logged, as asked."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from mailer.adapters.database.hosting import SqlHosts
from mailer.adapters.database.schema import (
    consent_events,
    hosts as hosts_table,
    organizations,
    requests as requests_table,
    subscriptions,
)
from mailer.core.model import Action, Contact, Draft, Reading, Sponsor
from mailer.core.requests import Ask, Kind
from mailer.core.roles import Role
from mailer.core.sharing.submission import SOURCE, Submission, facts_of
from mailer.pipeline.ingest import ingest
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import NOON, Browser, House, words
from tests.factories import draft

MO, ADA, AUTHOR = "mo@union.example", "ada@union.example", "ann@union.example"
ANA, BEN, EVA = "ana@barrio.example", "ben@aft.example", "eva@formula.example"
NASTY = "<script>document.title='run'</script>\"'><img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://evil.example","pay")'
PEOPLE = f"""\
organization,email,language,city,state,consent_basis,consent_at
Unión del Barrio,{ANA},es,San Diego,CA,form,2019-09-03
AFT 1931,{BEN},en,San Diego,CA,form,2019-09-04
AFT Guild,gil@aft.example,en,San Diego,CA,form,2019-09-04
"{FORMULA.replace('"', '""')}",{EVA},en,Minneapolis,MN,form,2019-09-05
"{NASTY.replace('"', '""')}",nat@nasty.example,en,Los Angeles,CA,,
"""
WHOLE = (ANA, BEN, EVA, "gil@aft.example", "nat@nasty.example")


def source_says(**facts: Any) -> Draft:
    told: dict[str, Any] = {
        "title": NASTY,
        "sponsors": (Sponsor(name="Unión del Barrio"), Sponsor(name=NASTY)),
        "start_date": date(2026, 12, 12),
        **facts,
    }
    return draft("San Diego", external_id="7", **told)


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("people"))
    file = shell.folder / "people.csv"
    file.write_text(PEOPLE, "utf-8")
    shell("import", "subscribers", str(file), "--list", "weekly")
    with House(shell.folder).open() as house:
        house.person(MO, [Role.MODERATOR])
        house.person(ADA, [Role.ADMIN], codes=True)
        house.person(AUTHOR, [Role.AUTHOR])
        for said in (source_says(), source_says(start_time=time(18, 30))):
            reading = Reading(drafts=(said,))
            ingest(reading, source="page", store=house.project.actions, at=NOON)
        yield house


@pytest.fixture(scope="module")
def moderator(house: House) -> Browser:
    return house.signed_in(MO)


@pytest.fixture(scope="module")
def admin(house: House) -> Browser:
    return house.signed_in(ADA)


def subscriber(house: House, address: str) -> int:
    found = house.project.console.readership.find(address)
    assert found is not None
    return found


def organization(house: House, name: str) -> int:
    found = house.project.console.register.number(name)
    assert found is not None
    return found


def from_page(house: House) -> Action:
    every = house.project.actions.every()
    [action] = [each for each in every if each.source == "page"]
    return action


def latest(house: House) -> tuple[str, str]:
    [record] = house.project.console.records.latest(most=1)
    return record.verb, record.thing


def test_no_page_shows_a_whole_address_or_runs_what_people_typed(
    house: House, moderator: Browser, admin: Browser
) -> None:
    action = from_page(house).public_id
    ana, aft = subscriber(house, ANA), organization(house, "AFT 1931")
    nasty = organization(house, NASTY)
    pages = [
        "organizations",
        f"organizations/{aft}",
        f"organizations/{nasty}",
        f"organizations/{aft}/merge?into={nasty}",
        "subscribers",
        "subscribers?list=weekly&state=active",
        f"subscribers/{ana}",
        f"subscribers/{ana}/erase",
        "lists",
        "lists/weekly",
        "suppressions",
        "actions",
        f"actions/{action}",
    ]
    for browser, more in ((moderator, []), (admin, ["settings", "doctor"])):
        for path in [*pages, *more]:
            if browser is admin and path.endswith(("/erase", str(nasty))):
                continue  # an admin edits nobody
            answer = browser.get(f"/console/{path}")
            assert answer.status_code == 200, path
            assert not any(address in answer.text for address in WHOLE), path
            assert "<script>document" not in answer.text, path
            assert "<img" not in answer.text, path


def test_looking_at_an_address_is_on_record_before_it_is_shown(
    house: House, moderator: Browser
) -> None:
    ana = subscriber(house, ANA)

    answer = moderator.post(f"/console/subscribers/{ana}/address")

    assert ANA in answer.text
    assert latest(house) == ("look at address", f"subscriber {ana}")


def test_somebody_is_found_by_an_address_that_no_location_has(
    house: House, moderator: Browser
) -> None:
    found = moderator.post("/console/subscribers", {"email": ANA.upper()})
    nobody = moderator.post("/console/subscribers", {"email": "no@body.example"})
    broken = moderator.post("/console/subscribers", {"email": "ana"})

    assert found.headers["location"].endswith(f"/{subscriber(house, ANA)}")
    assert (nobody.status_code, broken.status_code) == (404, 422)
    assert "no@body.example" not in nobody.text


def test_coordinators_who_get_letters_and_no_list_are_not_among_subscribers(
    house: House, moderator: Browser
) -> None:
    house.project.people.known_as(MO, language="en", at=house.now)
    house.project.people.known_as("zoe@visitor.example", language="en", at=house.now)

    told = words(moderator.get("/console/subscribers"))

    assert "z…@visitor.example" in told
    assert "m…@union.example" not in told


def test_subscribers_are_filtered_by_organization_list_and_state(
    moderator: Browser,
) -> None:
    def rows(query: str) -> int:
        page = moderator.get(f"/console/subscribers?{query}").text
        return page.count('<th scope="row">')

    assert rows("") >= rows("list=weekly") == 5
    assert rows("list=weekly&state=pending") == 1
    assert rows("organization=aft+1931") == 1
    assert rows("list=urgent") == rows("organization=nobody+knows") == 0


def test_a_subscriber_is_told_why_they_got_nothing_in_words(
    house: House, moderator: Browser
) -> None:
    nat = subscriber(house, "nat@nasty.example")

    said = words(moderator.get(f"/console/subscribers/{nat}"))

    assert "Not confirmed" in said
    assert "No consent is on record." in said
    spanish = words(moderator.get(f"/console/subscribers/{nat}?lang=es"))
    assert "No hay consentimiento registrado." in spanish


def test_a_letter_to_one_person_is_called_that_and_not_by_its_number(
    house: House, admin: Browser, moderator: Browser
) -> None:
    invited: dict[str, Any] = {
        "email": "eva@union.example",
        "role": ["author"],
        "language": "en",
    }
    admin.post("/console/accounts", invited)
    page = f"/console/subscribers/{subscriber(house, invited['email'])}"

    said = words(moderator.get(page))

    assert "A letter to them alone Waiting to be sent." in said
    assert "note-" not in said
    assert "Un correo para esta persona" in words(moderator.get(f"{page}?lang=es"))


def test_a_pause_and_an_end_are_as_they_asked_and_leave_a_consent_row(
    house: House, moderator: Browser
) -> None:
    ben = subscriber(house, BEN)
    page = f"/console/subscribers/{ben}"
    late = moderator.post(
        page, {"action": "pause", "list": "weekly", "until": "2026-11-01"}
    )
    paused = moderator.post(
        page, {"action": "pause", "list": "weekly", "until": "2026-12-20"}
    )
    shorter = moderator.post(
        page, {"action": "pause", "list": "weekly", "until": "2026-12-01"}
    )
    assert (late.status_code, paused.status_code) == (422, 303)
    assert (shorter.status_code, "for longer already" in words(shorter)) == (409, True)
    assert "No mail until" in words(moderator.get(page))

    ended = moderator.post(page, {"action": "end", "list": "weekly"})
    again = moderator.post(page, {"action": "end", "list": "weekly"})

    assert (ended.status_code, again.status_code) == (303, 409)
    with house.project.database.reading() as connection:
        row = connection.execute(
            select(subscriptions).where(subscriptions.c.subscriber_id == ben)
        ).one()
        kinds = connection.execute(
            select(consent_events.c.kind, consent_events.c.source)
            .where(consent_events.c.subscriber_id == ben)
            .order_by(consent_events.c.id)
        ).all()
    assert (row.state, row.ended_reason) == ("ended", "left")
    assert [tuple(each) for each in kinds[1:]] == [
        ("chose", "asked a coordinator"),
        ("withdrawn", "asked a coordinator"),
    ]
    by = house.account(MO).actor
    assert {one.actor for one in house.project.console.records.latest(most=2)} == {by}
    # Nobody is subscribed again from here, whatever is posted.
    for action in ("resume", "subscribe", "start"):
        refused = moderator.post(page, {"action": action, "list": "weekly"})
        assert refused.status_code == 422


def test_their_data_is_handed_out_whole_and_that_is_on_record(
    house: House, moderator: Browser
) -> None:
    ana = subscriber(house, ANA)

    answer = moderator.post(f"/console/subscribers/{ana}/data")

    assert json.loads(answer.text)["address"] == ANA
    assert answer.headers["content-disposition"].startswith("attachment")
    assert latest(house) == ("export", f"subscriber {ana}")


def test_a_list_is_exported_by_admins_alone_and_runs_no_formula(
    house: House, moderator: Browser, admin: Browser
) -> None:
    assert moderator.post("/console/lists/weekly/export").status_code == 403

    answer = admin.post("/console/lists/weekly/export")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert EVA in {row["email"] for row in rows}
    assert "nat@nasty.example" not in {row["email"] for row in rows}
    [eva] = [row for row in rows if row["email"] == EVA]
    assert eva["organization"] == f"'{FORMULA}"
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in eva.values())
    verb, thing = latest(house)
    assert (verb, thing.partition(" ")[0]) == ("export", "list")


def test_somebody_is_erased_only_when_asked_once_more(
    house: House, moderator: Browser
) -> None:
    house.project.people.known_as("gone@away.example", language="en", at=house.now)
    gone = subscriber(house, "gone@away.example")
    page = f"/console/subscribers/{gone}/erase"

    unsure = moderator.post(page)
    assert unsure.status_code == 422
    assert subscriber(house, "gone@away.example") == gone
    sure = moderator.post(page, {"sure": "yes"})

    assert sure.headers["location"].endswith("?done=erased")
    assert moderator.get(f"/console/subscribers/{gone}").status_code == 404
    held = house.project.suppressed.of("gone@away.example")
    assert held is not None
    assert held["suppressed"] == "erased"
    assert "erase on request" in house.verbs()


def test_suppressions_are_looked_up_added_and_lifted_with_the_same_refusals(
    house: House, moderator: Browser
) -> None:
    page = "/console/suppressions"
    spam = "Spam@Trap.example"
    free = moderator.post(f"{page}/look", {"email": spam})
    assert "not suppressed" in words(free)
    for wrong in (
        {"add_email": "spam", "add_reason": "why"},
        {"add_email": spam, "add_reason": " "},
    ):
        assert moderator.post(page, {"action": "add", **wrong}).status_code == 422
    why = {"action": "add", "add_email": spam, "add_reason": f"{spam} is a trap"}

    assert "Suppressed." in words(moderator.post(page, dict(why)))

    [record] = house.project.console.records.latest(most=1)
    assert record.actor == house.account(MO).actor
    assert record.detail["why"] == "[address] is a trap"
    assert "already" in words(moderator.post(page, dict(why)))
    held = moderator.post(f"{page}/look", {"email": spam})
    assert "a person of ours said so" in words(held)
    lift = {"action": "lift", "lift_email": spam, "lift_reason": "wrote on 3 May"}
    assert "Lifted." in words(moderator.post(page, dict(lift)))
    assert moderator.post(page, dict(lift)).status_code == 409
    assert latest(house) == ("lift", "suppression")


def test_two_organizations_are_merged_after_what_moves_was_shown_and_back(
    house: House, moderator: Browser
) -> None:
    gone, kept = organization(house, "AFT 1931"), organization(house, "AFT Guild")
    page = f"/console/organizations/{gone}/merge"
    offered = moderator.get(page)
    assert offered.status_code == 200
    asked = moderator.get(f"{page}?name=aft+guild")
    assert "What moves" in words(asked)
    seen = asked.text.split('name="seen" value="')[1].split('"')[0]

    stale = moderator.post(page, {"into": str(kept), "seen": "9-9-9-9-9"})
    assert stale.status_code == 409
    assert organization(house, "AFT 1931") == gone
    merged = moderator.post(page, {"into": str(kept), "seen": seen})

    assert merged.headers["location"].endswith(f"/{kept}?done=merged")
    assert organization(house, "AFT 1931") == kept
    assert latest(house) == ("merge", f"organization {kept}")
    shown = moderator.get(f"/console/organizations/{kept}").text
    record = shown.split('name="record" value="')[1].split('"')[0]
    apart = moderator.post(f"/console/organizations/{kept}/part", {"record": record})
    assert apart.headers["location"].endswith(f"/{gone}?done=parted")
    assert organization(house, "AFT 1931") == gone


def test_an_organization_is_renamed_known_by_more_names_and_muted(
    house: House, moderator: Browser
) -> None:
    number = organization(house, "Unión del Barrio")
    page = f"/console/organizations/{number}"
    for form, status in (
        ({"action": "rename", "name": ""}, 422),
        ({"action": "rename", "name": "AFT 1931"}, 409),
        ({"action": "rename", "name": "Unión del Barrio, San Diego"}, 303),
        ({"action": "alias", "alias": "UdB"}, 303),
        ({"action": "alias", "alias": "AFT 1931"}, 409),
        ({"action": "mute", "until": "2020-01-01"}, 422),
        ({"action": "mute", "until": "2026-12-24"}, 303),
    ):
        assert moderator.post(page, form).status_code == status, form

    assert organization(house, "udb") == organization(house, "Unión del Barrio")
    said = words(moderator.get(page))
    assert "Unión del Barrio, San Diego" in said
    assert "Its seats get no edition until" in said
    with house.project.database.reading() as connection:
        until = connection.scalar(
            select(organizations.c.muted_until).where(organizations.c.id == number)
        )
    zone = house.project.console.zone
    assert until == datetime(2026, 12, 24, tzinfo=zone).astimezone(UTC)
    assert moderator.post(page, {"action": "unmute"}).status_code == 303


def test_an_action_shows_its_versions_and_what_a_source_owns_is_not_edited(
    house: House, moderator: Browser
) -> None:
    action = from_page(house)
    page = f"/console/actions/{action.public_id}"

    said = words(moderator.get(page))
    refused = moderator.post(page, {"action": "cancel", "version": "2"})

    assert "Hour: not said → 6:30 p.m." in said
    assert "belong to page" in said
    assert refused.status_code == 409
    assert moderator.get("/console/actions?city=san").text.count("/console/actions/")
    assert "None." in words(moderator.get("/console/actions?status=missing"))


def test_an_action_that_waits_is_read_in_words_and_without_a_brace(
    house: House, moderator: Browser
) -> None:
    facts = source_says(title="Vigilia", venue="Parque Chicano").facts
    submission = Submission(
        facts=facts, contact=Contact(name="Luz Paz", phone="+1 619 555 0100")
    )
    house.project.requests.ask(
        Ask(
            kind=Kind.SUBMIT,
            address="host@park.example",
            language="es",
            list_number=next(iter(house.project.numbered())),
            about="park",
            facts=facts_of(submission),
        ),
        at=house.now,
    )
    [due] = house.project.requests.due(at=house.now)
    house.project.requests.written(due, at=house.now)
    [waiting] = house.project.requests.confirm(due.to, due.number, at=house.now)

    listed = words(moderator.get("/console/requests?lang=es"))
    page = moderator.get(f"/console/requests/{waiting.number}?lang=es")
    said = words(page)

    assert f"{facts.place.label}: Vigilia" in listed
    assert "Parque Chicano" in said
    assert "Luz Paz, +1 619 555 0100 Solo lo ve la coordinación." in said
    assert re.search(r"Cuándo \w+ \d+ de [a-z]+ de \d{4}", said)
    for raw in ("{", "start_date", "Submission", "Title", facts.start_date.isoformat()):
        assert raw not in said, raw
    house.project.moderator("test").decline(waiting.number, reason="Ya está.")


def test_a_hosts_action_is_corrected_for_them_and_they_are_asked_all_the_same(
    house: House, moderator: Browser
) -> None:
    submission = Submission(facts=source_says(title="Vigil").facts)
    house.project.requests.ask(
        Ask(
            kind=Kind.SUBMIT,
            address="host@vigil.example",
            language="en",
            list_number=next(iter(house.project.numbered())),
            about="vigil",
            facts=facts_of(submission),
        ),
        at=house.now,
    )
    [due] = house.project.requests.due(at=house.now)
    house.project.requests.written(due, at=house.now)
    [waiting] = house.project.requests.confirm(due.to, due.number, at=house.now)
    assert "1 request of a visitor waits" in words(moderator.get("/console/actions"))
    action = SqlHosts(house.project.ready).accept(waiting, by="test", at=NOON)
    assert action is not None
    assert action.source == SOURCE
    with house.project.database.writing() as connection:
        connection.execute(update(hosts_table).values(looked_at=NOON, asked_at=NOON))
    page = f"/console/actions/{action.public_id}"
    right = {
        "day": "2026-12-13",
        "clock": "19:00",
        "city": "San Diego",
        "state": "us-ca",
        "venue": "Chicano Park",
        "street": "",
        "target": "",
    }

    past = {"action": "correct", "version": "1", **right, "day": "2020-01-01"}
    assert moderator.post(page, past).status_code == 422
    first = {"action": "correct", "version": "1", **right}
    assert moderator.post(page, first).status_code == 303
    assert moderator.post(page, first).status_code == 409  # seen before the change
    cancelled = moderator.post(page, {"action": "cancel", "version": "2"})

    assert cancelled.status_code == 303
    said = words(moderator.get(page))
    assert "Cancelled" in said
    assert "Chicano Park" in said
    assert "Mo" in said
    with house.project.database.reading() as connection:
        assert connection.scalar(select(hosts_table.c.looked_at)) == NOON
    author = house.signed_in(AUTHOR)
    seen = words(author.get(page))
    assert "h…@vigil.example" not in seen
    assert "Correct it for its host" not in seen


def test_settings_show_no_secret_and_the_doctor_looks_at_what_is_near(
    house: House, admin: Browser
) -> None:
    said = words(admin.get("/console/settings"))
    found = words(admin.get("/console/doctor"))

    secret = (house.project.folder / "secret.key").read_text("utf-8").strip()
    assert secret.rpartition(":")[2] not in said
    assert "MAILER_BASE_URL" in said
    assert "postal address" in found
    assert "could not ask" not in found


def test_many_requests_come_in_pages_and_each_stands_on_one_of_them(
    house: House, moderator: Browser
) -> None:
    facts = facts_of(Submission(facts=source_says(title="Vigil").facts))
    number = next(iter(house.project.numbered()))
    kept, numbers = house.project.requests, []
    for each in range(52):
        kept.ask(
            Ask(
                kind=Kind.SUBMIT,
                address=f"host{each}@vigil.example",
                language="en",
                list_number=number,
                about=f"vigil {each}",
                facts=facts,
            ),
            at=house.now,
        )
        [due] = kept.due(at=house.now)
        kept.written(due, at=house.now)
        [waiting] = kept.confirm(due.to, due.number, at=house.now)
        numbers.append(waiting.number)

    first = moderator.get("/console/requests").text
    onward = re.findall(r'href="(\?after=\d+)">Show more', first)
    second = moderator.get(f"/console/requests{onward[0]}").text
    with house.project.database.writing() as connection:
        connection.execute(
            delete(requests_table).where(requests_table.c.id >= numbers[0])
        )

    found = [re.findall(r"/console/requests/(\d+)", page) for page in (first, second)]
    assert [len(some) for some in found] == [50, 2]
    assert [int(each) for some in found for each in some] == numbers
    assert "Show more" not in second
    assert moderator.get("/console/requests?after=x'--").status_code == 200
