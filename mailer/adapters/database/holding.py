"""The ledger's fourth part: whose turn it is, and which provider is not called for now."""

from collections.abc import Collection

from sqlalchemy import select, update

from mailer.adapters.database import routing as turns
from mailer.adapters.database.closing import OPEN
from mailer.adapters.database.halting import BARRED, SqlHalting, unbar
from mailer.adapters.database.schema import batches, paces
from mailer.core.routes import Routing

HELD = "provider:"  # followed by the name of one whom nobody calls


class SqlHolding(SqlHalting):
    """Names who carries what waits, and lets everybody know who takes nothing."""

    def route(self, routing: Routing) -> None:
        """Name who carries each batch that waits, by these routes from now on."""
        with self._database.writing() as connection:
            turns.assign(connection, routing)

    def carriers(self) -> Collection[str]:
        """Return whose turn it is with all that is open; "" is nobody's yet."""
        query = select(batches.c.carrier).where(OPEN).distinct()
        with self._database.reading() as connection:
            return set(connection.scalars(query))

    def hold_off(self, provider: str, *, seconds: float, detail: str) -> None:
        """Let every worker wait before it calls this provider again."""
        self._hold(HELD + provider, seconds, detail)

    def bar(self, provider: str, *, seconds: float, detail: str) -> None:
        """Leave to others what they can carry instead of this provider."""
        self._hold(BARRED + provider, seconds, detail)

    def unbar(self) -> None:
        """Try everybody again: the settings may have been mended."""
        with self._database.writing() as connection:
            unbar(connection)

    def barred(self, provider: str) -> str | None:
        """Return why others carry this provider's mail, if they do."""
        query = select(paces.c.detail).where(
            paces.c.name == BARRED + provider,
            paces.c.free_at > self._database.seconds(),
        )
        with self._database.reading() as connection:
            reason: str | None = connection.scalar(query)
            return reason

    def _hold(self, name: str, seconds: float, detail: str) -> None:
        until = self._database.seconds() + seconds
        with self._database.writing() as connection:
            connection.execute(
                self._database.insert(paces)
                .values(name=name, free_at=0.0)
                .on_conflict_do_nothing()
            )
            connection.execute(
                update(paces)
                .where(paces.c.name == name, paces.c.free_at < until)
                .values(free_at=until, detail=detail[:300])
            )
