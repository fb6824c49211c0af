"""An audience as rows of a form, and the words of a form as a draft."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from mailer.core import rule as rules
from mailer.core.rule import Rule
from mailer.web.console.calls.reading import (
    NotReadError,
    Typed,
    draft,
    of_draft,
    slug,
    typed,
)
from mailer.web.console.calls.rows import (
    Context,
    Join,
    Kind,
    Row,
    RowError,
    of_rule,
    to_data,
)
from mailer.web.form import Fields

HERE = Context(list_slug="urgent", action="k3J")
ZONE = ZoneInfo("America/Los_Angeles")
WORDS = {"list": "urgent", "en-headline": "Come to Otay Mesa\r\ntonight at 6"}


def row(kind: Kind | None, value: str = "", *, km: str = "", join: str = "or") -> Row:
    return Row(kind=kind, value=value, km=km, join=Join(join))


def read(*include: Row, without: tuple[Row, ...] = ()) -> Rule:
    return rules.read(to_data(include, without, HERE))


_VALUES = {
    Kind.REGION: ["California", "Puerto Rico", "mx-bcn"],
    Kind.ORGANIZATION: ["Unión del Barrio", "№ 12"],
    Kind.ORGANIZATION_KIND: ["union"],
    Kind.ENDORSES: ["october-2019"],
    Kind.ROLE: ["primary", "comms"],
    Kind.LANGUAGE: ["en", "es"],
    Kind.SPONSORS: ["k3J"],
    Kind.GOT: ["urgent/otay"],
    Kind.TAG: ["press"],
    Kind.LIST: ["urgent"],
}
_NEAR = st.builds(
    row,
    st.just(Kind.NEAR),
    st.just("San Diego, CA"),
    km=st.just("60"),
    join=st.sampled_from(Join),
)
_LISTED = st.sampled_from(list(_VALUES)).flatmap(
    lambda kind: st.builds(
        row,
        st.just(kind),
        st.lists(st.sampled_from(_VALUES[kind]), min_size=1, unique=True).map(
            "; ".join
        ),
        join=st.sampled_from(Join),
    )
)
_ROWS = st.lists(_NEAR | _LISTED, max_size=5)


@given(include=_ROWS, exclude=_ROWS)
def test_what_rows_say_is_shown_as_rows_that_say_the_same(
    include: list[Row], exclude: list[Row]
) -> None:
    rule = read(*include, without=tuple(exclude))
    shown = of_rule(rule)

    assert shown is not None
    assert rules.dump(read(*shown[0], without=tuple(shown[1]))) == rules.dump(rule)


@pytest.mark.parametrize(
    ("include", "rule"),
    [
        ([row(None)], '{"include":[]}'),
        (
            [row(Kind.REGION, "ca; Nevada; us-az")],
            '{"include":[{"region":["us-az","us-ca","us-nv"]}]}',
        ),
        ([row(Kind.LANGUAGE, "Español")], '{"include":[{"language":"es"}]}'),
        ([row(Kind.LIST)], '{"include":[{"list":"urgent"}]}'),
        ([row(Kind.SPONSORS)], '{"include":[{"sponsors":"k3J"}]}'),
        (
            [
                row(Kind.TAG, "press"),
                row(Kind.REGION, "CA"),
                row(Kind.LANGUAGE, "es", join="and"),
            ],
            '{"include":[{"all":[{"language":"es"},{"region":"us-ca"}]},{"tag":"press"}]}',
        ),
    ],
)
def test_rows_mean_what_they_say(include: list[Row], rule: str) -> None:
    assert rules.dump(read(*include)) == rule


@pytest.mark.parametrize(
    "wrong",
    [
        row(None, "California"),
        row(Kind.REGION),
        row(Kind.NEAR, "San Diego, CA"),
        row(Kind.NEAR, "San Diego, CA", km="some"),
        row(Kind.NEAR, "San Diego, CA; Reno, NV", km="3"),
    ],
)
def test_half_a_row_is_mended_and_not_taken_for_nobody(wrong: Row) -> None:
    with pytest.raises(RowError) as error:
        read(row(Kind.TAG, "press"), wrong)

    assert error.value.index == 1


@pytest.mark.parametrize(
    "rule",
    [
        '{"include":[{"not":{"tag":"press"}}]}',
        '{"include":[{"any":[{"tag":"a"},{"tag":"b"}]}]}',
        '{"include":[{"seat":{"kind":"union","role":"comms"}}]}',
        '{"include":[{"subscriber":7}]}',
        '{"include":[{"organization":"A; B"}]}',
    ],
)
def test_what_no_row_can_say_stays_json(rule: str) -> None:
    assert of_rule(rules.parse(rule)) is None


def test_a_form_becomes_a_draft_and_the_draft_the_same_form() -> None:
    form = typed(
        Fields(
            [
                *WORDS.items(),
                ("urgent", "yes"),
                ("en-body", "Park at the **east** lot.\r\n\r\n- come"),
                ("es-headline", "Vengan"),
                ("until-day", "2026-11-21"),
                ("until-time", "20:00"),
                ("about", "k3J"),
                ("include-join", "or"),
                ("include-kind", "region"),
                ("include-value", "California"),
                ("include-km", ""),
            ]
        )
    )
    made = draft(form, taken={"come-to-otay-mesa-tonight-at-6"}, zone=ZONE)

    assert made.name == "urgent/come-to-otay-mesa-tonight-at-6-2"
    assert made.wordings[0].headline == ("Come to Otay Mesa", "tonight at 6")
    assert made.wordings[0].body == "Park at the **east** lot.\n\n- come"
    assert made.not_after == datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
    again = draft(of_draft(made, zone=ZONE), taken=(), zone=ZONE)
    assert again == made


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"en-headline": ""}, "en-headline"),
        ({"en-headline": "x" * 90}, "en-headline"),
        ({"en-where": "x" * 301}, "en-where"),
        ({"en-headline": "Fine", "en-reason": "\x07"}, "en-reason"),
        ({"both": "yes"}, "both"),
        ({"until-day": "soon"}, "until-day"),
        ({"edition": "Not A Name"}, "edition"),
        ({"list": ""}, "list"),
        ({"rule": "{"}, "rule"),
        ({"rule": '{"include":[{"planet":"mars"}]}'}, "rule"),
    ],
)
def test_what_is_wrong_is_marked_where_it_stands(
    changed: dict[str, str], field: str
) -> None:
    with pytest.raises(NotReadError) as error:
        draft(Typed(values={**WORDS, **changed}), taken=(), zone=ZONE)

    assert list(error.value.fields) == [field]


@given(words=st.text(max_size=60), taken=st.integers(0, 12))
def test_a_name_made_of_words_is_one_and_is_free(words: str, taken: int) -> None:
    before: set[str] = set()
    for _ in range(taken):
        before.add(slug(words, before))
    made = slug(words, before)

    assert made not in before
    assert (
        draft(Typed(values={**WORDS, "edition": made}), taken=(), zone=ZONE).edition
        == made
    )


@pytest.mark.parametrize("written", ["califronia", "us-zz", "us-", "california nevada"])
def test_a_state_that_there_is_not_is_named(written: str) -> None:
    form = Typed(
        values=WORDS, include=[row(Kind.REGION, f"Nevada; {written}")], exclude=[]
    )

    with pytest.raises(NotReadError) as found:
        form.rule()

    assert (found.value.fields, found.value.state) == (["include-0"], written)


def test_what_is_said_of_a_field_on_a_page_is_without_the_key_of_a_file() -> None:
    rows = [row(Kind.REGION, "Nevada")]
    empty = Typed(values={"list": "urgent"}, include=rows, exclude=[])
    long = Typed(values={**WORDS, "en-where": "x" * 400}, include=rows, exclude=[])

    with pytest.raises(NotReadError) as nothing:
        draft(empty, taken=(), zone=ZONE)
    with pytest.raises(NotReadError) as much:
        draft(long, taken=(), zone=ZONE)

    assert (nothing.value.fields, nothing.value.words) == (["en-headline"], "")
    assert much.value.fields == ["en-where"]
    assert much.value.words == "has 400 characters; at most 300 fit"
