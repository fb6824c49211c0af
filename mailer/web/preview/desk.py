"""What the page asks of the project."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mailer.adapters.gates import Finding, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One message to look at."""

    key: str
    title: str
    group: str  # choices of one group stand together


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why there is no message: what is wrong, and the lines around it."""

    words: str
    excerpt: Sequence[tuple[int, str, bool]] = ()  # number, line, whether it is the one


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message with what the gates found, or the trouble that there is none."""

    message: Message | None = None
    findings: Sequence[Finding] = ()
    trouble: Trouble | None = None
    beside: Sequence[Choice] = ()  # what to show as well, to choose between them


class Desk(Protocol):
    """Prints messages from the files as they are at this moment."""

    def stamp(self) -> str:
        """Return what changes with every file that shapes a message."""
        ...

    def choices(self) -> tuple[Sequence[Choice], str | None]:
        """Return what there is to look at, and why there is not more."""
        ...

    def show(self, key: str, language: str) -> Shown:
        """Print one message; never raises for a mistake in a template."""
        ...

    def logo(self) -> bytes | None:
        """Return the coalition's own logo, a PNG, if it has one."""
        ...
