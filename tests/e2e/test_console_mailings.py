"""Mailings in the console: how far they are, what stops them, what became of them."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from mailer.core.events import EventKind
from mailer.core.roles import Role
from mailer.ports import Accepted, Answered, Mailing, Outcome, Outgoing, Refused
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import Browser, House, words
from tests.e2e.sendings import BATCH, MONDAY, Sendings, prepared
from tests.fakes.provider import ScriptedProvider, accept_and_vanish

ROSA, ADA, BEN, MOD = (
    "rosa@union.example",
    "ada@union.example",
    "ben@union.example",
    "mod@union.example",
)
PEOPLE = 4 * BATCH


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = prepared(copied(initial, tmp_path_factory.mktemp("mailings")))
    house = House(shell.folder)
    house.now = MONDAY
    with house.open():
        house.person(ROSA, [Role.AUTHOR])
        house.person(BEN, [Role.APPROVER], codes=True)
        house.person(ADA, [Role.ADMIN], codes=True)
        house.person(MOD, [Role.MODERATOR])
        yield house


@pytest.fixture
def sendings(house: House) -> Iterator[Sendings]:
    """A project in which nothing was mailed yet, and nothing is stopped."""
    made = Sendings(house)
    yield made
    made.end()


def page(browser: Browser, mailing: Mailing, more: str = "") -> str:
    return words(browser.get(f"/console/mailings/{mailing.id}{more}"))


def turn(
    browser: Browser, mailing: Mailing, action: str, **form: str
) -> tuple[int, str]:
    path = f"/console/mailings/{mailing.id}/halt"
    answer = browser.post(path, {"action": action, **form})
    return answer.status_code, answer.headers.get("location", "")


def full(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
    """Take all but the first, whose mailbox is full."""
    first, *others = outgoing.recipients
    provider.take(outgoing, [one.address for one in others])
    accepted = [Accepted(provider_id=f"id-{one.address}") for one in others]
    nasty = f"=HYPERLINK({first.address})"
    return Answered(results=[Refused(code="552", detail=nasty), *accepted])


def parked(sendings: Sendings, mailing: Mailing) -> None:
    """Let the outcome of one call stay unknown for good."""
    sendings.provider.script(accept_and_vanish)
    sendings.send(mailing, 1)
    with sendings.house.project.database.writing() as connection:
        due = "UPDATE batches SET not_before = 0 WHERE state = 'unknown'"
        connection.execute(text(due))
    sendings.send(mailing, 1)


def test_a_digest_is_paused_goes_on_and_is_stopped_for_good(
    house: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    sendings.send(mailing, 1)
    rosa = house.signed_in(ROSA)
    assert f"{BATCH} of {PEOPLE} messages sent" in page(
        rosa, mailing, "/halt?what=pause"
    )

    assert turn(rosa, mailing, "pause", reason="people") == (
        303,
        f"/console/mailings/{mailing.id}?done=pause",
    )
    sendings.send(mailing, 3)
    assert sum(sendings.provider.accepted.values()) == BATCH
    assert "It reaches the wrong people" in page(rosa, mailing)
    assert turn(rosa, mailing, "pause") == (409, "")

    assert turn(rosa, mailing, "resume", words="Dee looked: it is right")[0] == 303
    sendings.send(mailing, 1)
    assert turn(rosa, mailing, "cancel", words="  it is\n off ")[0] == 303
    sendings.send(mailing, 3)
    assert sum(sendings.provider.accepted.values()) == 2 * BATCH
    told = page(rosa, mailing)
    assert "Stopped for good" in told
    assert "Rosa stopped it for good: it is off" in told
    assert "Rosa let it go on: Dee looked: it is right" in told
    assert turn(rosa, mailing, "resume") == (409, "")


def test_an_urgent_call_is_stopped_by_everybody_and_goes_on_by_who_may_approve(
    house: House, sendings: Sendings
) -> None:
    mailing = sendings.call(60, "gate")
    sendings.send(mailing, 1)
    rosa, ben = house.signed_in(ROSA), house.signed_in(BEN)

    assert turn(rosa, mailing, "pause")[0] == 303
    assert turn(rosa, mailing, "resume")[0] == 409
    assert turn(ben, mailing, "resume")[0] == 303
    assert house.project.ledger.standing(mailing.id).state == "sending"
    assert turn(rosa, mailing, "cancel", reason="off")[0] == 303

    stage = house.project.blasts.find("urgent/gate").stage
    assert (stage.value, sendings.now(mailing).state) == ("cancelled", "cancelled")
    assert sum(sendings.provider.accepted.values()) == 20


def test_a_call_that_is_stopped_among_the_first_few_says_why_and_who_lets_it_go_on(
    house: House, sendings: Sendings
) -> None:
    mailing = sendings.call(60, "fence")
    sendings.send(mailing, 1)
    rosa, ben = house.signed_in(ROSA), house.signed_in(BEN)
    path = "/console/calls/urgent/fence"
    assert "20 of 60 messages sent" in words(rosa.get(path))
    assert f'href="{path}"' in rosa.get(f"/console/mailings/{mailing.id}").text

    rosa.post(f"{path}/stop", {"reason": "It is the wrong gate."})
    stopped = rosa.get(path)

    assert 'class="stopping"' not in stopped.text
    assert "Watch it go out" not in words(stopped)
    assert "Paused: It is the wrong gate." in words(stopped)
    assert "An approver lets it go on." in words(stopped)
    assert "40 people who wait get it." in words(ben.get(path))
    assert ben.post(f"{path}/resume").status_code == 303
    assert 'class="stopping"' in ben.get(path).text


def test_an_urgent_call_is_named_by_its_headline_wherever_it_is_shown(
    house: House, sendings: Sendings
) -> None:
    mailing = sendings.call(60, "dock")
    rosa = house.signed_in(ROSA)

    for path in ("", f"/{mailing.id}", f"/{mailing.id}/halt?what=pause"):
        assert "Come to Otay Mesa tonight at 6" in words(
            rosa.get(f"/console/mailings{path}")
        )
    assert "urgent/dock" in words(rosa.get(f"/console/mailings/{mailing.id}"))


def test_the_card_of_a_call_under_way_shows_whom_it_was_fixed_for_and_then_who_got_it(
    house: House, sendings: Sendings
) -> None:
    mailing = sendings.call(60, "pier")
    sendings.send(mailing, 1)
    rosa = house.signed_in(ROSA)
    path = "/console/calls/urgent/pier"

    assert "Audience 60 people get it" in words(rosa.get(path))
    assert "It was approved for 60 people." in words(rosa.get(path))
    rosa.post(f"{path}/cancel", {"cancel-reason": "It is off."})
    assert "Audience 20 people got it" in words(rosa.get(path))


def test_all_sending_stops_at_two_presses_and_an_admin_lets_it_go_on(
    house: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    rosa, ada = house.signed_in(ROSA), house.signed_in(ADA)
    assert "Only an admin can let it go on" in words(rosa.get("/console/stop"))

    stopped = rosa.post("/console/stop", {"reason": "people"})
    sendings.send(mailing, 2)

    assert stopped.headers["location"] == "/console/stop?done=stopped"
    assert sendings.provider.accepted.total() == 0
    assert "Mail reaches the wrong people" in words(rosa.get("/console"))
    assert rosa.post("/console/start").status_code == 403
    assert ada.post("/console/start").status_code == 303
    sendings.send(mailing, 1)
    assert sendings.provider.accepted.total() == BATCH
    assert house.verbs()[:2] == ["start", "stop"]


def test_no_address_that_somebody_gives_as_a_reason_is_kept(
    house: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    rosa, ada = house.signed_in(ROSA), house.signed_in(ADA)
    told = {"words": "eva@barrio.example, who left, got it"}
    rosa.post(f"/console/mailings/{mailing.id}/halt", {**told, "action": "pause"})
    rosa.post("/console/stop", told)
    records = house.project.console.records.latest(most=2)
    page = words(ada.get("/console"))
    ada.post("/console/start")

    assert "[address], who left, got it" in page
    assert "eva@barrio" not in page
    assert [one.detail.get("reason") for one in records] == [
        "[address], who left, got it"
    ] * 2


def test_the_report_says_what_became_of_a_digest_and_of_nobody_s_reading(
    house: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    sendings.provider.script(full)
    sendings.send(mailing, 4)
    reached = [n for n in range(1, PEOPLE + 1) if sendings.has(n)]
    sendings.hear(EventKind.DELIVERED, *reached[:5])
    sendings.hear(EventKind.HARD, reached[5])
    sendings.hear(EventKind.COMPLAINED, reached[6])
    sendings.leave(mailing, reached[7])
    rosa = house.signed_in(ROSA)

    told = page(rosa, mailing)
    report = rosa.post(f"/console/mailings/{mailing.id}/report")

    assert "Delivered 5" in told
    assert "No such mailbox 1" in told
    assert "Called it spam 1" in told
    assert "Nobody is tracked: who opened it" in told
    assert "1 message failed." in told
    assert "reader" not in told  # masked, also where the provider quotes it
    assert report.headers["content-disposition"].endswith('.csv"')
    rows = list(csv.DictReader(io.StringIO(report.content.decode("utf-8-sig"))))
    assert rows[0]["people"] == str(PEOPLE - 1)
    assert (rows[0]["delivered"], rows[0]["hard"], rows[0]["left"]) == ("5", "1", "1")
    assert {"by": "region", "name": "CA"}.items() <= rows[-1].items()
    fared = house.project.console.following.fared(mailing.id)
    assert fared.heard == {"delivered": 5, "hard": 1, "complained": 1}
    assert house.verbs()[0] == "export report"


def test_no_cell_of_a_report_is_a_formula(house: House, sendings: Sendings) -> None:
    mailing = sendings.digest(PEOPLE)
    sendings.provider.script(full)
    sendings.send(mailing, 1)
    with house.project.database.writing() as connection:
        nasty = "UPDATE deliveries SET reason = ' =1+2' WHERE state = 'failed'"
        connection.execute(text(nasty))
        connection.execute(text("UPDATE places SET region = '@SUM(A1)'"))
    rosa = house.signed_in(ROSA)

    report = rosa.post(f"/console/mailings/{mailing.id}/report").text

    cells = [cell for row in csv.reader(io.StringIO(report)) for cell in row]
    assert "'@SUM(A1)" in cells
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "@", "+"))]
    with house.project.database.writing() as connection:
        connection.execute(text("UPDATE places SET region = 'CA'"))


def test_what_is_in_doubt_is_settled_one_by_one_or_all_at_once_and_logged(
    house: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(PEOPLE)
    parked(sendings, mailing)
    ben = house.signed_in(BEN)
    shown = ben.get("/console/parked").text
    doubtful = house.project.parked.doubtful(most=100)
    assert len(doubtful) == BATCH
    assert "reader" not in shown
    first, second, *_ = [str(one.subscriber) for one in doubtful]
    about = {"mailing": str(mailing.id)}

    sent = ben.post("/console/parked", {**about, "action": "sent", "who": first})
    again = ben.post("/console/parked", {**about, "action": "sent", "who": first})
    ben.post("/console/parked", {**about, "action": "resend", "who": second})
    rest = ben.post("/console/parked", {**about, "action": "sent", "who": "all"})

    assert (sent.status_code, again.status_code, rest.status_code) == (303, 409, 303)
    assert house.project.parked.doubtful(most=100) == []
    assert house.verbs()[:3] == ["mark sent", "resend", "mark sent"]
    before = sendings.provider.accepted.total()
    sendings.send(mailing, 1)
    assert sendings.provider.accepted.total() > before
    odd = ben.post("/console/parked", {"action": "sent", "mailing": "1", "who": "x"})
    assert odd.status_code == 422


def test_who_may_not_settle_is_told_who_may(house: House, sendings: Sendings) -> None:
    mailing = sendings.digest(PEOPLE)
    parked(sendings, mailing)
    rosa = house.signed_in(ROSA)

    assert "Somebody who approves or administrates" in page(rosa, mailing)
    assert rosa.get("/console/parked").status_code == 403


def test_a_correction_goes_to_those_who_were_told_otherwise_and_once(
    house: House, sendings: Sendings
) -> None:
    mailing = sendings.digest(BATCH)
    sendings.send(mailing, 1)
    sendings.publish(sendings.day + timedelta(days=1))
    mod = house.signed_in(MOD)
    listed = mod.get("/console/corrections")
    [wrong] = house.project.corrector().wrong(house.now)
    path = f"/console/corrections/{wrong.action.public_id}"
    assert path in listed.text
    asked = words(mod.get(path))
    assert f"{BATCH} people get a letter" in asked

    told = mod.post(path, {"action": "changed"})
    twice = mod.post(path, {"action": "changed"})

    assert told.headers["location"] == "/console/corrections?done=sent"
    assert twice.status_code == 404
    assert house.verbs()[0] == "correct"
    [made, *_] = house.project.console.following.page((), most=1)
    sendings.send(made, 1)
    assert sendings.provider.accepted.total() == 2 * BATCH


def test_mailings_are_listed_newest_first_by_state_and_page_by_page(
    house: House, sendings: Sendings
) -> None:
    digest, call = sendings.digest(PEOPLE), sendings.call(30, "list")
    house.project.ledger.pause(digest.id, reason="wait", at=house.now)
    rosa = house.signed_in(ROSA)

    listed = rosa.get("/console/mailings").text
    running = rosa.get("/console/mailings?state=running").text
    over = rosa.get("/console/mailings?state=over").text
    older = rosa.get(f"/console/mailings?before={call.id}").text

    def place(where: str, mailing: Mailing) -> int:
        return where.find(f'/console/mailings/{mailing.id}"')

    assert 0 < place(listed, call) < place(listed, digest)
    assert place(running, digest) > 0
    assert place(over, digest) == -1
    assert (place(older, call), place(older, digest) > 0) == (-1, True)
    assert rosa.get("/console/mailings?before=x").status_code == 404
    assert rosa.get("/console/mailings/9999999").status_code == 404
