"""Sharing a plan, from the form to those who were told something else: over HTTP."""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from mailer.cli import delivering
from mailer.core.errors import RefusedError
from mailer.core.tokens import Purpose
from tests.e2e import plain
from tests.e2e.conftest import Shell, copied
from tests.e2e.town import MONDAY, Town
from tests.unit.test_sharing import VIGIL

ADDRESS = "ana@host.example"
PLAN = {**VIGIL, "address": ADDRESS}
DAY = timedelta(days=1)


@dataclass
class Stage:
    """A town in which somebody shares a plan."""

    town: Town
    read: set[Path] = field(default_factory=set)

    def post(self, path: str, **data: str) -> httpx.Response:
        # The first new place of a process has the gazetteer loaded.
        return plain.post(self.town.url + path, data=data, timeout=60)

    def send(self, **changes: str) -> httpx.Response:
        return self.post("/share", **{**PLAN, **changes}, step="send")

    def letters(self, to: str = ADDRESS) -> list[Any]:
        """Send what is due; returns what came to an address since the last look."""
        project = self.town.project
        project.clerk(print).admit()
        project.rechecker(print).recheck()
        delivering.work(project, until_idle=True)
        project.fleet.close()
        files = set((project.folder / "outbox").rglob("*.eml")) - self.read
        self.read |= files
        found = [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in sorted(files)
        ]
        return [one for one in found if one["To"] == to]

    def link(self, to: str = ADDRESS) -> str:
        """Return where the only new letter's button leads."""
        (letter,) = self.letters(to)
        return link_of(letter)

    def confirmed(self, **changes: str) -> str:
        """Share a plan and confirm it; returns the host's private link."""
        self.send(**changes)
        self.post(self.link(), action="confirm")
        return self.link()

    def listed(self, **changes: str) -> str:
        """Share a plan that is accepted; returns the host's private link."""
        self.confirmed(**changes)
        (waiting,) = self.town.project.requests.waiting()
        self.town.project.moderator("cli").accept(waiting.number)
        return self.link()

    def page(self, link: str) -> str:
        return words(self.town.get(link).text)

    def press(self, link: str, action: str, **data: str) -> str:
        """Press a button on the host's page, as it is shown now."""
        found = re.search(r'name="version" value="(\d+)"', self.town.get(link).text)
        assert found is not None
        answer = self.post(link, action=action, version=found[1], **data)
        assert answer.status_code in (200, 422)
        return words(answer.text)

    def save(self, link: str, **changes: str) -> str:
        return self.press(link, "save", **{**PLAN, **changes})


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


def link_of(letter: Any) -> str:
    text = letter.get_body(("plain",)).get_content()
    found = re.search(r"https?://[^/\s]+(/[chi]/[\w-]{51})", text)
    assert found is not None, text
    return found[1]


@pytest.fixture(scope="module")
def settled(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    shell = copied(initial, tmp_path_factory.mktemp("settled"))
    shell.edit(
        "mailer.toml",
        "[coalition]",
        '[coalition]\ncoordinators = ["desk@coalition.example"]',
    )
    town = Town(shell.folder)
    town.settle()
    town.project.close()
    return shell


@pytest.fixture
def stage(settled: Shell, tmp_path: Path) -> Iterator[Stage]:
    with Town(copied(settled, tmp_path).folder).open() as town:
        yield Stage(town)


# --- the form


def test_what_is_shown_before_it_is_sent_is_what_readers_will_see(stage: Stage) -> None:
    answer = stage.post("/share", **PLAN)

    shown = words(answer.text)
    assert answer.status_code == 200
    assert "San Diego, CA Vigil for Roxsana" in shown
    assert "6:30" in shown
    assert "Chicano Park, 1949 Logan Ave" in shown
    assert "Unión del Barrio and Border Angels" in shown
    assert not stage.letters()
    again = stage.post("/share", **PLAN, step="edit")
    assert 'value="Vigil for Roxsana"' in again.text


def test_what_must_be_mended_is_said_at_its_field_in_both_languages(
    stage: Stage,
) -> None:
    wrong = {**PLAN, "day": "2019-10-01", "sponsors": "", "step": "send"}
    english, spanish = (
        stage.post(f"/share?lang={language}", **wrong) for language in ("en", "es")
    )

    assert english.status_code == 422
    assert "Choose a day that is still to come" in english.text
    assert 'aria-describedby="day-wrong" aria-invalid="true" autofocus' in english.text
    assert 'href="#sponsors"' in english.text
    assert "Elija un día que aún no haya pasado" in spanish.text
    assert 'value="Vigil for Roxsana"' in spanish.text
    assert not stage.letters()


def test_an_address_that_cannot_be_mailed_is_a_slip_to_mend(stage: Stage) -> None:
    answer = stage.send(address="ana@-host-.example")

    assert answer.status_code == 422
    assert "Write an address that can get mail" in answer.text


def test_a_place_that_nobody_knows_is_asked_about_and_taken(stage: Stage) -> None:
    assert "Choose a city with the same time" in stage.send(city="Zzyzxville").text or (
        "We do not know" in stage.post("/share", **{**PLAN, "city": "Zzyzxville"}).text
    )
    answer = stage.post(
        "/share", **{**PLAN, "city": "Zzyzxville", "zone": "America/Denver"}
    )

    assert "We do not know Zzyzxville, CA." in words(answer.text)


def test_what_people_typed_is_printed_and_not_run(stage: Stage) -> None:
    title = "<script>alert(1)</script>{{ 7 * 7 }}\u202e"
    answer = stage.post("/share", **{**PLAN, "title": title})

    assert "<script>" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 * 7 }}" in answer.text


