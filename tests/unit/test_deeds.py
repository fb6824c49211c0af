"""What the log says that was done: every verb that is recorded anywhere has words."""

import ast
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel import Locale

from mailer.adapters.renderer.environment import translations
from mailer.adapters.renderer.telling import Telling
from mailer.core.accounts import Factor
from mailer.core.proposal import OVER
from mailer.core.saying import Saying
from mailer.ports import Record
from mailer.web.console import besides, deeds
from tests.fakes.site import TEMPLATES

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
_CODE = TEMPLATES.parent / "mailer"
# What no reading of the code alone tells: an expression, and what it may be.
_OPEN = {
    "stage.value": {each.value for each in OVER},
    "f'remove {factor.value}'": {f"remove {each.value}" for each in Factor},
}
_THINGS = {
    "_thing(name)": "blast",
    "name": "account",  # of the credentials
    "found.account.actor": "account",
}
_PASSED_ON = {"thing"}  # by whoever records for others: their callers say it
_OLD = [
    ("action 0123456789", "accept"),
    ("blast urgent/otay", "cancel"),
    ("subscription to list 1", "prefer"),
]


@cache
def modules() -> dict[Path, ast.Module]:
    return {
        file: ast.parse(file.read_text("utf-8"))
        for file in sorted(_CODE.rglob("*.py"))
        if "migrations" not in file.parts
    }


@cache
def functions(
    tree: ast.AST,
) -> Sequence[tuple[ast.FunctionDef | None, ast.Call]]:
    """Return every call with the function that it stands in."""

    def walk(node: ast.AST, within: ast.FunctionDef | None) -> Iterator[Any]:
        for child in ast.iter_child_nodes(node):
            here = child if isinstance(child, ast.FunctionDef) else within
            if isinstance(child, ast.Call):
                yield here, child
            yield from walk(child, here)

    return [*walk(tree, None)]


