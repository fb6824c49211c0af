"""Changing what comes, over real HTTP."""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from mailer.core.audience import FOREVER
from mailer.core.preferences import Choices, Frequency
from mailer.core.scope import Scope
from mailer.core.tokens import Link, Purpose
from tests.e2e import plain
from tests.fakes.site import (
    NOW,
    UID,
    URGENT,
    WEEKLY,
    Site,
    a_reader,
    a_site,
    served,
)

ALL_AS_IT_WAS = {
    "language": "en",
    "frequency": "every",
    "where": "everywhere",
    "km": "161",
    "quiet_weeks": "no",
    "pause": "no",
    "until": "",
}
MORE = {**ALL_AS_IT_WAS, "quiet_weeks": "yes"}
REST = {"action": "rest"}
LEAVE_ALL = {"action": "leave-all"}
FOUR_WEEKS_ON = datetime(2019, 11, 5, 8, tzinfo=UTC)  # midnight in San Diego


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with served(a_site()) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.forget()
    running.readers.add(a_reader())
    return running


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with plain.Client(base_url=site.url) as client:
        yield client


class Visitor:
    """Somebody with the link, who reads what stands on the page."""

    def __init__(self, site: Site, client: httpx.Client) -> None:
        self._site = site
        self._client = client
        self.page = ""

    def look(self) -> str:
        return self._read(self._client.get(self._site.preferences))

    def post(self, data: Mapping[str, object]) -> str:
        return self._read(self._client.post(self._site.preferences, data=dict(data)))

    def save(self, **changes: object) -> str:
        return self.post({**ALL_AS_IT_WAS, **changes})

    def press_undo(self) -> str:
        number = re.search(r'name="change" value="(\d+)"', self.page)
        assert number is not None, "the page offers no way back"
        return self.post({"action": "undo", "change": number[1]})

    def _read(self, answer: httpx.Response) -> str:
        assert answer.status_code in (200, 422)
        self.page = answer.text
        return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.fixture
def visitor(site: Site, client: httpx.Client) -> Visitor:
    return Visitor(site, client)


def choose(site: Site, **changes: object) -> None:
    choices = replace(site.here.choices, **changes)  # type: ignore[arg-type]
    site.readers.add(replace(site.here, choices=choices))


# --- what it shows


def test_the_page_shows_what_is_chosen_now(site: Site, client: httpx.Client) -> None:
    choose(
        site,
        language="es",
        quiet_weeks=True,
        frequency=Frequency.MONTHLY,
        scope=Scope(regions=("us-ca", "us-nv")),
        paused_until=FOUR_WEEKS_ON,
    )

    page = client.get(f"{site.preferences}?lang=en").text

    for field in (
        'name="language" value="es"',
        'name="quiet_weeks" value="yes"',
        'name="frequency" value="monthly"',
        'name="where" value="regions"',
        'name="region" value="us-ca"',
        'name="region" value="us-nv"',
        'name="pause" value="until"',
    ):
        assert f"{field} checked" in page
    assert page.count("checked") == 7
    assert 'name="until" value="2019-11-05"' in page


def test_it_names_the_masked_address_and_never_the_whole(visitor: Visitor) -> None:
    assert "“Weekly actions”: the choices of o…@aftguild.example" in visitor.look()


def test_it_says_what_comes_next_and_when(visitor: Visitor) -> None:
    seen = visitor.look()

    assert "Your next mail Monday 14 October “Weekly actions”, in English" in seen


def test_a_list_without_a_cadence_promises_no_day_and_asks_for_no_rhythm(
    site: Site, client: httpx.Client
) -> None:
    site.readers.add(a_reader(list_number=URGENT))
    token = site.token(Purpose.PREFERENCES, list_number=URGENT)

    page = client.post(f"/p/{token}", data={"language": "es", "pause": "no"}).text

    assert "Cuando haga falta" in page
    assert 'name="frequency"' not in page
    other = site.readers.reader(UID, URGENT)
    assert other is not None
    assert other.language == "es"