def test_a_program_that_fills_every_field_sends_nothing(stage: Stage) -> None:
    answer = stage.send(homepage="https://spam.example")

    assert answer.status_code == 200
    assert not stage.letters()


def test_a_form_that_is_far_too_long_is_not_read(stage: Stage) -> None:
    assert stage.send(sponsors="x" * 70_000).status_code == 413


# --- from the form to the list


def test_nobody_is_told_of_a_plan_before_its_host_and_a_moderator_agree(
    stage: Stage,
) -> None:
    project = stage.town.project
    stage.send()
    assert not project.requests.waiting()
    assert not project.actions.every()

    link = stage.confirmed()
    assert not project.actions.every()
    assert "Not listed yet." in stage.page(link)
    (waiting,) = project.requests.waiting()
    assert waiting.facts["title"] == "2019-10-19 San Diego, CA: Vigil for Roxsana"

    public_id = project.moderator("cli").accept(waiting.number)
    (letter,) = stage.letters()
    assert letter["Subject"].startswith("Your action is listed: San Diego, CA")
    assert "Vigil for Roxsana" in stage.town.get(f"/actions/{public_id}").text
    # The link in the first letter goes on to what it has become.
    assert "Yes, all of it is right" in stage.page(link)


def test_the_host_is_told_in_their_language_with_a_link_of_their_own(
    stage: Stage,
) -> None:
    stage.post("/share?lang=es", **PLAN, step="send")
    confirm = stage.link()
    stage.post(confirm, action="confirm")
    (letter,) = stage.letters()

    assert letter["Subject"].startswith("Recibimos su acción: San Diego, CA")
    assert "Aún no está publicada." in stage.page(link_of(letter))


def test_coordinators_are_told_that_something_waits(stage: Stage) -> None:
    stage.send()
    stage.post(stage.link(), action="confirm")

    (letter,) = stage.letters(to="desk@coalition.example")

    assert letter["Subject"] == "Somebody waits for you to decide"


def test_what_is_declined_comes_back_with_the_moderators_words_and_can_be_sent_again(
    stage: Stage,
) -> None:
    stage.confirmed()
    project = stage.town.project
    (waiting,) = project.requests.waiting()
    project.moderator("cli").decline(waiting.number, reason="Which gate is it?")

    (letter,) = stage.letters()
    text = letter.get_body(("plain",)).get_content()
    assert "Which gate is it?" in text
    link = link_of(letter)
    assert "Which gate is it?" in stage.page(link)

    assert "Sent." in stage.save(link, venue="Gate 3")
    (again,) = project.requests.waiting()
    assert again.facts["submission"]["facts"]["venue"] == "Gate 3"
    with pytest.raises(RefusedError):
        project.moderator("cli").accept(waiting.number)
    project.moderator("cli").accept(again.number)
    assert project.actions.every()[0].facts.venue == "Gate 3"


def test_what_waits_can_be_changed_and_taken_back(stage: Stage) -> None:
    link = stage.confirmed()
    requests = stage.town.project.requests

    assert "All is as it was before." in stage.save(link)
    assert "Sent." in stage.save(link, title="Another title")
    assert "Taken back." in stage.press(link, "cancel")
    assert not requests.waiting()
    assert "Sent." in stage.press(link, "again")
    assert len(requests.waiting()) == 1


# --- the host's page


