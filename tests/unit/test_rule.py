"""A rule is read exactly, written in one way, and said in words."""

import json
import re
from time import monotonic
from typing import Any

import pytest
from babel import Locale
from hypothesis import given, strategies as st

from mailer.adapters.renderer.environment import translations
from mailer.adapters.renderer.telling import Telling
from mailer.core import rule as rules
from mailer.core.errors import InputError
from mailer.core.model import Place
from mailer.core.rule import AllOf, InRegion, Near, Not, Rule, Seated
from tests.factories import place
from tests.fakes.site import TEMPLATES

SPANISH = Telling(Locale("es"), translations(TEMPLATES / "translations", "es"))
ENGLISH = re.compile(r"\b(is|are|must|the|write|not known|too|missing|of)\b")


def parse(include: Any, exclude: Any = None) -> Rule:
    said = {"include": include}
    return rules.read(said if exclude is None else {**said, "exclude": exclude})


# --- reading


def test_a_rule_of_very_many_keys_is_refused_at_once() -> None:
    keys = ",".join(f'"{number:x}":1' for number in range(20_000))
    began = monotonic()

    with pytest.raises(InputError, match='"4e1f" stands twice'):
        rules.parse(f'{{{keys},"4e1f":1}}')

    assert monotonic() - began < 1.5  # key by key it was four seconds


def test_every_condition_is_read() -> None:
    conditions: list[Any] = [
        {"region": ["us-ca", "US-NV"]},
        {"near": {"place": "San Diego, CA", "km": 40}},
        {"organization": ["Unión del Barrio", 12]},
        {"kind": "Union"},
        {"role": "primary"},
        {"endorses": "october-2019"},
        {"sponsors": "x7Gh_k"},
        {"seat": {"kind": ["union", "faith"], "role": "comms"}},
        {"language": "es"},
        {"list": ["urgent", 3]},
        {"got": "weekly/2019-10-07"},
        {"knows": {"action": "x7Gh_k", "version": 2}},
        {"tag": "Legal  Team"},
        {"subscriber": [7, 8]},
        {"not": {"any": [{"tag": "a"}, {"all": [{"tag": "b"}]}]}},
    ]

    rule = parse(conditions)

    assert len(rule.include) == len(conditions)
    assert rule.include[0] == InRegion(regions=("us-ca", "us-nv"))
    assert rule.include[3] == Seated(kinds=("union",))
    assert json.loads(rules.dump(parse([{"tag": "Legal  Team"}]))) == {
        "include": [{"tag": "legal team"}]
    }


