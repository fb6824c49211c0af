"""From audience to variants: once per content, never too large, never forgeable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest

from mailer.core.audience import Group
from mailer.core.digest import KNOWN, Digest
from mailer.core.envelope import Segments
from mailer.core.errors import TemplateError
from mailer.core.limits import HTML_LIMIT
from mailer.core.lists import MailingList, parse
from mailer.core.model import Action, ActionStatus, Facts, Place
from mailer.core.routes import Route
from mailer.pipeline.compose import SHOWN, Composer, Composition
from mailer.ports import Composed, Mailing, Rendered
from tests.factories import MONDAY, action, facts, place
from tests.fakes.renderer import PlainRenderer

MAILING = Mailing(
    id=1,
    key=b"m" * 16,
    list_number=1,
    list_slug="weekly",
    edition="2019-10-07",
    state="planned",
    due_at=MONDAY,
    planned_at=MONDAY,
    as_of=MONDAY,
    until=MONDAY + timedelta(weeks=3),
)
BEYOND = date(2019, 12, 1)
CANCELLED = ActionStatus.CANCELLED


def weekly(**settings: object) -> MailingList:
    return parse({"title": "Weekly", **settings}, file="weekly.toml", slug="weekly")


def group(
    language: str = "en", place_id: int = 0, known: int = 0, *, quiet: bool = False
) -> Group:
    return Group(
        language=language, place_id=place_id, known_variant=known, quiet_weeks=quiet
    )


@dataclass
class Desk:
    """A composer over actions, places and memories that stand in dictionaries."""

    stored: list[Action] = field(default_factory=lambda: [action(1)])
    renderer: PlainRenderer = field(default_factory=PlainRenderer)
    memories: dict[int, dict[int, Facts]] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    audience: list[list[Group]] = field(default_factory=list)
    addressed: list[Mapping[Group, bytes | None]] = field(default_factory=list)
    secret: bytes = b"s" * 32

    # --- what a composer asks of its ledger and its actions

    def relevant(self, _as_of: object) -> Sequence[Action]:
        return self.stored

    def known(self, variant: int) -> Mapping[int, Facts]:
        return self.memories[variant]

    def place(self, number: int) -> Place | None:
        return self.places.get(number)

    def groups(self, _mailing: Mailing) -> Sequence[Group]:
        return self.audience.pop(0)

    def address(
        self,
        _mailing: Mailing,
        _variants: Sequence[Composed],
        assignment: Mapping[Group, bytes | None],
        **_options: object,
    ) -> Sequence[Group]:
        self.addressed.append(dict(assignment))
        return self.audience.pop(0) if self.audience else []

    # --- what the tests ask

    @property
    def composer(self) -> Composer:
        itself: Any = self
        return Composer(
            ledger=itself,
            actions=itself,
            renderer=self.renderer,
            secret=self.secret,
            route_of=lambda _list: Route(shares={"main": 1}),
            batch_size=lambda _list: 10,
        )

    def preview(self, *groups: Group, **settings: object) -> Composition:
        return self.composer.preview(MAILING, weekly(**settings), groups or [group()])

    def only(self, *groups: Group, **settings: object) -> Composed:
        [variant] = self.preview(*groups, **settings).variants
        return variant


# --- who shares a variant


def test_readers_who_are_told_the_same_share_one_variant() -> None:
    desk = Desk(memories={7: {1: facts()}, 8: {1: facts(sponsors=())}})

    composition = desk.preview(group(known=7), group(known=8))

    assert len(composition.variants) == len(desk.renderer.rendered) == 1
    assert len(set(composition.assignment.values())) == 1


@pytest.mark.parametrize(
    "other",
    [
        group("es"),
        group(place_id=3),
        group(known=7),  # knows it: nothing is new to them
    ],
)
def test_readers_who_are_told_something_else_do_not(other: Group) -> None:
    desk = Desk(memories={7: {1: facts()}}, places={3: place("Denver")})

    assert len(desk.preview(group(), other).variants) == 2


def test_a_wish_for_quiet_weeks_makes_no_variant_of_its_own() -> None:
    assert len(Desk().preview(group(), group(quiet=True)).variants) == 1


def test_the_same_content_is_the_same_variant_tomorrow() -> None:
    first, again = Desk().only(), Desk().only()

    assert first == again


def test_another_secret_or_mailing_has_other_markers_but_equal_mail() -> None:
    one, other = Desk().only(), Desk(secret=b"t" * 32).only()

    assert one == other


def test_everybody_who_appears_while_composing_is_composed_for() -> None:
    desk = Desk(audience=[[group()], [group("es")]])

    composition = desk.composer.compose(MAILING, weekly(), at=MONDAY)

    assert len(composition.variants) == 2
    assert [len(assignment) for assignment in desk.addressed] == [1, 2]


def test_progress_is_told_group_by_group() -> None:
    told: list[tuple[int, int]] = []
    desk = Desk(audience=[[group(), group("es")]])

    desk.composer.compose(
        MAILING, weekly(), at=MONDAY, progress=lambda n, of: told.append((n, of))
    )

    assert told == [(1, 2), (2, 2)]


# --- too little to tell


def test_with_fewer_actions_than_the_list_wants_readers_are_skipped() -> None:
    two = [action(1), action(2, "Denver")]

    assert Desk(two).preview(minimum_items=3).assignment == {group(): None}
    assert Desk(two).preview(minimum_items=2).variants


def test_whoever_wants_quiet_weeks_gets_a_note_without_actions() -> None:
    desk = Desk([action(1), action(2, "Denver")])
    note = desk.only(group(quiet=True), minimum_items=3)

    assert note.items == ()
    assert desk.renderer.rendered[0].sections == ()


def test_a_cancellation_goes_out_however_thin_the_week() -> None:
    desk = Desk([action(1, status=CANCELLED)], memories={7: {1: facts()}})

    assert desk.only(group(known=7), minimum_items=5).items == ((1, 1, "cancelled"),)


# --- what readers know


def test_a_variant_records_each_action_once_with_its_weightiest_kind() -> None:
    desk = Desk([action(1, day=13, version=2)], memories={7: {1: facts()}})

    assert desk.only(group(known=7)).items == ((1, 2, "changed"),)


def test_what_an_edition_leaves_out_stays_on_record_as_known() -> None:
    far = action(1, start_date=BEYOND, version=2)
    desk = Desk(
        [far, action(2, "Denver"), action(3, "Newark", start_date=BEYOND)],
        memories={7: {1: far.facts}},
    )

    assert desk.only(group(known=7)).items == ((2, 1, "new"), (1, 2, KNOWN))


def test_a_quiet_note_does_not_make_readers_forget() -> None:
    desk = Desk(memories={7: {1: facts()}})
    note = desk.only(group(known=7, quiet=True), minimum_items=2)

    assert note.items == ((1, 1, KNOWN),)


def test_readers_with_other_memories_do_not_share_them() -> None:
    far = action(1, start_date=BEYOND)
    desk = Desk([far, action(2)], memories={7: {1: far.facts}, 8: {}})

    variants = desk.preview(group(known=7), group(known=8)).variants

    assert sorted(len(variant.items) for variant in variants) == [1, 2]


# --- size


@dataclass
class Heavy(PlainRenderer):
    """So many bytes for the page, so many for each action in full."""

    page: int = 1000
    each: int = 0
    letter: str = "x"
    asked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def digest(
        self,
        digest: Digest,
        *,
        mailing_list: MailingList,
        shown: int,
        changes_shown: int | None = None,
        slots: Mapping[str, str],
    ) -> Rendered:
        plain = super().digest(
            digest,
            mailing_list=mailing_list,
            shown=shown,
            changes_shown=changes_shown,
            slots=slots,
        )
        self.asked.append(shown)
        weight = self.letter * (self.page + self.each * shown)
        return replace(plain, html=f"{weight}{plain.html}")


def crowd(number: int) -> list[Action]:
    return [action(n) for n in range(1, number + 1)]


def size(segments: Segments) -> int:
    return len("".join(segments.texts).encode())


def test_at_most_so_many_actions_are_asked_for_in_full() -> None:
    heavy = Heavy()
    Desk(crowd(100), heavy).only()

    assert heavy.asked == [SHOWN]


@pytest.mark.parametrize(
    ("page", "each"), [(1000, 5000), (80_000, 1000), (0, 91_000), (88_000, 100_000)]
)
def test_mail_fits_into_the_limit_with_as_many_actions_as_do(
    page: int, each: int
) -> None:
    heavy = Heavy(page=page, each=each)
    variant = Desk(crowd(20), heavy).only()

    assert size(variant.html) <= HTML_LIMIT
    assert heavy.asked == sorted(set(heavy.asked), reverse=True)
    room = HTML_LIMIT - 2000 - page  # for the lines that every action has anyway
    assert heavy.asked[-1] >= min(20, max(0, room // each))
    assert len(variant.items) == 20  # told, be it by the link


def test_bytes_count_not_letters() -> None:
    heavy = Heavy(page=HTML_LIMIT - 5000, letter="ñ")

    with pytest.raises(TemplateError):
        Desk(crowd(1), heavy).only()


def test_a_page_too_large_without_any_action_is_refused_with_its_size() -> None:
    heavy = Heavy(page=200_000, each=10_000)

    with pytest.raises(TemplateError, match=r"email/digest: 20\d{4} bytes .*92160"):
        Desk(crowd(30), heavy).only()

    assert heavy.asked[-1] == 0
    assert len(heavy.asked) < 10


# --- slots


@dataclass
class Careless(PlainRenderer):
    """Prints these words, with the slots' markers where a template put them."""

    parts: dict[str, str]

    def __post_init__(self) -> None:
        super().__init__()

    def digest(
        self,
        digest: Digest,
        *,
        mailing_list: MailingList,
        shown: int,
        changes_shown: int | None = None,
        slots: Mapping[str, str],
    ) -> Rendered:
        plain = super().digest(
            digest,
            mailing_list=mailing_list,
            shown=shown,
            changes_shown=changes_shown,
            slots=slots,
        )
        printed = {k: words.format(**slots) for k, words in self.parts.items()}
        return replace(plain, **printed)