def test_opening_the_link_changes_nothing(stage: Stage) -> None:
    link = stage.listed()
    url = stage.town.url + link
    before = stage.town.project.actions.every()

    answer = plain.get(url)
    plain.head(url)
    plain.get(url)

    assert stage.town.project.actions.every() == before
    assert not stage.town.project.hosts.answers(stage.town.now)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_change_stands_on_the_site_at_once_and_the_coordinators_are_told(
    stage: Stage,
) -> None:
    link = stage.listed()
    (action,) = stage.town.project.actions.every()

    assert "Saved." in stage.save(link, clock="19:00", venue="Gate 3")

    page = stage.town.get(f"/actions/{action.public_id}").text
    assert "Gate 3" in page
    assert "7:00" in page
    (letter,) = stage.letters(to="desk@coalition.example")
    assert letter["Subject"].startswith("Changed by its host: San Diego, CA")
    versions = stage.town.project.actions.history(action.public_id)
    assert [by for _, _, by, _ in versions] == ["form", "host"]


def test_cancelling_is_said_everywhere_and_taken_back_on_the_same_page(
    stage: Stage,
) -> None:
    link = stage.listed()
    (action,) = stage.town.project.actions.every()

    assert "Cancelled." in stage.press(link, "cancel")
    assert "Please do not go" in stage.town.get(f"/actions/{action.public_id}").text
    (letter,) = stage.letters(to="desk@coalition.example")
    assert letter["Subject"].startswith("Cancelled by its host")

    assert "Undone." in stage.press(link, "undo")
    assert stage.town.project.actions.every()[0].facts == action.facts
    assert len(stage.letters(to="desk@coalition.example")) == 1


def test_what_cannot_be_saved_is_shown_again_and_changes_nothing(stage: Stage) -> None:
    link = stage.listed()

    said = stage.save(link, day="2019-10-01", title="Another")

    assert "Not saved yet." in said
    assert stage.town.project.actions.every()[0].facts.title == "Vigil for Roxsana"


def test_a_page_that_is_too_old_changes_nothing(stage: Stage) -> None:
    link = stage.listed()
    stage.save(link, title="Newer")

    late = stage.post(link, action="cancel", version="1")

    assert "Nothing was changed." in words(late.text)
    assert not stage.town.project.actions.every()[0].facts.status.is_off


def test_a_link_of_another_purpose_or_person_leads_nowhere(stage: Stage) -> None:
    link = stage.listed()
    keyring, project = stage.town.project.keyring, stage.town.project
    (action,) = project.actions.every()
    mine = keyring.read(link.removeprefix("/h/"))
    assert mine is not None
    strange = [
        keyring.sign(Purpose.PREFERENCES, mine.uid, action.id),
        keyring.sign(Purpose.HOST, bytes(16), action.id),
        keyring.sign(Purpose.HOST, mine.uid, action.id + 1),
        keyring.sign(Purpose.PROPOSE, mine.uid, action.id + 9),
        "x" * 51,
    ]

    pages = {stage.town.get(f"/h/{token}").text for token in strange}
    posted = {
        stage.post(f"/h/{token}", action="cancel", version="1").text
        for token in strange
    }

    assert len(pages) == len(posted) == 1
    assert "This link does not work." in pages.pop()
    assert not project.actions.every()[0].facts.status.is_off


def test_both_links_of_a_host_work_as_long_as_their_action_is_to_come(
    stage: Stage,
) -> None:
    first = stage.confirmed(day="2020-03-07")
    stage.save(first, day="2020-03-08")
    (waiting,) = stage.town.project.requests.waiting()
    stage.town.project.moderator("cli").accept(waiting.number)
    second = stage.link()
    stage.town.now = MONDAY + 150 * DAY

    stage.town.project.prune()

    for link in (first, second):
        assert "Otay Mesa" in stage.page(link)
    assert "Cancelled. The site says so already." in stage.press(first, "cancel")
    stage.town.now += DAY * 60
    stage.town.project.prune()
    assert "It may have been cut in two" in stage.page(first)


def test_what_is_over_is_a_plain_page(stage: Stage) -> None:
    link = stage.listed()
    stage.town.now = MONDAY + 20 * DAY

    page = stage.town.get(link)

    assert "This action has taken place" in page.text
    assert "<form" not in page.text
    stage.post(link, action="cancel", version="1")
    assert not stage.town.project.actions.every()[0].facts.status.is_off


def test_only_who_shows_it_to_everybody_is_reached_from_the_actions_page(
    stage: Stage,
) -> None:
    link = stage.listed(shown_to="nobody")
    path = f"/actions/{stage.town.id_of('San Diego')}"
    assert ADDRESS not in stage.town.get(path).text

    stage.save(link, shown_to="everybody")

    assert f"mailto:{ADDRESS}" in stage.town.get(path).text.replace("%40", "@")
    stage.press(link, "undo")
    assert ADDRESS not in stage.town.get(path).text


