"""`mailer audience`: whom a rule means, who would get a blast, and who would not."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import AsOf, Json, State
from mailer.core import rule as rules
from mailer.core.caps import said
from mailer.core.errors import InputError
from mailer.core.model import Place
from mailer.core.rule import Rule
from mailer.core.states import slug_name
from mailer.pipeline import describe
from mailer.ports import Card, ConsentAge, LeftOut, Share

_MOST_ROWS = 12  # regions that are shown one by one
_BAR = 12  # characters
_LONGEST = 44  # characters of a name: a line has 80
_UNKNOWN = "(not known)"


def audience(
    context: typer.Context,
    rule: Annotated[
        str,
        typer.Argument(
            metavar="RULE",
            help="A file with the rule in JSON, the rule itself, or - to read it from"
            " standard input.",
        ),
    ],
    list_slug: Annotated[
        str, typer.Option("--list", help="The list that the blast would go out under.")
    ],
    urgent: Annotated[
        bool, typer.Option("--urgent", help="An urgent blast: no cap holds it back.")
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Say whom a rule means, how many would get a blast now, and who would not, and why.

    Nothing is sent. Example: mailer audience '{"include": [{"region": "us-ca"}]}' --list urgent
    """
    name, text = _read(rule)
    parsed = rules.parse(text, name=name)
    state: State = context.obj
    with state.project(as_of) as project:
        terms = project.terms(list_slug, urgent=urgent)
        try:
            located = rules.located(parsed, lambda words: _place(project, words))
            card = project.audiences.card(located, terms)
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
        caps = said(terms.caps, urgent=urgent)
    if as_json:
        output.emit(describe.audience(located, card, terms))
        return
    _show(located, card, list_slug, caps)


def _place(project: Project, words: str) -> Place:
    """Find a place of a rule; what is doubtful about it is said."""
    place, flag = project.locate(words)
    if flag and place.latitude is not None:
        output.say(f'"{words}": {flag.message}')
    return place


def _read(words: str) -> tuple[str, str]:
    """Return what errors call a rule, and the rule."""
    if words.lstrip().startswith("{"):
        return "rule", words
    if words == "-":
        return "standard input", _decoded("standard input", sys.stdin.buffer.read())
    path = Path(words)
    try:
        with path.open("rb") as file:
            # An octet more than is allowed, and the parser says so.
            return words, _decoded(words, file.read(4 * rules.LONGEST + 1))
    except OSError as error:
        raise InputError(f"{words}: cannot be read: {error.strerror}") from None


def _decoded(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name}: is not UTF-8 text; save it as UTF-8") from None


def _show(rule: Rule, card: Card, list_slug: str, caps: str | None) -> None:
    output.show(rules.say(rule, region=slug_name))
    people = output.counted(card.count, "person", "people")
    output.heading(
        f"\n{people} would get a blast of the list {list_slug} at"
        f" {card.at:%Y-%m-%d %H:%M} UTC."
    )
    for line in _remarks(card):
        output.show(f"- {line}")
    if caps:
        output.show(f"- {caps}")
    _left_out(card)
    _shares("Where", [*_named(card.regions, slug_name)], card.count)
    _shares("Language", [*_named(card.languages, str)], card.count)
    organizations = list(_named(card.organizations, str))
    if card.other_organizations:
        organizations.append(("(all others)", card.other_organizations))
    _shares("Organization", organizations, card.count)
    ages = [(age.value, card.consent[age]) for age in ConsentAge if card.consent[age]]
    _shares("Consent", ages, card.count)
    _examples(card)


def _remarks(card: Card) -> Iterator[str]:
    if card.usual:
        usual = card.usual
        last = (
            "the last mailing"
            if usual.mailings == 1
            else f"the last {usual.mailings} mailings"
        )
        between = (
            f"{usual.least:,}"
            if usual.least == usual.most
            else f"{usual.least:,} to {usual.most:,}, usually {usual.median:,}"
        )
        yield f"For comparison, {last} of this list: {between}."
    else:
        yield "This list never had a mailing that it could be compared with."
    yield (
        f"{output.counted(card.mailed_lately, 'of them was', 'of them were')} mailed"
        " within the last 24 hours."
    )


def _left_out(card: Card) -> None:
    rows = [(n, _WHY[why]) for why, n in card.left_out.items() if n]
    total = sum(n for n, _ in rows)
    if not total:
        return
    meant = output.counted(total, "more person is", "more people are")
    output.show(f"\n{meant} meant by the rule, and left out:")
    output.table(
        ("People", "Why"), [(f"{n:,}", why) for n, why in rows], right=("People",)
    )


def _named(shares: Sequence[Share], called: Any) -> Iterator[tuple[str, int]]:
    """Yield names and numbers; of many the smallest in one row."""
    few = shares if len(shares) <= _MOST_ROWS else shares[: _MOST_ROWS - 1]
    for share in few:
        yield (_UNKNOWN if share.name is None else called(share.name)), share.people
    if rest := shares[len(few) :]:
        yield f"({len(rest)} more)", sum(share.people for share in rest)


def _shares(what: str, rows: Sequence[tuple[str, int]], total: int) -> None:
    """Print how an audience falls apart, with a bar for each part."""
    if not rows:
        return
    output.show("")
    output.table(
        (what, "People", "Share", ""),
        [
            (
                _short(name),
                f"{n:,}",
                f"{n / total:.0%}",
                "█" * max(1, round(_BAR * n / total)),
            )
            for name, n in rows
        ],
        right=("People", "Share"),
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _examples(card: Card) -> None:
    if not card.examples:
        return
    output.show("")
    output.table(
        ("For example", "Organization", "Place", "Reads"),
        [
            (each.masked_address, each.organization, each.place, each.language)
            for each in card.examples
        ],
    )


_WHY = {
    LeftOut.SUPPRESSED: "suppressed: nobody may mail these addresses",
    LeftOut.NO_CONSENT: "no consent: not on this list, not confirmed, or gone from it",
    LeftOut.PAUSED: "paused: they asked for no mail until a date",
    LeftOut.CAPPED: "capped: they had as many blasts as anybody gets",
}
