"""Calls to action, local actions and what they were before."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from mailer.adapters.database.schema.base import metadata
from mailer.adapters.database.types import Id, Instant, Json

calls = Table(
    "calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slug", String(80), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("opens_on", Date),
    Column("closes_on", Date),
    Column("created_at", Instant, nullable=False),
)

endorsements = Table(
    "endorsements",
    metadata,
    Column("call_id", ForeignKey("calls.id"), primary_key=True),
    Column("organization_id", ForeignKey("organizations.id"), primary_key=True),
    Column("endorsed_on", Date),
    Column("public", Boolean, nullable=False, server_default=text("true")),
    Column("recorded_at", Instant, nullable=False),
    Column("pledges", Json),  # what it will do besides, as the form names it
)

actions = Table(
    "actions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("source", String(120), nullable=False),
    Column("external_id", String(300)),
    Column("call_id", ForeignKey("calls.id")),
    Column("version", Integer, nullable=False),
    Column("status", String(12), nullable=False),
    Column("place_id", ForeignKey("places.id")),
    Column("starts_at", Instant, nullable=False),
    Column("over_at", Instant, nullable=False, index=True),
    Column("contact", Json, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("missing_since", Instant),
    UniqueConstraint("source", "external_id"),
)

# The change history: what the action was told to be, version by version.
action_versions = Table(
    "action_versions",
    metadata,
    Column("action_id", ForeignKey("actions.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("facts", Json, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", String(120), nullable=False),
)

sponsorships = Table(
    "sponsorships",
    metadata,
    Column("action_id", ForeignKey("actions.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column(
        "organization_id", ForeignKey("organizations.id"), nullable=False, index=True
    ),
    Column("role", String(12), nullable=False),
)

targets = Table(
    "targets",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(300), nullable=False, unique=True),
    Column("name", String(300), nullable=False),
)

action_targets = Table(
    "action_targets",
    metadata,
    Column("action_id", ForeignKey("actions.id"), primary_key=True),
    Column("target_id", ForeignKey("targets.id"), primary_key=True),
)
