"""What a check says of a draft: whether it may go out like this, and what to do."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding means for whoever submits."""

    ERROR = "error"  # it is not submitted like this
    WARNING = "warning"  # somebody must say that they have seen it, by its name
    OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str  # kebab-case; a warning is acknowledged by it
    severity: Severity
    words: str  # what is so, and the way out
    where: str = ""  # a key of the draft, with its line: "en.body, line 3"


def errors(findings: Iterable[Finding]) -> Sequence[Finding]:
    """Return what keeps a draft from being submitted."""
    return [each for each in findings if each.severity is Severity.ERROR]


def unacknowledged(
    findings: Iterable[Finding], acknowledged: Collection[str]
) -> Sequence[Finding]:
    """Return one of each name among the warnings that nobody has said to have seen."""
    open_ones = {
        each.name: each
        for each in findings
        if each.severity is Severity.WARNING and each.name not in acknowledged
    }
    return list(open_ones.values())


def error(name: str, words: str, where: str = "") -> Finding:
    """Return what stops it."""
    return Finding(name=name, severity=Severity.ERROR, words=words, where=where)


def warning(name: str, words: str, where: str = "") -> Finding:
    """Return what somebody must have seen."""
    return Finding(name=name, severity=Severity.WARNING, words=words, where=where)


def fine(name: str, words: str, where: str = "") -> Finding:
    """Return what is as it should be."""
    return Finding(name=name, severity=Severity.OK, words=words, where=where)