def test_the_other_lists_are_a_link_away(site: Site, visitor: Visitor) -> None:
    site.readers.add(a_reader(list_number=URGENT))

    assert "Change what I get of “Urgent calls”" in visitor.look()
    assert site.token(Purpose.PREFERENCES, list_number=URGENT) in visitor.page


@pytest.mark.parametrize(
    ("told", "frequency", "day"),
    [
        (None, Frequency.MONTHLY, "Monday 14 October"),
        (datetime(2019, 10, 7, 15, tzinfo=UTC), Frequency.EVERY, "Monday 14 October"),
        (
            datetime(2019, 10, 7, 15, tzinfo=UTC),
            Frequency.FORTNIGHTLY,
            "Monday 21 October",
        ),
        (datetime(2019, 10, 7, 15, tzinfo=UTC), Frequency.MONTHLY, "Monday 4 November"),
    ],
)
def test_the_day_of_the_next_mail_goes_by_the_last_one(
    site: Site,
    visitor: Visitor,
    told: datetime | None,
    frequency: Frequency,
    day: str,
) -> None:
    site.readers.add(replace(site.here, told_at=told))
    choose(site, frequency=frequency)

    assert f"Your next mail {day}" in visitor.look()


IN_ENGLISH = "“Weekly actions”, in English"
SENT_NOTHING = "The coordinators send nothing to AFT Guild 1931"


@pytest.mark.parametrize(
    ("until", "next_mail"),
    [
        (
            datetime(2019, 11, 1, tzinfo=UTC),
            f"Monday 4 November {IN_ENGLISH} {SENT_NOTHING} until Friday, November 1.",
        ),
        (FOREVER, f"None {SENT_NOTHING} for now."),
        (datetime(2019, 10, 1, tzinfo=UTC), "Monday 14 October"),  # it is over
    ],
)
def test_no_mail_is_promised_while_the_organization_is_muted(
    site: Site, visitor: Visitor, until: datetime, next_mail: str
) -> None:
    site.readers.add(
        replace(site.here, organization="AFT Guild 1931", muted_until=until)
    )

    assert f"Your next mail {next_mail}" in visitor.look()


def test_distances_are_in_the_measure_of_the_readers_country(
    site: Site, visitor: Visitor
) -> None:
    assert "100 miles" in visitor.look()
    assert site.here.place is not None
    abroad = replace(site.here.place, country="MX", region="BCN")
    site.readers.add(replace(site.here, place=abroad))

    assert "100 kilometers" in visitor.look()


# --- saving


def test_saving_says_what_was_saved_and_what_comes_next(
    site: Site, visitor: Visitor
) -> None:
    seen = visitor.save(
        frequency="fortnightly", where="regions", region=["us-nv", "us-ca"]
    )

    assert site.here.choices == Choices(
        language="en",
        frequency=Frequency.FORTNIGHTLY,
        scope=Scope(regions=("us-ca", "us-nv")),
    )
    assert (
        "Saved. How often: every second week. Places: in California and Nevada." in seen
    )
    assert "It tells of actions in California and Nevada." in seen


def test_a_distance_is_chosen_in_miles_and_kept_in_kilometers(
    site: Site, visitor: Visitor
) -> None:
    seen = visitor.save(where="within", km="161")

    assert site.here.choices.scope == Scope(km=161)
    assert "Places: within 100 miles of San Diego, CA." in seen


def test_the_answer_is_in_the_language_that_was_just_chosen(
    site: Site, client: httpx.Client
) -> None:
    page = client.post(
        f"{site.preferences}?lang=en", data={**MORE, "language": "es"}
    ).text

    assert site.here.language == "es"
    assert "<strong>Guardado.</strong> Idioma: español." in page
    assert "“Acciones de la semana”, en español" in page


def test_saving_what_is_chosen_already_changes_nothing(
    site: Site, visitor: Visitor
) -> None:
    assert "Saved. All is as it was before." in visitor.save()
    assert site.readers.changes == {}


