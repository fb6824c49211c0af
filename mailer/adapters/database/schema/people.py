"""Readers: who they are, what they are subscribed to, whom nobody may mail."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from mailer.adapters.database.schema.base import metadata
from mailer.adapters.database.types import Bytes, Id, Instant, Json

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uid", Bytes(16), nullable=False, unique=True),
    Column("address", String(254), nullable=False),
    Column("address_hash", Bytes(16), nullable=False, unique=True),
    Column("given_name", String(120)),
    Column("family_name", String(120)),
    Column("language", String(8), nullable=False),
    Column("time_zone", String(60)),
    Column("place_id", ForeignKey("places.id")),
    Column("created_at", Instant, nullable=False),
)

# By which coordinators sort them, as `core.tags` writes it.
subscriber_tags = Table(
    "subscriber_tags",
    metadata,
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Column("tag", String(60), primary_key=True),
    Index("ix_subscriber_tags_tag", "tag", "subscriber_id"),
)

seats = Table(
    "seats",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False),
    Column(
        "organization_id", ForeignKey("organizations.id"), nullable=False, index=True
    ),
    Column("role", String(20), nullable=False),
    # When its colleagues were told that its mail bounces for good.
    Column("lost_at", Instant),
    UniqueConstraint("subscriber_id", "organization_id"),
)

# A list's definition is a file; here is only what must not change with it.
lists = Table(
    "lists",
    metadata,
    Column("number", Id, primary_key=True),
    Column("slug", String(40), nullable=False, unique=True),
    Column("first_seen_at", Instant, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Column("list_number", ForeignKey("lists.number"), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("ended_reason", String(40)),
    Column("paused_until", Instant),
    Column("quiet_weeks", Boolean, nullable=False, server_default=text("false")),
    # As `core.preferences` and `core.scope` write them.
    Column("frequency", String(12), nullable=False, server_default=text("'every'")),
    Column("scope", String(600), nullable=False, server_default=text("''")),
    Column("consented_on", Date),
    Column("known_variant", ForeignKey("variants.id")),
    Column("changed_at", Instant, nullable=False),
    CheckConstraint("state IN ('pending', 'active', 'ended')", name="state"),
    Index("ix_subscriptions_audience", "list_number", "state", "subscriber_id"),
)

# What readers changed by themselves, so that one press takes it back; forgotten when
# that is too late. What was agreed to is in the consent events.
preference_changes = Table(
    "preference_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False),
    Column("list_number", ForeignKey("lists.number"), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("before", Json, nullable=False),
    Column("after", Json, nullable=False),
    Column("lists_left", Json, nullable=False),  # their numbers
    Column("undone_at", Instant),
    Index("ix_preference_changes_reader", "subscriber_id", "list_number"),
)

# Append-only: who agreed or withdrew, when, how, under which wording.
consent_events = Table(
    "consent_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False, index=True),
    Column("list_number", ForeignKey("lists.number"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("basis", String(60)),
    Column("happened_at", Instant, nullable=False),
    Column("source", Text),
    Column("wording", Text),
    Column("recorded_at", Instant, nullable=False),
)

# Addresses nobody may mail; the hash stays when the person is erased.
suppressions = Table(
    "suppressions",
    metadata,
    Column("address_hash", Bytes(16), primary_key=True),
    Column("reason", String(20), nullable=False),
    Column("since", Instant, nullable=False),
    Column("told_by", String(40)),  # the provider that told it, who knows it already
)

# Who asked to be erased, by the hash alone: what is kept beside the database as well, so
# that a restored backup is cleaned again. Without `completed_at` a call that may have
# their message in it has not ended yet.
erasures = Table(
    "erasures",
    metadata,
    Column("address_hash", Bytes(16), primary_key=True),
    Column("erased_at", Instant, nullable=False),
    Column("completed_at", Instant),
)
