"""What some mail clients cannot show, by the data of caniemail.com."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tinycss2.ast import DimensionToken, FunctionBlock

from mailer.adapters.gates.css import Declaration, sheet, sheets, styled
from mailer.adapters.gates.foreign import FORBIDDEN
from mailer.adapters.gates.message import Finding, Gate, Message, elements, place

# They are lost in some clients, and nobody misses anything: why is said beside each.
_HARMLESS = frozenset(
    {
        "border-radius",  # corners are square
        "color-scheme",  # where dark mode is not ours to shape
        "supported-color-schemes",
        "max-height",  # one of five ways to hide the preheader
        "opacity",  # another
        "overflow",  # another
        "overflow-wrap",  # only for words longer than a line
        "word-break",
        "word-wrap",
        "text-underline-offset",  # the line sits closer
        "white-space",  # a line breaks
    }
)
# Of these caniemail has no entry, and every client has them since CSS 1.
_EVERYWHERE = frozenset({"color", "font-family", "font-style", "border-left"})
_ELEMENTS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "a",
        "br",
        "center",
        "font",
        "s",
        "u",
        "sup",
        "sub",
    ]
)
_AT_RULES = frozenset({"media", "import"})  # the latter is another gate's
_UNITS = frozenset(
    [
        "px",
        "em",
        "ex",
        "ch",
        "rem",
        "pt",
        "pc",
        "in",
        "cm",
        "mm",
        "q",
        "vw",
        "vh",
        "vmin",
        "vmax",
        "s",
        "ms",
        "deg",
        "rad",
        "turn",
        "fr",
        "dpi",
        "dpcm",
        "dppx",
    ]
)
_DIGITS = 6  # of a colour: Outlook for Windows reads no other kind everywhere
_PREFIXES = ("mso-", "-webkit-text-size-adjust", "-ms-text-size-adjust")


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Names, each with the clients that do not show it."""

    css: Mapping[str, Sequence[str]]
    values: Mapping[str, Sequence[str]]
    html: Mapping[str, Sequence[str]]


@cache
def support_data() -> Support:
    """Read what is known; `docs/caniemail.py` makes it anew."""
    data = json.loads(
        files(__package__).joinpath("caniemail.json").read_text(encoding="utf-8")
    )
    return Support(css=data["css"], values=data["values"], html=data["html"])


def support(message: Message) -> Iterator[Finding]:
    """Find elements, properties and values that are not on the allow-list.

    On it is what each of ten widespread clients shows, or what none misses.
    """
    data = support_data()
    for node in elements(message.page):
        if node.tag not in _ELEMENTS and node.tag not in FORBIDDEN:
            yield from _unsupported(f"<{node.tag}>", data.html.get(node.tag), node)
    told: set[str] = set()
    for node, declared in styled(message.page):
        for declaration in declared:
            yield from _declared(declaration, place(node), told)
    for style, css in sheets(message.page):
        rules, at_rules = sheet(css)
        for rule in rules:
            where = f"HTML, line {style.sourceline + rule.line - 1}: {rule.selectors}"
            for declaration in rule.declarations:
                yield from _declared(declaration, where, told)
        for at_rule in at_rules:
            if at_rule.name not in _AT_RULES:
                yield _finding(
                    f"@{at_rule.name} {at_rule.prelude}".strip(),
                    (),
                    f"HTML, line {style.sourceline + at_rule.line - 1}",
                )


def _unsupported(
    what: str, missing: Sequence[str] | None, node: object
) -> Iterator[Finding]:
    if missing is None or missing:
        yield _finding(what, missing or (), place(node))


def _declared(
    declaration: Declaration, where: str, told: set[str]
) -> Iterator[Finding]:
    for what, missing in _doubts(declaration):
        if what not in told:  # once is enough: a rule lands on a hundred cells
            told.add(what)
            yield _finding(what, missing, where)


def _doubts(declaration: Declaration) -> Iterator[tuple[str, Sequence[str]]]:
    data, name = support_data(), declaration.name
    fine = name in _HARMLESS | _EVERYWHERE or name.startswith(_PREFIXES)
    missing = data.css.get(name)
    if not fine and (missing is None or missing):
        yield name, missing or ()
    for token in declaration.tokens:
        if token.type == "dimension" and token.lower_unit not in _UNITS:
            yield f"{token.value:g}{token.unit}", ()
        if token.type == "hash" and len(token.value) != _DIGITS:
            yield f"#{token.value}, which has not six digits,", ()
    pair = f"{name}:{declaration.value.lower()}"
    for value in (pair, *_parts(declaration.tokens)):
        if data.values.get(value):
            yield value, data.values[value]


def _parts(tokens: Sequence[object]) -> Iterator[str]:
    """Yield functions as "calc()" and units as "rem"."""
    for token in tokens:
        if isinstance(token, FunctionBlock):
            yield f"{token.lower_name}()"
            yield from _parts(token.arguments)
        elif isinstance(token, DimensionToken):
            yield token.lower_unit


def _finding(what: str, missing: Sequence[str], where: str) -> Finding:
    who = ", ".join(missing) if missing else "Most mail clients, as far as is known,"
    return Finding(
        gate=Gate.SUPPORT,
        words=f"{what}: {who} {'do' if len(missing) != 1 else 'does'} not show it."
        " Build it from tables, padding, plain colours and pixels, or leave it out.",
        where=where,
    )
