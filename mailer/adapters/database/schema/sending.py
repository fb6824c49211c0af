"""The ledger: who gets what, whose turn it is, and what is held back."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from mailer.adapters.database.schema.base import metadata
from mailer.adapters.database.types import Bytes, Id, Instant

# Up to N deliveries of one variant: what is claimed, sent and recorded as one.
# `key`, `fingerprint` and `first_call` are of the call whose outcome is still open:
# the key is only ever used with the bytes that the fingerprint stands for. What a person
# or an event has settled keeps its key, by which later events find their mailing.
# Rows are locked in one order by all: docs/reference/delivery.md.
batches = Table(
    "batches",
    metadata,
    Column("variant_id", ForeignKey("variants.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("mailing_id", ForeignKey("mailings.id"), nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("lease_owner", String(80)),
    Column("lease_epoch", Integer, nullable=False, server_default=text("0")),
    Column("lease_until", Float, nullable=False, server_default=text("0")),
    Column("not_before", Float, nullable=False, server_default=text("0")),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("pace", String(255)),  # the receiving domain, where it has a pace of its own
    # Where it lies on the circle that is divided among the providers (`core.routes`).
    Column("point", Integer, nullable=False, server_default=text("0")),
    # Whose turn it is, or whose call is open; "": nobody has been named yet.
    Column("carrier", String(40), nullable=False, server_default=text("''")),
    Column("stand_in", String(40)),  # who takes it while that one takes nothing
    Column("key", String(36)),
    Column("fingerprint", Bytes(32)),
    Column("first_call", Float),  # seconds since 1970 on the database's clock
    Column("sent_at", Instant),
    Column("detail", Text),
    # Of a blast: 0 goes out first, 1 once that fared well; and in whose night it may
    # not go out.
    Column("wave", Integer, nullable=False, server_default=text("0")),
    Column("zone", String(60)),
    CheckConstraint(
        "state IN ('ready', 'leased', 'inflight', 'done', 'unknown', 'parked')",
        name="state",
    ),
)
_OPEN = text("state IN ('ready', 'leased', 'inflight', 'unknown')")
Index(
    "ix_batches_work",
    batches.c.carrier,
    batches.c.not_before,  # in the order of claims, so that one reads one row
    batches.c.variant_id,
    batches.c.seq,
    postgresql_where=_OPEN,
    sqlite_where=_OPEN,
)

_IN_FLIGHT = text("state = 'inflight'")
Index(
    "ix_batches_inflight",
    batches.c.carrier,
    batches.c.lease_until,
    postgresql_where=_IN_FLIGHT,
    sqlite_where=_IN_FLIGHT,
)

Index(
    "ix_batches_open",
    batches.c.mailing_id,
    postgresql_where=_OPEN,
    sqlite_where=_OPEN,
)

_PARKED = text("state = 'parked'")
Index(
    "ix_batches_parked",
    batches.c.mailing_id,
    postgresql_where=_PARKED,
    sqlite_where=_PARKED,
)

# When a provider, a mailing or a receiving domain may be written to next: a token
# bucket as one number, the moment at which what was taken from it is paid off.
paces = Table(
    "paces",
    metadata,
    Column("name", String(300), primary_key=True),
    Column("free_at", Float, nullable=False),
    Column("detail", Text),
)

# One row: whether sending is stopped, and where this database is at home.
instance = Table(
    "instance",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("home", String(200)),
    Column("last_call", Float, nullable=False, server_default=text("0")),
    Column("stopped_at", Instant),
    Column("stopped_reason", Text),
    # Tells whether addresses are hashed under the key that they always were.
    Column("key_check", Bytes(16)),
    CheckConstraint("id = 1", name="single"),
)

# At most one row: the newest second seen on the database's own clock, which may be put
# back. Not in `instance`, which whoever begins a call locks.
clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seen", Float, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("mailing_id", ForeignKey("mailings.id"), primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Column("address_hash", Bytes(16), nullable=False),
    Column("variant_id", ForeignKey("variants.id")),
    Column("seq", Integer),
    Column("state", String(10), nullable=False),
    Column("reason", Text),
    Column("provider", String(40)),
    Column("provider_id", String(200)),
    Column("changed_at", Instant, nullable=False),
    Column("heard", String(12)),  # the weightiest that the provider told of it
    UniqueConstraint("mailing_id", "address_hash"),
    CheckConstraint(
        "state IN ('pending', 'inflight', 'sent', 'failed', 'unknown', 'parked',"
        " 'suppressed', 'skipped')",
        name="state",
    ),
    Index("ix_deliveries_batch", "variant_id", "seq"),
    Index("ix_deliveries_subscriber", "subscriber_id"),
)
Index(
    "ix_deliveries_heard",
    deliveries.c.mailing_id,
    deliveries.c.heard,
    sqlite_where=deliveries.c.heard.is_not(None),
    postgresql_where=deliveries.c.heard.is_not(None),
)