def test_a_pause_lasts_until_the_readers_own_midnight(
    site: Site, visitor: Visitor
) -> None:
    seen = visitor.save(pause="until", until="2019-11-04")

    assert site.here.choices.paused_until == datetime(2019, 11, 4, 8, tzinfo=UTC)
    assert "Your next mail Monday 4 November" in seen
    assert "Paused. This list rests until Monday, November 4." in seen
    assert "other list" not in seen


def test_whoever_pauses_a_list_reads_that_the_others_go_on(
    site: Site, visitor: Visitor
) -> None:
    site.readers.add(a_reader(list_number=URGENT))

    seen = visitor.save(pause="until", until="2019-11-04", frequency="urgent")

    assert "This list rests until Monday, November 4. Your other list goes on." in seen
    assert "Nothing comes" not in seen


def test_resting_four_weeks_is_one_press_and_keeps_everything_else(
    site: Site, visitor: Visitor
) -> None:
    choose(site, frequency=Frequency.FORTNIGHTLY, quiet_weeks=True)
    before = site.here.choices

    visitor.post(REST)

    assert site.here.choices == replace(before, paused_until=FOUR_WEEKS_ON)


def test_urgent_only_promises_no_digest(visitor: Visitor) -> None:
    seen = visitor.save(frequency="urgent")

    assert "Your next mail None No digest of “Weekly actions” comes." in seen
    assert "goes out by “Urgent calls”, which you are not on." in seen
    assert "/subscribe" in visitor.page


def test_who_is_on_the_list_for_what_is_urgent_reads_its_name(
    site: Site, visitor: Visitor
) -> None:
    site.readers.add(a_reader(list_number=URGENT))

    seen = visitor.save(frequency="urgent")

    assert "Your next mail When something is urgent" in seen
    assert "What cannot wait reaches you by “Urgent calls”." in seen


def test_somebody_who_has_left_is_promised_nothing(
    site: Site, visitor: Visitor
) -> None:
    site.readers.add(replace(site.here, active=False))

    seen = visitor.post(MORE)

    assert "Your next mail None You are not on “Weekly actions”." in seen
    assert 'value="undo"' in visitor.page


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"language": ""}, "Choose a language."),
        ({"language": "tlh"}, "Choose a language."),
        ({"quiet_weeks": "perhaps"}, "Choose whether you want a note."),
        ({"frequency": "hourly"}, "Choose how often it is to come."),
        ({"where": ""}, "Choose one of these."),
        ({"where": "within", "km": "-3"}, "Choose one of these."),
        ({"where": "within", "km": "9" * 40}, "Choose one of these."),
        ({"where": "regions"}, "Choose at least one state, or everywhere."),
        ({"where": "regions", "region": "<b>"}, "Choose at least one state"),
        ({"pause": "yes"}, "Choose one of these."),
        ({"pause": "until"}, "Choose a day from Wednesday, October 9, 2019"),
        ({"pause": "until", "until": "2019-10-08"}, "Choose a day from"),
        ({"pause": "until", "until": "2020-10-09"}, "to Thursday, October 8, 2020."),
        ({"pause": "until", "until": "soon"}, "Choose a day from"),
    ],
)
def test_a_form_that_cannot_be_read_changes_nothing_and_says_what_to_do(
    site: Site, visitor: Visitor, changes: dict[str, str], complaint: str
) -> None:
    before = site.here

    seen = visitor.post({**MORE, **changes})

    assert "Not saved yet." in seen
    assert complaint in seen
    assert 'name="quiet_weeks" value="yes" checked' in visitor.page or (
        "quiet_weeks" in changes
    )
    assert site.here == before
    assert site.notes.posted == {}


def test_an_empty_form_is_refused(site: Site, client: httpx.Client) -> None:
    before = site.here

    answer = client.post(site.preferences, data={})

    assert answer.status_code == 422
    assert site.here == before


# --- undo


def test_undo_restores_what_was_before_also_after_two_changes(
    site: Site, visitor: Visitor
) -> None:
    first = site.here.choices
    visitor.save(frequency="monthly", quiet_weeks="yes")
    second = site.here.choices
    visitor.save(frequency="urgent", language="es")

    visitor.press_undo()
    assert site.here.choices == second

    visitor.press_undo()
    assert site.here.choices == first


