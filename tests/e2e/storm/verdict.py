"""The accept log against the ledger: what a mailing has come to."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select

from mailer.adapters.database.schema import deliveries, subscribers
from tests.e2e.storm import worker
from tests.e2e.storm.ground import Ground
from tests.fakes.postoffice.acceptances import Acceptance

_SETTLED = {"sent", "failed", "parked", "suppressed", "skipped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whom a mailing has reached how often, and what its ledger says."""

    states: Mapping[str, int]
    parked: Sequence[str]
    duplicates: Sequence[str]  # accepted more than once
    lost: Sequence[str]  # nobody will ever write to them, and nobody is told
    falsely_sent: Sequence[str]  # sent says the ledger, and nothing was accepted
    unrecorded: Sequence[str]  # accepted, and the ledger says neither sent nor parked
    other_bytes: Sequence[str]  # the same key with another message
    miscounted: int  # by which the ledger's own counts miss the audience

    @property
    def broken(self) -> Mapping[str, object]:
        """Return the promises that were not kept; empty when all is well."""
        kept = {"states", "parked"}
        return {k: v for k, v in asdict(self).items() if v and k not in kept}


def judge(ground: Ground, accepted: Sequence[Acceptance]) -> Verdict:
    """Compare what was accepted with what the ledger says."""
    project = worker.project(ground.orders)
    query = select(subscribers.c.address, deliveries.c.state).join(
        deliveries, deliveries.c.subscriber_id == subscribers.c.id
    )
    mine = query.where(deliveries.c.mailing_id == ground.orders.mailing_id)
    try:
        with project.database.reading() as connection:
            states = {row.address: row.state for row in connection.execute(mine)}
        standing = project.ledger.standing(ground.orders.mailing_id)
    finally:
        project.close()
    times = Counter(one.recipient for one in accepted)
    bytes_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in accepted:
        bytes_of[one.key, one.recipient].add(one.sha256)
    everybody = [*ground.readers, *(times.keys() - set(ground.readers))]
    told = {address: states.get(address, "unknown to it") for address in everybody}
    return Verdict(
        states=Counter(told.values()),
        parked=[a for a, state in told.items() if state == "parked"],
        duplicates=[a for a, count in times.items() if count > 1],
        lost=[a for a in ground.readers if told[a] not in _SETTLED],
        falsely_sent=[a for a, s in told.items() if s == "sent" and not times[a]],
        unrecorded=[
            a for a, s in told.items() if times[a] and s not in ("sent", "parked")
        ],
        other_bytes=[to for (_, to), shas in bytes_of.items() if len(shas) > 1],
        miscounted=sum(standing.deliveries.values()) - len(ground.readers),
    )