@cache
def assigned(tree: ast.AST) -> Sequence[tuple[str, ast.expr]]:
    """Return what names are given in it."""
    return [
        (each.id, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for each in node.targets
        if isinstance(each, ast.Name)
    ]


def names(function: ast.FunctionDef) -> list[str]:
    return [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]


def passed(call: ast.Call, function: ast.FunctionDef, name: str) -> ast.expr | None:
    """Return what a call gives for a parameter."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    inner = [each.arg for each in function.args.args if each.arg != "self"]
    at = inner.index(name) if name in inner else len(call.args)
    return call.args[at] if at < len(call.args) else None


def called(call: ast.Call) -> str:
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def strings(expr: ast.expr, function: ast.FunctionDef | None, file: Path) -> set[str]:
    """Return all that an expression may be; fails where nobody has said it."""
    if isinstance(expr, ast.Constant) and isinstance(expr.value, str):
        return {expr.value}
    if isinstance(expr, ast.IfExp):
        return strings(expr.body, function, file) | strings(expr.orelse, function, file)
    if ast.unparse(expr) in _OPEN:
        return _OPEN[ast.unparse(expr)]
    if isinstance(expr, ast.Name):
        if function and expr.id in names(function):
            return of_callers(function, expr.id, file)
        given = [
            value
            for tree in (function or modules()[file], *modules().values())
            for name, value in assigned(tree)
            if name == expr.id
        ]
        if given:
            return strings(given[0], function, file)
    raise AssertionError(f"{file}:{expr.lineno}: {ast.unparse(expr)}: say what it is")


def of_callers(function: ast.FunctionDef, name: str, file: Path) -> set[str]:
    """Return all that is given for a parameter, wherever the function is called."""
    found: set[str] = set()
    for other, tree in modules().items():
        if function.name.startswith("_") and other != file:
            continue
        for within, call in functions(tree):
            if called(call) == function.name and call.lineno != function.lineno:
                given = passed(call, function, name)
                if given is not None:
                    found |= strings(given, within, other)
    return found


def kind_of(expr: ast.expr) -> str | None:
    """Return the kind of thing that is recorded; None: others say it."""
    words = ast.unparse(expr)
    if words in _PASSED_ON:
        return None
    if words in _THINGS:
        return _THINGS[words]
    if isinstance(expr, ast.Subscript):  # cut to what the column takes
        expr = expr.value
    if isinstance(expr, ast.JoinedStr):
        words = "".join(
            str(part.value) if isinstance(part, ast.Constant) else "x"
            for part in expr.values
        )
        return deeds.kind(words)
    assert isinstance(expr, ast.Constant), f"{words}: say of which kind it is"
    return deeds.kind(str(expr.value))


@cache
def recorded() -> frozenset[tuple[str, str]]:
    """Return every kind of thing with every verb that the code records of it."""
    found = set()
    for file, tree in modules().items():
        for function, call in functions(tree):
            given = {each.arg: each.value for each in call.keywords}
            if not {"verb", "thing", "at"} <= given.keys() or called(call) == "Record":
                continue
            kind = kind_of(given["thing"])
            if kind is not None:
                found |= {(kind, v) for v in strings(given["verb"], function, file)}
    return frozenset(found)


def record(thing: str, verb: str, **detail: object) -> Record:
    return Record(number=1, at=NOON, actor="cli", verb=verb, thing=thing, detail=detail)


def spanish(words: str) -> str:
    catalogue = translations(TEMPLATES / "translations", "es")
    return Telling(Locale("es"), catalogue).told(words)


def test_every_verb_that_is_recorded_has_words_in_both_languages() -> None:
    assert len(recorded()) > 70
    assert {
        ("account", "remove passkey"),
        ("blast", "expired"),
        ("mailing", "missed"),
        ("organization", "merge"),
        ("subscription to list", "chose"),
        ("subscription to list", "complained"),
    } <= recorded()
    for kind, verb in recorded():
        said = deeds.DEEDS.get(kind, {}).get(verb)
        assert isinstance(said, Saying), (kind, verb)
        assert spanish(said), (kind, verb)


def test_no_words_are_kept_for_what_nobody_records() -> None:
    old = {(deeds.kind(thing), verb) for thing, verb in _OLD}
    told = {(kind, verb) for kind, some in deeds.DEEDS.items() for verb in some}
    either = {"blast", "mailing"}  # they share the words of their one story

    assert {each for each in told if each[0] not in either} <= recorded() | old
    assert {verb for kind, verb in told if kind in either} <= {
        verb for kind, verb in recorded() | old if kind in either
    }


@pytest.mark.parametrize(("thing", "verb"), _OLD)
def test_what_older_versions_recorded_has_words_still(thing: str, verb: str) -> None:
    assert isinstance(deeds.did(record(thing, verb)), Saying)


@pytest.mark.parametrize("thing", ["account 1", "spaceship 7", "", "mailing"])
def test_a_verb_without_words_is_shown_as_it_is_recorded(thing: str) -> None:
    assert deeds.did(record(thing, "levitate")) == "levitate"


@pytest.mark.parametrize(
    ("thing", "kind"),
    [
        ("account 7", "account"),
        ("mailing weekly/2026-11-21", "mailing"),
        ("subscription to list 3", "subscription to list"),
        ("actions from the old website", "actions from"),
        ("sending", "sending"),
    ],
)
def test_a_thing_is_of_the_kind_that_its_name_begins_with(
    thing: str, kind: str
) -> None:
    assert deeds.kind(thing) == kind


def test_all_that_is_known_besides_has_words_a_moment_or_a_name() -> None:
    parts = besides.parts(
        record(
            "blast urgent/otay",
            "approve",
            people=412,
            alone=True,
            reason="",
            quiet_hours="overridden: they are moved at night",
            change="approved 412, sending 409: 2 left, 1 bounced",
            until="2026-12-01T00:00:00+00:00",
            organization=7,
            scopes=["read", "levitate"],
            undo={"id": 3},
            novel="as it is",
        )
    )

    told = {part.words: part for part in parts}
    assert list(told) == [
        "people",
        "by one person alone",
        "in spite of quiet hours",
        "change",
        "until",
        "organization",
        "it may",
        "novel",
    ]
    assert told["people"].values == ["412"]
    assert told["by one person alone"].values == ()
    assert told["in spite of quiet hours"].values == ["they are moved at night"]
    assert told["until"].at == datetime(2026, 12, 1, tzinfo=UTC)
    assert told["organization"].thing == "organization 7"
    assert told["it may"].values == ["Read urgent calls", "levitate"]
    (change,) = told["change"].values
    assert change == "approved for 412, goes to 409: 2 left, 1 bounced"
    assert spanish(change) == (
        "aprobado para 412, sale a 409: se dio de baja: 2, rebotaron: 1"
    )
    assert all(spanish(part.words) for part in parts if part.words != "novel")


@pytest.mark.parametrize("until", ["soon", "2026-12-01T00:00:00", 7, ["x"], {"a": 1}])
def test_what_is_no_moment_is_shown_as_it_is_recorded(until: object) -> None:
    (part,) = besides.parts(record("organization 1", "mute", until=until))

    assert part.at is None
    assert part.values == ["x" if until == ["x"] else str(until)]


def test_who_did_it_is_told_where_it_was_no_account() -> None:
    assert deeds.who("retention") == "The service"
    assert deeds.who("provider postmark") == "The provider postmark"
    assert deeds.who("r…@union.example") == "r…@union.example"
