"""Ledgers and senders that lack one safeguard each: the machine must find them out."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, update

from mailer.adapters.database.claiming import LOST, of
from mailer.adapters.database.schema import (
    batches,
    deliveries,
    subscribers,
    suppressions,
)
from mailer.adapters.database.work import SqlLedger
from mailer.pipeline.send import Sender
from mailer.ports import Batch, Capabilities, Intent, NotTaken, Outcome, Unknown


class _Wrapped:
    """Something with one thing about it changed."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Restless(Sender):
    """Takes silence for a failure, and sends again."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "caller", _Impatient(self.caller))


class _Impatient(_Wrapped):
    def call(self, *how: Any) -> Outcome:
        outcome: Outcome = self.inner.call(*how)
        if isinstance(outcome, Unknown):
            return NotTaken(detail=outcome.detail)
        return outcome


class Timeless(Sender):
    """Calls, however long ago its lease was given."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "monotonic", lambda: 0.0)
        super().__post_init__()


class Hasty(Sender):
    """Asks what was accepted before it can show."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "provider", _Prompt(self.provider))
        super().__post_init__()


class _Prompt(_Wrapped):
    @property
    def capabilities(self) -> Capabilities:
        known: Capabilities = self.inner.capabilities
        assert known.search
        return replace(known, search=replace(known.search, lag=0.0))


class Unfenced(SqlLedger):
    """Does not look at the lease's epoch."""

    def _held(self, batch: Batch, *states: str) -> ColumnElement[bool]:
        mine = batches.c.variant_id == batch.variant_id, batches.c.seq == batch.seq
        return and_(*mine, batches.c.state.in_(states))


class Forgiving(SqlLedger):
    """Has a call whose sender is lost made again, as if it had not been."""

    def _give_up_on_lost(
        self, connection: Connection, provider: str, settle: float
    ) -> None:
        super()._give_up_on_lost(connection, provider, settle)
        unknown = batches.c.detail == LOST, batches.c.state == "unknown"
        connection.execute(update(batches).where(*unknown).values(state="ready"))
        connection.execute(
            update(deliveries)
            .where(deliveries.c.state == "unknown")
            .values(state="pending")
        )


class _After(SqlLedger):
    """Has another state than it should once an intent is committed."""

    batch_state = "inflight"
    delivery_state = "inflight"

    def begin(self, batch: Batch, **more: Any) -> Intent | None:
        intent = super().begin(batch, **more)
        if intent is not None:
            here = (batches.c.variant_id, batches.c.seq)
            with self._database.writing() as connection:
                connection.execute(
                    update(batches)
                    .where(here[0] == batch.variant_id, here[1] == batch.seq)
                    .values(state=self.batch_state)
                )
                connection.execute(
                    update(deliveries)
                    .where(
                        of(batch.variant_id, batch.seq),
                        deliveries.c.state == "inflight",
                    )
                    .values(state=self.delivery_state)
                )
        return intent


class Premature(_After):
    """Marks as sent what it is about to send."""

    delivery_state = "sent"


class Careless(_After):
    """Keeps its intent to itself."""

    batch_state = "leased"
    delivery_state = "pending"


class Advancing(SqlLedger):
    """Is through with a batch when it has handed it out."""

    def claim(self, owner: str, **more: Any) -> Batch | None:
        batch = super().claim(owner, **more)
        if batch is not None and batch.unknown is None:
            with self._database.writing() as connection:
                connection.execute(
                    update(batches)
                    .where(self._held(batch, "leased"))
                    .values(state="done")
                )
        return batch


class Deaf(SqlLedger):
    """Makes a call once more although its mailing was halted."""

    def begin_again(self, intent: Intent, *, lease: float, at: datetime) -> bool:
        del at
        with self._database.writing() as connection:
            again = connection.execute(
                update(batches)
                .where(self._held(intent.batch, "unknown"))
                .values(state="inflight", lease_until=self._now + lease)
            )
        return bool(again.rowcount)


class Considerate(SqlLedger):
    """Leaves out of a repeated call who was suppressed since, and trusts the key."""

    def claim(self, owner: str, **more: Any) -> Batch | None:
        batch = super().claim(owner, **more)
        if batch is None or batch.unknown is None:
            return batch
        return replace(
            batch, unknown=replace(batch.unknown, fingerprint=_Anything(b""))
        )

    def recall(self, batch: Batch) -> Intent:
        intent = super().recall(batch)
        query = select(subscribers.c.id).join(
            suppressions, suppressions.c.address_hash == subscribers.c.address_hash
        )
        with self._database.reading() as connection:
            gone = set(connection.scalars(query))
        stay = [each for each in intent.addressees if each.subscriber_id not in gone]
        return replace(intent, addressees=stay)


class Generous(SqlLedger):
    """Leaves even those calls to who stands in of which nobody knows the outcome."""

    def claim(self, owner: str, **more: Any) -> Batch | None:
        in_doubt = batches.c.state == "unknown", batches.c.not_before <= self._now
        with self._database.writing() as connection:
            connection.execute(
                update(batches)
                .where(*in_doubt, batches.c.carrier.in_(more["relieves"]))
                .values(carrier=more["provider"])
            )
        return super().claim(owner, **more)


class _Anything(bytes):
    def __eq__(self, _other: object) -> bool:
        return True

    __hash__ = bytes.__hash__
