"""Editions: what they say, and to which readers."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from mailer.adapters.database.schema.base import metadata
from mailer.adapters.database.types import Bytes, Id, Instant, Json

mailings = Table(
    "mailings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Bytes(16), nullable=False),
    Column("list_number", ForeignKey("lists.number"), nullable=False),
    Column("edition", String(60), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", Text),
    Column("due_at", Instant, nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("totals", Json),  # what its deliveries counted, once they are pruned
    Column("pruned_at", Instant),
    # Whether the subscriptions know already what its readers were told.
    Column("remembered", Boolean, nullable=False, server_default=text("false")),
    # Where the link of a note leads: a purpose of tokens, and what it is about.
    Column("link", Json),
    # What its events counted when a person last let it go on (`core.breaker`).
    Column("heeded", Json),
    # An urgent blast counts towards no frequency cap, and none keeps it back.
    Column("urgent", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("list_number", "edition"),
    CheckConstraint(
        "state IN ('planned', 'missed', 'sending', 'paused', 'finished',"
        " 'unresolved', 'cancelled')",
        name="state",
    ),
)

variants = Table(
    "variants",
    metadata,
    Column("id", Id, primary_key=True),
    Column("mailing_id", ForeignKey("mailings.id"), nullable=False),
    Column("content_hash", Bytes(32), nullable=False),
    Column("language", String(8), nullable=False),
    Column("place", String(200)),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("mailing_id", "content_hash"),
)

# What the readers of a variant were told, so that the next edition can say what changed.
variant_items = Table(
    "variant_items",
    metadata,
    Column("variant_id", ForeignKey("variants.id"), primary_key=True),
    Column("action_id", Id, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("kind", String(12), nullable=False),
    Index("ix_variant_items_action", "action_id", "version", "variant_id"),
    ForeignKeyConstraint(
        ["action_id", "version"],
        ["action_versions.action_id", "action_versions.version"],
    ),
)

# Which variant each group of readers gets; no variant means skipped, for a reason.
mailing_groups = Table(
    "mailing_groups",
    metadata,
    Column("mailing_id", ForeignKey("mailings.id"), primary_key=True),
    Column("language", String(8), primary_key=True),
    Column("place_id", Id, primary_key=True, autoincrement=False),
    Column("known_variant", Id, primary_key=True, autoincrement=False),
    Column("quiet_weeks", Boolean, primary_key=True),
    Column("scope", String(600), primary_key=True, server_default=text("''")),
    Column("variant_id", ForeignKey("variants.id")),
)
