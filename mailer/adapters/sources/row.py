"""One row being read: its cells, and what a person should look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mailer.adapters.sources.text import one_line, paragraphs
from mailer.core.model import Flag

_LONGEST = {"description": 20_000, "note": 2_000, "url": 2_000, "sponsors": 20_000}
_LONG = 300  # characters of any other field


class RejectedError(Exception):
    """A row cannot be used; says which field and why."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = name, message


@dataclass(kw_only=True)
class Row:
    """One row being read; collects what a person should look at."""

    line: int | None
    cells: Mapping[str, Any]
    flags: list[Flag] = field(default_factory=list)

    def words(self, name: str) -> str | None:
        """Return a cell on one line, None when it is blank; too long is cut and told."""
        value = self.cells.get(name)
        if value is None:
            return None
        multiline = name in ("description", "note")
        clean = paragraphs(str(value)) if multiline else one_line(str(value))
        limit = _LONGEST.get(name, _LONG)
        if len(clean) > limit:
            self.flag(
                name,
                "text-cut",
                f"is longer than {limit} characters and was cut; shorten it",
            )
            clean = clean[: limit - 1] + "…"
        return clean or None

    def flag(self, name: str, code: str, message: str) -> None:
        """Ask a person to look."""
        self.flags.append(Flag(line=self.line, field=name, code=code, message=message))