def test_an_old_page_undoes_only_what_it_changed_itself(
    site: Site, visitor: Visitor
) -> None:
    visitor.save(frequency="monthly", quiet_weeks="yes")
    old_page = visitor.page
    visitor.save(frequency="fortnightly", quiet_weeks="yes", language="es")

    visitor.page = old_page
    visitor.press_undo()

    assert site.here.choices == Choices(
        language="es", frequency=Frequency.FORTNIGHTLY, quiet_weeks=False
    )


def test_undoing_twice_says_that_nothing_is_left_to_undo(
    site: Site, visitor: Visitor
) -> None:
    visitor.save(frequency="monthly")
    page = visitor.page
    visitor.press_undo()
    visitor.page = page

    assert "There is nothing to undo any more." in visitor.press_undo()
    assert site.here.choices == Choices(language="en")


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "²", "77"])
def test_undoing_what_never_was_changes_nothing(
    site: Site, visitor: Visitor, number: str
) -> None:
    visitor.save(frequency="monthly")
    before = site.here

    seen = visitor.post({"action": "undo", "change": number})

    assert "There is nothing to undo any more." in seen
    assert site.here == before


def test_who_comes_by_the_note_days_later_finds_the_way_back(
    site: Site, visitor: Visitor
) -> None:
    visitor.post(REST)

    seen = visitor.look()

    assert (
        "Changed on Tuesday, October 8. This list rests until Tuesday, November 5."
        in seen
    )
    visitor.press_undo()
    assert site.here.choices.paused_until is None


# --- a forwarded copy cannot silence a list unnoticed


def notes(site: Site) -> list[tuple[str, Link | None]]:
    return [(kept.subject, link) for _, kept, link in site.notes.posted.values()]


@pytest.mark.parametrize(
    "less",
    [
        {**ALL_AS_IT_WAS, "frequency": "monthly"},
        {**ALL_AS_IT_WAS, "where": "regions", "region": "us-gu"},
    ],
)
def test_whoever_is_to_get_less_is_told_by_mail_once_a_day(
    site: Site, visitor: Visitor, less: Mapping[str, str]
) -> None:
    visitor.post(less)
    visitor.press_undo()
    visitor.post(less)

    assert notes(site) == [
        ("What you get from us has changed", Link(Purpose.PREFERENCES, WEEKLY))
    ]


@pytest.mark.parametrize("none", [REST, {**ALL_AS_IT_WAS, "frequency": "urgent"}])
def test_whoever_is_to_get_nothing_is_told_each_time_up_to_three_a_day(
    site: Site, visitor: Visitor, none: Mapping[str, str]
) -> None:
    visitor.post({**ALL_AS_IT_WAS, "frequency": "monthly"})
    told = []
    for _ in range(4):
        visitor.post(none)
        told.append(len(notes(site)))
        visitor.press_undo()

    assert told == [2, 3, 3, 3]


def test_a_later_note_says_all_that_keeps_mail_away(
    site: Site, visitor: Visitor
) -> None:
    visitor.post({**ALL_AS_IT_WAS, "where": "regions", "region": "us-gu"})
    visitor.post(REST)

    _, (_, kept, _) = site.notes.posted.values()
    words = " ".join("".join(kept.text.texts).split())
    assert "in Guam, paused until Tuesday, November 5." in words


def test_the_note_says_what_was_chosen(site: Site, visitor: Visitor) -> None:
    visitor.save(frequency="urgent", pause="until", until="2019-11-04")

    [(to, kept, _)] = site.notes.posted.values()
    words = " ".join("".join(kept.text.texts).split())
    assert to == UID
    assert (
        "Weekly actions: only what is urgent, paused until Monday, November 4." in words
    )


def test_whoever_is_to_get_more_is_not_written_to(site: Site, visitor: Visitor) -> None:
    choose(site, frequency=Frequency.MONTHLY)

    visitor.post(MORE)

    assert site.notes.posted == {}


