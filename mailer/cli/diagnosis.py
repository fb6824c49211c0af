"""How findings are shown: by topic, worst first, with the way out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from mailer.cli.output import harmless
from mailer.core.diagnosis import Entry, Finding, Severity, grouped, worst_first

_STYLES = {
    Severity.FAIL: "bold red",
    Severity.WARN: "bold yellow",
    Severity.NOTE: "cyan",
    Severity.OK: "green",
}
_INDENT = 6  # columns of "fail" and what is around it


def document(findings: Sequence[Finding]) -> Mapping[str, Any]:
    """Return the findings for machines, the worst first."""
    counts = _counts(findings)
    return {
        "worst": next((each for each, count in counts.items() if count), "ok"),
        "counts": counts,
        "findings": [asdict(finding) for finding in worst_first(findings)],
    }


def show(findings: Sequence[Finding]) -> None:
    """Print the findings for people, as wide as the terminal."""
    console = Console(highlight=False)
    for topic, found in grouped(findings):
        console.print(Text(topic.value, style="bold"))
        for finding in found:
            for line in _lines(console, finding):
                console.print(line, soft_wrap=True)
            for entry in finding.publish:
                _entry(console, entry)
        console.print()
    console.print(_summary(findings))


def _lines(console: Console, finding: Finding) -> Iterator[Text]:
    mark = finding.severity.value.rjust(4)
    quiet = finding.severity is Severity.OK
    head = Text.assemble(
        (_line(finding.about), "" if quiet else "bold"), f": {_line(finding.message)}"
    )
    first, *rest = _wrapped(console, head, _INDENT)
    yield Text.assemble((mark, _STYLES[finding.severity]), "  ", first)
    yield from (_indented(line, _INDENT) for line in rest)
    for line in _wrapped(console, Text(_line(finding.effect), style="dim"), _INDENT):
        yield _indented(line, _INDENT)
    if finding.remedy:
        way_out = Text(f"{_line(finding.remedy)}{':' if finding.publish else ''}")
        first, *rest = _wrapped(console, way_out, _INDENT + 2)
        yield _indented(Text.assemble("→ ", first), _INDENT)
        yield from (_indented(line, _INDENT + 2) for line in rest)


def _line(words: str) -> str:
    """Return what may be a stranger's words on one line, so that it feigns no finding."""
    return harmless(" ".join(words.splitlines()))


def _wrapped(console: Console, words: Text, indent: int) -> Sequence[Text]:
    if not words:
        return []
    lines = list(words.wrap(console, max(console.width - indent, 20)))
    for line in lines:
        line.rstrip()
    return lines


def _indented(line: Text, indent: int) -> Text:
    return Text.assemble(" " * indent, line)


def _entry(console: Console, entry: Entry) -> None:
    """Print a record on lines that can be copied: never broken by us."""
    words, value = _line(f"{entry.name}  {entry.kind}"), _line(entry.value)
    if len(words) + len(value) + _INDENT + 4 <= console.width:
        console.print(Text(f"{' ' * (_INDENT + 2)}{words}  {value}"))
        return
    console.print(Text(f"{' ' * (_INDENT + 2)}{words}"), soft_wrap=True)
    console.print(Text(f"{' ' * (_INDENT + 2)}{value}"), soft_wrap=True)


def _counts(findings: Sequence[Finding]) -> Mapping[str, int]:
    counted = Counter(finding.severity for finding in findings)
    return {severity.value: counted[severity] for severity in Severity}


def _summary(findings: Sequence[Finding]) -> Text:
    text = Text()
    for severity, count in _counts(findings).items():
        if count:
            text.append(" · " if text else "")
            text.append(f"{count} {severity}", _STYLES[Severity(severity)])
    silent = sum(not finding.asked for finding in findings)
    if silent:
        text.append(f" ({silent} could not be asked)")
    return text