@pytest.mark.parametrize(
    ("part", "words", "complaint"),
    [
        ("html", "{preferences} {reason_html}", "body.html: never prints .* leave_url"),
        ("html", "{leave} {preferences}", "body.html: never prints .* reason"),
        ("text", "{leave} {reason_text}", "body.txt: never prints .* preferences_url"),
        ("html", "{leave} {preferences} {reason_html} {reason_text}", "reason_text"),
        ("subject", "For {leave}", "subject"),
        ("preheader", "{reason_text}", "preheader"),
        ("subject", "", "subject is empty"),
        ("subject", "Weekly\r\nBcc: everybody@example.org", "line break"),
        ("subject", "Weekly \u202e", "control character"),
    ],
)
def test_a_careless_template_is_refused_before_anything_is_made(
    part: str, words: str, complaint: str
) -> None:
    desk = Desk(renderer=Careless({part: words}), audience=[[group()]])

    with pytest.raises(TemplateError, match=rf"templates/email/digest.*{complaint}"):
        desk.composer.compose(MAILING, weekly(), at=MONDAY)

    assert desk.addressed == []


def test_words_that_look_like_slots_are_printed_as_they_stand() -> None:
    hostile = "zq0123456789abcdef-leave-qz {{ leave }} ${leave} %(leave)s {leave}"
    where = replace(place(), label=hostile)
    variant = Desk([action(1, place=where)]).only()

    for segments in (variant.html, variant.text):
        assert hostile in "".join(segments.texts)
        assert segments.slots.count("leave") == 1


def test_a_variant_keeps_no_marker() -> None:
    variant = Desk().only()

    assert "-qz" not in "".join((*variant.html.texts, *variant.text.texts))
    assert variant.text.slots == ("leave", "preferences", "reason_text")
