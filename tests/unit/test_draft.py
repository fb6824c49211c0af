"""A draft says what it means, or which key in which line is wrong and what to write."""

import json
import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from mailer.core import draft as drafts
from mailer.core.blast import Urgency
from mailer.core.draft import Draft, Wording, content_hash, dump, parse
from mailer.core.errors import InputError
from mailer.core.lines import key_lines
from mailer.core.rule import InRegion, Reads, Rule, Tagged

OTAY = """\
list = "urgent"
edition = "otay-mesa"
not_after = 2019-10-10T19:00:00-07:00

[audience]
include = [
  { region = "us-ca" },
]

[en]
headline = ["Come to Otay Mesa", "tonight at 6"]
body = '''
Bring water.
answer = "this is no key"
'''
where = "Main gate"
"""


def read(words: str) -> Draft:
    return parse(tomllib.loads(words), file="otay.toml", lines=key_lines(words))


def changed(before: str, after: str) -> str:
    assert before in OTAY
    return OTAY.replace(before, after)


def test_a_file_is_read_as_it_is_written() -> None:
    draft = read(OTAY)

    assert draft.name == "urgent/otay-mesa"
    assert draft.not_after == datetime(2019, 10, 11, 2, tzinfo=UTC)
    assert draft.audience == Rule(include=(InRegion(regions=("us-ca",)),))
    assert draft.wordings == (
        Wording(
            language="en",
            headline=("Come to Otay Mesa", "tonight at 6"),
            body='Bring water.\nanswer = "this is no key"',
            where="Main gate",
        ),
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            changed('"urgent"', '"Urgent calls"'),
            "otay.toml, line 1: list: use small letters",
        ),
        (changed("-07:00", ""), "otay.toml, line 3: not_after: nobody knows of which"),
        (
            changed("2019-10-10T19:00:00-07:00", '"tonight"'),
            "line 3: not_after: write a date",
        ),
        (changed("us-ca", "California"), "line 5: audience: include[0].region"),
        (
            changed("include", "includes"),
            "line 5: audience: includes: is not known here",
        ),
        (changed("where", "wher"), "otay.toml, line 16: [en] wher: is not known here"),
        (changed('"tonight at 6"', "6"), "line 11: [en] headline: write ["),
        (
            changed("tonight at 6", "tonight\\n6"),
            "line 11: [en] headline: line 2 holds",
        ),
        (OTAY.partition("[en]")[0], "otay.toml: en: there are no words"),
        (
            "both_languages = true\n" + OTAY,
            "otay.toml, line 1: both_languages: there is no [es]",
        ),
        ("urgent = 1\n" + OTAY, "line 1: urgent: must be true or false"),
    ],
)
def test_a_mistake_is_told_with_file_line_key_and_the_way_out(
    words: str, told: str
) -> None:
    with pytest.raises(InputError) as error:
        read(words)

    assert told in str(error.value)


def test_without_an_audience_it_is_for_nobody() -> None:
    words = OTAY.partition("[audience]")[0] + "[en]" + OTAY.partition("[en]")[2]

    assert read(words).audience == Rule()


_line = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=40
)
_optional = st.none() | _line
_wording = {
    "headline": st.lists(_line, min_size=1, max_size=4).map(tuple),
    "preheader": _optional,
    "reason": st.just("") | _line,
    "body": st.just("") | _line,
    "where": _optional,
    "target": _optional,
    "bring": _optional,
    "answer": _optional,
}
_moments = st.integers(0, 4_000_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
_rules = st.builds(
    Rule,
    include=st.lists(
        st.sampled_from(
            [
                InRegion(regions=("us-ca",)),
                Reads(languages=("es",)),
                Tagged(tags=("union",)),
            ]
        ),
        unique=True,
    ).map(tuple),
)
_drafts = st.builds(
    Draft,
    list_slug=st.just("urgent"),
    edition=st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True),
    wordings=st.tuples(st.builds(Wording, language=st.just("en"), **_wording))
    | st.tuples(
        st.builds(Wording, language=st.just("en"), **_wording),
        st.builds(Wording, language=st.just("es"), **_wording),
    ),
    audience=_rules,
    urgency=st.sampled_from(Urgency),
    action=_optional,
    answer_url=_optional,
    not_after=st.none() | _moments,
    despite_quiet_hours=_optional,
    corrects=_optional,
)


@given(_drafts)
def test_what_is_kept_is_what_was_written(draft: Draft) -> None:
    kept = json.loads(json.dumps(dump(draft)))

    again = parse(kept, file="kept")

    assert content_hash(again) == content_hash(draft)
    assert dump(again) == dump(draft)


@given(_drafts, _drafts)
def test_two_drafts_that_differ_have_different_hashes(one: Draft, two: Draft) -> None:
    assert (content_hash(one) == content_hash(two)) == (dump(one) == dump(two))


@pytest.mark.parametrize(
    "changes",
    [
        {"edition": "otay"},
        {"urgent": True},
        {"not_after": "2019-10-10T20:00:00-07:00"},
        {"despite_quiet_hours": "tonight"},
        {"audience": {"include": [{"region": "us-nv"}]}},
        {"audience": {"include": [{"region": "us-ca"}], "exclude": [{"tag": "x"}]}},
        {"answer_url": "https://example.org/"},
    ],
)
def test_an_approval_is_bound_to_all_of_it(changes: dict[str, Any]) -> None:
    data = tomllib.loads(OTAY)

    before = parse(data, file="otay.toml")
    after = parse({**data, **changes}, file="otay.toml")

    assert drafts.content_hash(before) != drafts.content_hash(after)


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:00-14:00"]
)
def test_a_last_moment_outside_the_calendar_is_refused_by_its_key(moment: str) -> None:
    with pytest.raises(InputError, match="line 3: not_after: no calendar has the year"):
        read(changed("2019-10-10T19:00:00-07:00", f'"{moment}"'))


def test_a_number_too_long_to_be_written_is_refused_by_its_path() -> None:
    endless = f"{{ subscriber = 0x{'f' * 9_000} }}"
    with pytest.raises(InputError, match=r"include\[0\]\.subscriber: must be from 1"):
        read(changed('{ region = "us-ca" }', endless))


def test_a_body_that_no_database_holds_is_refused_by_its_key() -> None:
    body = "body = '"  # until the end of the line
    with pytest.raises(InputError, match="body: contains a character that no mail"):
        read(
            OTAY.partition(body)[0]
            + 'body = "Bring\\u0000 water"\nwhere = "Main gate"\n'
        )
