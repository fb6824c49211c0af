"""What an examination found: how bad, about what, its effect, and the way out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from mailer.core.saying import says


class Severity(StrEnum):
    """How bad a finding is; worst first."""

    FAIL = "fail"  # mail does not go out, is refused, or its links do not work
    WARN = "warn"  # some mail will not arrive, or something is about to break
    NOTE = "note"  # worth knowing
    OK = "ok"


class Topic(StrEnum):
    """What findings are grouped by."""

    SETTINGS = "settings"
    DNS = "DNS"
    LINKS = "links"
    PROVIDER = "provider"
    CLOCK = "clock"
    DATABASE = "database"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record to publish in DNS; the name is complete, without a dot at the end."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at, and how it is."""

    severity: Severity
    topic: Topic
    about: str  # "SPF of mg.example.org"
    message: str
    effect: str = ""  # what readers' mailboxes do because of it
    remedy: str = ""  # what to do
    publish: tuple[Entry, ...] = ()  # exactly what is missing in DNS
    asked: bool = True  # False: nobody could be asked, so nothing is known


@dataclass(frozen=True, slots=True)
class About:
    """Makes findings about one thing."""

    topic: Topic
    about: str

    def ok(self, message: str) -> Finding:
        """Return that it is as it should be."""
        return self._made(Severity.OK, message)

    def note(
        self, message: str, effect: str = "", remedy: str = "", *publish: Entry
    ) -> Finding:
        """Return something worth knowing."""
        return self._made(Severity.NOTE, message, effect, remedy, publish)

    def warn(
        self, message: str, effect: str = "", remedy: str = "", *publish: Entry
    ) -> Finding:
        """Return what keeps some mail from arriving, or soon will."""
        return self._made(Severity.WARN, message, effect, remedy, publish)

    def fail(
        self, message: str, effect: str = "", remedy: str = "", *publish: Entry
    ) -> Finding:
        """Return what keeps mail from arriving."""
        return self._made(Severity.FAIL, message, effect, remedy, publish)

    def unasked(self, why: str, remedy: str = "") -> Finding:
        """Return that nobody could be asked, and why."""
        words = says("could not ask: %(why)s", why=why)
        made = self._made(Severity.NOTE, words, "", remedy)
        return replace(made, asked=False)

    def _made(
        self,
        severity: Severity,
        message: str,
        effect: str = "",
        remedy: str = "",
        publish: Sequence[Entry] = (),
    ) -> Finding:
        return Finding(
            severity=severity,
            topic=self.topic,
            about=self.about,
            message=message,
            effect=effect,
            remedy=remedy,
            publish=tuple(publish),
        )


_RANK = {severity: rank for rank, severity in enumerate(Severity)}


def worst_first(findings: Iterable[Finding]) -> Sequence[Finding]:
    """Return the findings by how bad they are, and as they came within that."""
    return sorted(findings, key=lambda finding: _RANK[finding.severity])


def grouped(
    findings: Iterable[Finding],
) -> Sequence[tuple[Topic, Sequence[Finding]]]:
    """Return the findings by topic, the topic with the worst one first."""
    groups: dict[Topic, list[Finding]] = {topic: [] for topic in Topic}
    for finding in worst_first(findings):
        groups[finding.topic].append(finding)
    filled = [(topic, found) for topic, found in groups.items() if found]
    return sorted(filled, key=lambda group: _RANK[group[1][0].severity])


def softened(findings: Iterable[Finding]) -> Sequence[Finding]:
    """Return the findings of a project that sends nothing yet.

    What would fail once it sends is a warning until then; the database is needed now.
    """
    return [
        replace(finding, severity=Severity.WARN)
        if finding.severity is Severity.FAIL and finding.topic is not Topic.DATABASE
        else finding
        for finding in findings
    ]
