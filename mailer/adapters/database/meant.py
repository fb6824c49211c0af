"""Whom a blast is meant for at one moment: who gets it, and who is left out and why."""

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    Subquery,
    case,
    func,
    literal,
    null,
    select,
)

from mailer.adapters.database import reaching
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import reader_place
from mailer.adapters.database.schema import places, subscribers
from mailer.core.rule import Rule
from mailer.ports import LeftOut, Terms

RESTING = (LeftOut.PAUSED.value, LeftOut.CAPPED.value)  # reasons that bar nobody


def people(
    database: Database, connection: Connection, rule: Rule, terms: Terms
) -> Subquery:
    """Return everybody who is meant and has agreed to the list, one row each.

    subscriber_id, address_hash, language, zone, and why they are left out, else null.
    Raises InputError for what the rule names and nobody knows.
    """
    reach = reaching.reach(database, connection, rule, terms)
    out = case(
        *(
            (~keeps, _word(reach, reason))
            for reason, keeps in reach.keeps
            if reason is not LeftOut.NO_CONSENT
        ),
        else_=null(),
    )
    return (
        select(
            subscribers.c.id.label("subscriber_id"),
            subscribers.c.address_hash,
            subscribers.c.language,
            zone(terms.zone).label("zone"),
            out.label("out"),
        )
        .select_from(reach.people())
        .where(reach.meant, reach.agreed.c.state == "active")
        .subquery("meant")
    )


def _word(reach: reaching.Reach, reason: LeftOut) -> ColumnElement[str]:
    if reason is LeftOut.SUPPRESSED:
        bars: ColumnElement[str] = reach.barred.c.reason
        return bars
    return literal(reason.value, String)


def zone(usual: str) -> ColumnElement[str]:
    """Return a subscriber's time zone: their own, else their place's, else this one."""
    theirs = (
        select(places.c.time_zone)
        .where(places.c.id == reader_place())
        .correlate(subscribers)
        .scalar_subquery()
    )
    return func.coalesce(subscribers.c.time_zone, theirs, literal(usual, String))