def test_an_empty_include_is_nobody() -> None:
    assert parse([]) == Rule()
    assert rules.say(parse([])) == "Nobody: nothing is chosen."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no JSON: line 1, column 1"),
        ("{", "is no JSON: line 1, column 2"),
        ("[]", "must be an object such as"),
        ('{"include": [NaN]}', "cannot be meant: NaN"),
        ('{"include": [' + "9" * 5000 + "]}", "cannot be meant"),
        ("[" * 100_000, "nested too deeply"),
        ('{"include": [], "exclud": []}', 'exclud: is not known here; known are "include"'),
        ("{}", "include: is missing; say who is meant"),
        ('{"exclude": []}', "include: is missing"),
        ('{"include": [], "include": []}', '"include" stands twice'),
        ('{"include": [{"tag": "a", "tag": "b"}]}', '"tag" stands twice'),
        ('{"include": {"tag": "a"}}', "include: must be a list of conditions, not an object"),
        ('{"include": ["a"]}', r"include[0]: must be an object with one key"),
        ('{"include": [{}]}', r"include[0]: must be an object with one key"),
        ('{"include": [{"tag": "a", "kind": "b"}]}', r"include[0]: must be an object with one"),
        ('{"include": [{"all": []}]}', r"include[0].all: is empty"),
        ('{"include": [{"any": [{"tag": "a"}, {"tga": 1}]}]}', r"include[0].any[1].tga: is not known"),
        ('{"include": [], "exclude": [{"not": {"not": []}}]}', r"exclude[0].not.not: must be an object"),
        ('{"include": [{"region": "California"}]}', r'region: "california" is no region; write it as "us-ca"'),
        ('{"include": [{"region": []}]}', r"include[0].region: is empty"),
        ('{"include": [{"region": null}]}', r"region: must be text in quotes, not null"),
        ('{"include": [{"tag": true}]}', r"tag: must be text in quotes, not true"),
        ('{"include": [{"tag": "a\\u0000b"}]}', "tag: contains a control character"),
        ('{"include": [{"tag": "\\ud800"}]}', "tag: contains a control character"),
        ('{"include": [{"tag": "%s"}]}' % ("x" * 61), "is longer than 60 characters"),
        ('{"include": [{"near": {"place": "X"}}]}', "near.km: is missing"),
        ('{"include": [{"near": {"place": "X", "km": 0}}]}', 'near.km: must be from 1 to 20000, not "0"'),
        ('{"include": [{"near": {"place": "X", "km": 1.5}}]}', 'near.km: must be a whole number, not "1.5"'),
        ('{"include": [{"near": {"place": "X", "km": true}}]}', "near.km: must be a whole number, not true"),
        ('{"include": [{"near": {"place": "X", "km": 5, "mi": 3}}]}', "near.mi: is not known here"),
        ('{"include": [{"near": {"place": "X", "km": 5, "latitude": 3}}]}', "near: has one coordinate"),
        ('{"include": [{"near": {"place": "X", "km": 5, "latitude": 91, "longitude": 1}}]}',
         "near.latitude: must be from -90 to 90 degrees"),
        ('{"include": [{"near": {"place": "X", "km": 5, "latitude": "a", "longitude": 1}}]}',
         'near.latitude: must be a number of degrees, not "a"'),
        ('{"include": [{"near": {"place": ["X", "Y"], "km": 5}}]}', "near.place: holds 2 values; one is the most"),
        ('{"include": [{"seat": {}}]}', "seat: is empty; say one or more of organization"),
        ('{"include": [{"seat": {"role": "boss"}}]}', 'seat.role: "boss" is none of primary, comms, regional'),
        ('{"include": [{"language": "fr"}]}', 'language: "fr" is none of en, es'),
        ('{"include": [{"list": "Urgent!"}]}', 'list: "Urgent!" is no list; mailer lists'),
        ('{"include": [{"list": -1}]}', "list: must be from 1 to"),
        ('{"include": [{"got": "weekly"}]}', 'got: "weekly" cannot be it; write LIST/EDITION'),
        ('{"include": [{"knows": {"action": "a b"}}]}', "knows.action:"),
        ('{"include": [{"knows": {"action": "a", "version": 0}}]}', "knows.version: must be from 1"),
        ('{"include": [{"subscriber": "7"}]}', 'subscriber: must be a whole number, not "7"'),
        ('{"include": [{"subscriber": 99999999999999999999}]}', "subscriber: must be from 1 to"),
        ('{"include": [{"organization": "ana@example.org\\u0007"}]}', "organization: contains a control"),
        ('{"include": [{"tag": "%s"}]}' % ("ana@example.org" * 9), "tag: an address is longer"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_path_and_the_way_out(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        rules.parse(text, name="rule.json")

    assert str(caught.value).startswith("rule.json: ")
    assert words in str(caught.value)
    assert "example.org" not in str(caught.value)
    said = SPANISH.told(caught.value.words)
    assert said.startswith("rule.json")
    assert not ENGLISH.search(said.partition("Exceeds")[0])


def test_a_rule_has_limits() -> None:
    tag = {"tag": "a"}
    deep: Any = tag
    for _ in range(8):
        deep = {"not": deep}
    parse([deep])
    with pytest.raises(InputError, match="nested too deeply; 8 levels"):
        parse([{"not": deep}])
    parse([tag] * 50, [tag] * 50)
    with pytest.raises(InputError, match=r"exclude\[50\]: is one condition too many"):
        parse([tag] * 50, [tag] * 51)
    parse([{"subscriber": list(range(1, 10_001))}])
    with pytest.raises(InputError, match="holds 10,001 values; 10,000 are the most"):
        parse([{"subscriber": list(range(1, 10_002))}])
    with pytest.raises(InputError, match="holds 201 values; 200 are the most"):
        parse([{"tag": [f"t{n}" for n in range(201)]}])
    with pytest.raises(InputError, match="longer than 200,000 characters"):
        rules.parse(" " * 200_001)


# --- writing

_TEXTS = st.lists(
    st.sampled_from(["press", "legal", "Ñandú", "«quoted»", 'with "quotes"']), min_size=1, max_size=4
)  # fmt: skip
_LEAVES = st.one_of(
    _TEXTS.map(lambda v: {"tag": v}),
    _TEXTS.map(lambda v: {"organization": [*v, 7, 3]}),
    st.lists(st.sampled_from(["us-ca", "us-nv", "mx-bcn"]), min_size=1).map(
        lambda v: {"region": v}
    ),
    st.lists(st.integers(1, 50), min_size=1).map(lambda v: {"subscriber": v}),
    st.tuples(_TEXTS, st.sampled_from(["primary", "comms"])).map(
        lambda v: {"seat": {"kind": v[0], "role": v[1]}}
    ),
    st.tuples(st.integers(1, 500), st.floats(-90, 90), st.floats(-180, 180)).map(
        lambda v: {"near": {"place": "X", "km": v[0], "latitude": v[1], "longitude": v[2]}}
    ),
    st.integers(1, 9).map(lambda v: {"knows": {"action": "a", "version": v}}),
)  # fmt: skip
_CONDITIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda v: {"not": v}),
        st.lists(inner, min_size=1, max_size=3).map(lambda v: {"all": v}),
        st.lists(inner, min_size=1, max_size=3).map(lambda v: {"any": v}),
    ),
    max_leaves=6,
)
_RULES = st.fixed_dictionaries(
    {"include": st.lists(_CONDITIONS, max_size=3)},
    optional={"exclude": st.lists(_CONDITIONS, max_size=2)},
)


