"""What was told and done: appended, never changed but to mark it as applied."""

from sqlalchemy import (
    Column,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from mailer.adapters.database.schema.base import metadata
from mailer.adapters.database.types import Bytes, Id, Instant, Json

# What providers told, without the address: its hash finds whom it is about.
provider_events = Table(
    "provider_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("provider", String(40), nullable=False),
    Column("event_id", String(200), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("address_hash", Bytes(16), nullable=False),
    Column("domain", String(255), nullable=False),
    Column("provider_id", String(200)),
    Column("status", String(12)),
    Column("detail", Text, nullable=False),
    Column("happened_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("applied_at", Instant),
    Column("mailing_id", Id),  # known once it is applied
    Column("mark", String(36)),  # the key of the call that carried the message
    UniqueConstraint("provider", "event_id"),
)
Index(
    "ix_provider_events_mark",
    provider_events.c.mark,
    sqlite_where=provider_events.c.mark.is_not(None),
    postgresql_where=provider_events.c.mark.is_not(None),
)
Index(
    "ix_provider_events_waiting",
    provider_events.c.id,
    sqlite_where=provider_events.c.applied_at.is_(None),
    postgresql_where=provider_events.c.applied_at.is_(None),
)
Index(
    "ix_provider_events_blocked",
    provider_events.c.mailing_id,
    provider_events.c.domain,
    sqlite_where=text("kind = 'block'"),
    postgresql_where=text("kind = 'block'"),
)

# When a provider's own list of suppressed addresses was last brought into line with
# ours: what changed there or here before `read_until` need not be looked at again.
synchronizations = Table(
    "synchronizations",
    metadata,
    Column("provider", String(40), primary_key=True),
    Column("began_at", Instant, nullable=False),
    Column("read_until", Instant),
    Column("consents_seen", Id, nullable=False, server_default=text("0")),
)

# Append-only: who did what, when; numbers and reasons, never an address.
audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("happened_at", Instant, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("verb", String(40), nullable=False),
    Column("object", String(200), nullable=False),
    Column("detail", Json, nullable=False),
)
