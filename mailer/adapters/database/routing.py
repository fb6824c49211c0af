"""Which provider's turn each batch is: written into it, by its point and the routes.

So that a claim looks at its own batches only. Whatever waits is written anew when the
routes have changed; a call that was made stays with whom it was made to.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    String,
    case,
    cast,
    null,
    or_,
    select,
    tuple_,
    update,
)

from mailer.adapters.database.closing import OPEN
from mailer.adapters.database.schema import batches, lists, mailings
from mailer.core.routes import POINTS, Route, Routing

# Neighbours are far apart: by these steps, of the golden section and of the root of
# two, even a few batches share out as the route says, and so do variants of one batch.
_STEPS = (618_033, 414_213)
_GOING_ON = ("sending", "paused", "unresolved")


def point(variant_id: ColumnElement[int], seq: ColumnElement[int]) -> Any:
    """Return the point of a new batch."""
    far = cast(seq, BigInteger) * _STEPS[0] + cast(variant_id, BigInteger) * _STEPS[1]
    return cast(far % POINTS, Integer)


def turns(route: Route, point: ColumnElement[int]) -> tuple[Any, Any]:
    """Return whose turn a batch with this point is, and who stands in."""
    arcs = list(route.arcs())
    carrier = case(*((point < arc.end, arc.carrier) for arc in arcs))
    others = ((point < arc.end, arc.stand_in or null()) for arc in arcs)
    return cast(carrier, String), cast(case(*others), String)


def assign(connection: Connection, routing: Routing) -> None:
    """Write whose turn it is into all that waits."""
    named = select(lists.c.number).where(lists.c.slug.in_(routing.lists))
    _assign(connection, routing.usual, mailings.c.list_number.not_in(named))
    for slug, route in routing.lists.items():
        its = select(lists.c.number).where(lists.c.slug == slug)
        _assign(connection, route, mailings.c.list_number == its.scalar_subquery())


def _assign(connection: Connection, route: Route, which: ColumnElement[bool]) -> None:
    carrier, stand_in = turns(route, batches.c.point)
    going_on = select(mailings.c.id).where(mailings.c.state.in_(_GOING_ON), which)
    here = (batches.c.variant_id, batches.c.seq)
    another = (
        select(*here)
        .where(
            OPEN,
            batches.c.state.in_(("ready", "leased")),
            batches.c.mailing_id.in_(going_on),
            or_(
                batches.c.carrier != carrier,
                batches.c.stand_in.is_distinct_from(stand_in),
            ),
        )
        # What somebody has in hand at this moment is theirs; and who waits for nobody
        # is in nobody's way.
        .with_for_update(skip_locked=True)
    )
    connection.execute(
        update(batches)
        .where(tuple_(*here).in_(another))
        .values(carrier=carrier, stand_in=stand_in)
    )