# --- still right?


def test_hosts_are_asked_two_days_before_and_one_press_answers(stage: Stage) -> None:
    stage.listed()
    hosts, town = stage.town.project.hosts, stage.town
    assert not stage.letters()
    town.now = MONDAY + 5 * DAY + timedelta(minutes=1)

    (letter,) = stage.letters()
    link = link_of(letter)
    assert letter["Subject"].startswith("Still right? San Diego, CA")
    assert not stage.letters()  # a tick later
    (answer,) = hosts.answers(town.now).values()
    assert answer.asked_for == "weekly/2019-10-14"
    assert answer.right_at is None
    assert "We asked you whether it is still right." in stage.page(link)

    assert "We have noted that all of it is right." in stage.press(link, "right")
    (answer,) = hosts.answers(town.now).values()
    assert answer.right_at == town.now


def test_whoever_told_of_it_since_then_is_not_asked(stage: Stage) -> None:
    stage.town.now = MONDAY + 5 * DAY + timedelta(hours=1)
    stage.listed()

    assert not stage.letters()


def test_a_day_before_it_is_too_late_to_ask(stage: Stage) -> None:
    stage.listed()
    stage.town.now = MONDAY + 6 * DAY + timedelta(hours=2)

    assert not stage.letters()


def test_a_cancelled_action_needs_no_answer(stage: Stage) -> None:
    link = stage.listed()
    stage.press(link, "cancel")
    stage.town.now = MONDAY + 5 * DAY + timedelta(hours=1)

    assert not stage.letters()


# --- on the command line


def test_moderators_see_what_was_sent_and_who_has_not_answered(stage: Stage) -> None:
    shell = Shell(stage.town.project.folder)
    stage.confirmed(city="Bay Area", zone="America/Los_Angeles")
    at = ("--as-of", "2019-10-07T15:00:00Z")

    (row,) = shell("requests", "--json", *at).json
    number = str(row["number"])
    shown = shell("requests", "show", number, *at).out
    assert "Target: Otay Mesa Detention Center" in shown
    assert "Sponsors: Unión del Barrio, Border Angels" in shown
    assert ADDRESS not in shown
    shell("requests", "accept", number, *at)
    soon = ("--as-of", "2019-10-12T15:00:00Z")
    assert "No host was asked yet" in shell("actions", "--unanswered", *at).err
    (would,) = shell("actions", "--to-ask", "--json", *soon).json
    assert would["edition"] == "weekly/2019-10-14"
    assert "2019-10-12T15:00:00Z" in shell("actions", "--to-ask", *at).err

    stage.town.now = MONDAY + 5 * DAY + timedelta(minutes=1)
    stage.letters()

    later = ("--as-of", "2019-10-12T16:00:00Z")
    (action,) = shell("actions", "--unanswered", "--json", *later).json
    assert action["host"]["asked_for"] == "weekly/2019-10-14"
    assert "no answer" in shell("actions", *later).out


def test_a_coordinator_corrects_what_an_edition_told(stage: Stage) -> None:
    link = stage.listed()
    stage.town.send()
    stage.letters()
    shell = Shell(stage.town.project.folder)
    stage.save(link, day="2019-10-20")
    stage.letters()
    at = ("--as-of", "2019-10-07T16:00:00Z")

    listed = shell("corrections", *at)
    (wrong,) = shell("corrections", "--json", *at).json
    assert "weekly/2019-10-07" in listed.out
    assert wrong["differs"] == ["start_date"]
    assert wrong["readers"] == {"en": 1, "es": 1}

    dry = shell("corrections", "send", wrong["action"], "--dry-run", *at)
    assert "2 readers of weekly/2019-10-07" in dry.out
    assert not stage.letters("ben@aft.example")
    sent = shell("corrections", "send", wrong["action"], "--json", *at).json
    (name,) = sent["mailings"]
    standing = shell("status", name, "--json").json
    assert standing["state"] == "finished"
    assert standing["deliveries"]["sent"] == 2

    (english,) = stage.letters("ben@aft.example")
    assert english["Subject"].startswith("San Diego has changed since our mail of")
    assert "/u/" in english["List-Unsubscribe"]
    again = shell("corrections", "send", wrong["action"], *at, check=False)
    assert again.code == 1
    assert "nobody is to be told" in again.err
    assert shell("corrections", *at).out == ""
    missing = shell("corrections", "send", "nothing", *at, check=False)
    assert "there is no action nothing" in missing.err