def test_leaving_all_lists_is_one_press_one_note_and_one_undo(
    site: Site, visitor: Visitor
) -> None:
    site.readers.add(a_reader(list_number=URGENT))
    visitor.look()

    seen = visitor.post(LEAVE_ALL)

    assert "You have left every list." in seen
    assert not any(reader.active for reader in site.readers.people.values())
    [(subject, link)] = notes(site)
    assert "Weekly actions” and “Urgent calls" in subject
    assert link == Link(Purpose.PREFERENCES, WEEKLY)
    visitor.look()
    visitor.press_undo()
    assert all(reader.active for reader in site.readers.people.values())


def test_undoing_does_not_bring_back_a_list_that_was_left_before(
    site: Site, visitor: Visitor
) -> None:
    site.readers.add(replace(a_reader(list_number=URGENT), active=False))
    visitor.post(LEAVE_ALL)

    visitor.press_undo()

    assert site.is_on()
    other = site.readers.reader(UID, URGENT)
    assert other is not None
    assert not other.active


def test_leaving_by_the_page_sends_a_note_that_leads_back(
    site: Site, client: httpx.Client
) -> None:
    client.post(site.leave, data={"from": "page"})

    assert notes(site) == [("You left “Weekly actions”", Link(Purpose.LEAVE, WEEKLY))]


def test_whoever_is_taken_off_again_after_an_undo_is_told_again_but_not_for_ever(
    site: Site, client: httpx.Client
) -> None:
    for _ in range(6):
        client.post(site.leave, data={"from": "page"})
        client.post(site.leave, data={"from": "page", "action": "undo"})

    assert len(notes(site)) == 3


def test_leaving_by_a_mail_programs_one_click_sends_no_mail(
    site: Site, client: httpx.Client
) -> None:
    client.post(site.leave, data={"List-Unsubscribe": "One-Click"})

    assert not site.is_on()
    assert notes(site) == []


def test_leaving_counts_even_if_no_note_can_be_written(
    site: Site, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    site.notes.gone.add(UID)

    with caplog.at_level(logging.ERROR, "mailer.web"):
        answer = client.post(site.leave, data={"from": "page"})

    assert answer.status_code == 200
    assert not site.is_on()
    assert "no note was written: nobody has this id" in caplog.text


# --- links that are no good


def test_every_bad_link_gets_the_same_page_and_changes_nothing(
    site: Site, client: httpx.Client
) -> None:
    tokens = [
        site.token(Purpose.LEAVE),
        site.token(Purpose.PREFERENCES)[:-1],
        site.keyring.sign(Purpose.PREFERENCES, b"x" * 16, 1),
        site.keyring.sign(Purpose.PREFERENCES, UID, 77),
    ]
    before = dict(site.readers.people)

    shown = {client.get(f"/p/{token}").content for token in tokens}
    saved = {
        client.post(f"/p/{token}", data=data).content
        for token in tokens
        for data in (MORE, REST, LEAVE_ALL, {"action": "undo", "change": "1"}, {})
    }

    assert len(shown) == len(saved) == 1
    assert site.readers.people == before
    assert site.notes.posted == {}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_follows_every_link_of_every_page_changes_nothing(
    site: Site, client: httpx.Client, method: str
) -> None:
    site.readers.add(a_reader(list_number=URGENT))
    Visitor(site, client).post(REST)
    before = (dict(site.readers.people), len(site.notes.posted))
    waiting, seen = [site.leave, site.preferences], set[str]()

    while waiting:
        path = waiting.pop()
        if path in seen or "://" in path:
            continue
        seen.add(path)
        assert client.request(method, path).status_code < 400
        found = re.findall(r'(?:href|action)="([^"]+)"', client.get(path).text)
        waiting += [
            httpx.URL(site.url + path).join(each).raw_path.decode() for each in found
        ]

    assert len(seen) > 8
    assert (dict(site.readers.people), len(site.notes.posted)) == before


def test_what_is_older_than_a_month_is_not_offered_to_be_undone(
    site: Site, visitor: Visitor
) -> None:
    visitor.save(frequency="monthly")
    stack = site.readers.changes[UID, WEEKLY]
    stack[0] = replace(stack[0], at=NOW.replace(month=8))

    assert "Undo" not in visitor.look()
