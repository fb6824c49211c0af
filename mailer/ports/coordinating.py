"""Who may move blasts on, and in whose name it is done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mailer.core.roles import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinator:
    """Somebody who may write, approve or stop blasts."""

    address: str = field(repr=False)
    name: str = ""  # as they call themselves; "" where nobody has said
    language: str | None = None
    has_account: bool = False  # signs in to the console, else only named in mailer.toml


class Coordinators(Protocol):
    """The people behind blasts; whoever has two spellings of one address is one."""

    def person(self, by: str, needs: Permission) -> str:
        """Return the address of whoever asks, as records name them.

        Raises RefusedError for somebody who may not.
        """
        ...

    def entitled(self, needs: Permission) -> Sequence[Coordinator]:
        """Return everybody who may, each once."""
        ...