@given(_RULES)
def test_what_is_written_is_read_as_the_same(said: dict[str, Any]) -> None:
    written = rules.dump(rules.read(said))
    again = rules.parse(written)

    assert rules.dump(again) == written
    assert rules.fingerprint(again) == rules.fingerprint(rules.read(said))


@given(_RULES, st.randoms(use_true_random=False))
def test_equal_rules_are_equal_bytes_whatever_the_order(
    said: dict[str, Any], chance: Any
) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            items = list(value.items())
            chance.shuffle(items)
            return {key: shuffled(each) for key, each in items}
        if isinstance(value, list):
            repeated = [*value, *value[:1]]
            chance.shuffle(repeated)
            return [shuffled(each) for each in repeated]
        return value

    assert rules.dump(rules.read(shuffled(said))) == rules.dump(rules.read(said))


def test_another_rule_has_another_fingerprint() -> None:
    one, other = parse([{"tag": "a"}]), parse([], [{"tag": "a"}])

    assert rules.fingerprint(one) != rules.fingerprint(other)
    assert len(rules.fingerprint(one)) == 32


def test_one_thing_said_of_a_seat_is_the_same_with_and_without_the_word() -> None:
    assert parse([{"kind": "union"}]) == parse([{"seat": {"kind": ["union"]}}])
    assert rules.dump(parse([{"seat": {"kind": "union"}}])) == (
        '{"include":[{"kind":"union"}]}'
    )


# --- places


def test_a_place_becomes_a_point_on_the_map() -> None:
    near = {"near": {"place": "san diego", "km": 40}}
    asked: list[str] = []

    def find(words: str) -> Place:
        asked.append(words)
        return place("San Diego")

    located = rules.located(parse([near, {"all": [{"not": near}]}], [near]), find)

    point = Near(place="San Diego, CA", km=40, latitude=32.7157, longitude=-117.1647)
    assert located.include == (point, AllOf(of=(Not(of=point),)))
    assert located.exclude == (point,)
    assert asked == ["san diego"]  # once
    assert rules.located(located, find) == located


def test_a_place_that_is_not_found_is_named_with_its_path() -> None:
    rule = parse([{"all": [{"near": {"place": "Nowhere", "km": 5}}]}])

    with pytest.raises(
        InputError, match=r'include\[0\]\.all\[0\]\.near\.place: "Nowhere"'
    ):
        rules.located(rule, lambda words: Place(label=words, locality=words))


# --- words


@pytest.mark.parametrize(
    ("include", "exclude", "english", "spanish"),
    [
        (
            [{"region": "us-ca"}], None,
            "People in us-ca.",
            "Quien está en us-ca.",
        ),
        (
            [{"all": [{"near": {"place": "San Diego, CA", "km": 1200}}, {"language": "es"}]},
             {"tag": ["press", "legal"]}],
            [{"got": "urgent/raid"}],
            ("People (within 1,200 km of San Diego, CA and reading Spanish) or tagged “press” or"
            " “legal”; but nobody sent urgent/raid."),
            ("Quien (está a 1,200 km o menos de San Diego, CA y lee español) o lleva la etiqueta"
            " «press» o «legal»; pero nadie que recibió urgent/raid."),
        ),
        (
            [{"seat": {"organization": ["Mijente", 7], "role": "comms"}}, {"endorses": "march"},
             {"not": {"sponsors": "abc"}}],
            None,
            ("People with a seat as contact for communication at “Mijente” or № 7, with a seat at"
            " one that endorses march or not with a seat at one that sponsors the action abc."),
            ("Quien tiene un puesto como contacto de comunicación en «Mijente» o № 7, tiene un"
            " puesto en una que avala march o no tiene un puesto en una que patrocina la acción"
            " abc."),
        ),
        (
            [{"knows": {"action": "abc", "version": 2}}, {"knows": {"action": "abc"}},
             {"subscriber": [1, 2, 3]}, {"list": ["urgent", 2]}],
            None,
            ("People told version 2 of the action abc and no later one, told of the action abc,"
            " among 3 subscribers chosen by number or on the list urgent or 2."),
            ("Quien sabe de la versión 2 de la acción abc y de ninguna posterior, sabe de la acción"
            " abc, está entre 3 personas elegidas por número o está en la lista urgent o 2."),
        ),
    ],
)  # fmt: skip
def test_a_rule_is_said_in_english_and_spanish(
    include: Any, exclude: Any, english: str, spanish: str
) -> None:
    rule = parse(include, exclude)

    assert rules.say(rule) == english
    assert rules.say(rule, "es") == spanish


def test_many_values_are_said_in_short_and_regions_by_name() -> None:
    tags = parse([{"tag": [f"t{n}" for n in range(30)]}])
    region = parse([{"region": "us-ca"}])

    assert rules.say(tags).endswith("“t11” or 18 more.")
    assert rules.say(region, region=lambda _: "California") == "People in California."
