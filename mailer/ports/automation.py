"""Where the tokens of programs are kept, and what they were answered."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from mailer.core.automation import ApiToken, Scope


class ApiTokens(Protocol):
    """What lets programs in; of a token's secret only a hash is kept."""

    def make(
        self,
        account: int,
        *,
        name: str,
        scopes: Collection[Scope],
        strong: bool,
        until: datetime,
        by: str,
        at: datetime,
    ) -> tuple[ApiToken, str]:
        """Keep a new one; returns it with the secret, which nobody can read again.

        Raises RefusedError if the account has as many as it may have.
        """
        ...

    def bearer(self, secret: str, *, at: datetime) -> ApiToken | None:
        """Return whose secret it is; None: nobody's, over, revoked, or disabled.

        That it was used is written down at most once a minute.
        """
        ...

    def listed(self, account: int | None = None) -> Sequence[ApiToken]:
        """Return somebody's tokens, or everybody's: the newest first."""
        ...

    def revoke(
        self, number: int, *, account: int | None = None, by: str, at: datetime
    ) -> bool:
        """End a token now; False: there is none that is good, or another account's."""
        ...


class Reply(NamedTuple):
    """What a program was answered when it asked for the first time."""

    status: int
    body: str


class Repeated(NamedTuple):
    """A request that was begun before under the same key."""

    same: bool  # it asks for the same
    answered: Reply | None  # None: it was cut off, or is still at work


class Answers(Protocol):
    """What was done for requests that carry a key, so that none is done twice."""

    def begin(
        self, token: int, key: str, asked: bytes, *, at: datetime
    ) -> Repeated | None:
        """Take a key for a request of this hash; or return what is known under it."""
        ...

    def keep(self, token: int, key: str, answered: Reply) -> None:
        """Keep what was answered, for whoever asks again."""
        ...

    def forget(self, token: int, key: str) -> None:
        """Let the key be used again: nothing was done under it."""
        ...

    def sweep(self, *, at: datetime) -> None:
        """Forget what was answered more than a day ago."""
        ...
