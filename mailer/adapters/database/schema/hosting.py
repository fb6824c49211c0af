"""Who answers for an action, and which of them could meet."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    UniqueConstraint,
    text,
)

from mailer.adapters.database.schema.base import metadata
from mailer.adapters.database.types import Id, Instant, Json

hosts = Table(
    "hosts",
    metadata,
    Column("action_id", ForeignKey("actions.id"), primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True, index=True),
    Column("shown_to", String(12), nullable=False),  # who may see how to reach them
    Column("connect", Boolean, nullable=False),  # wants to know of others nearby
    Column("since", Instant, nullable=False),
    # When they last said that all is right, by a press or by putting it right.
    Column("looked_at", Instant, nullable=False),
    Column("asked_for", String(60)),  # the edition for which they were asked last
    Column("asked_at", Instant),
    # What an undo brings back: the version before, and what is not in versions.
    Column("before", Json),
)

# Two hosts who are asked whether they want to meet: once, whatever else they plan. It
# holds numbers alone; names and addresses stay with the people.
introductions = Table(
    "introductions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("first_host_id", ForeignKey("subscribers.id"), nullable=False),
    Column("second_host_id", ForeignKey("subscribers.id"), nullable=False, index=True),
    Column("first_action_id", ForeignKey("actions.id"), nullable=False),
    Column("second_action_id", ForeignKey("actions.id"), nullable=False),
    # Forgotten when nobody can answer any more, unless both agreed.
    Column("first_reply", String(10)),
    Column("second_reply", String(10)),
    Column("state", String(12), nullable=False),
    Column("ending", String(12)),
    Column("proposed_at", Instant, nullable=False),
    Column("asked_at", Instant),  # when both were written to
    Column("settled_at", Instant),  # when both had agreed, or it ended
    Column("cleared_at", Instant),  # when our copies of the letters were emptied
    UniqueConstraint("first_host_id", "second_host_id"),
    CheckConstraint("first_host_id < second_host_id", name="pair"),
    CheckConstraint(
        "state IN ('asked', 'agreed', 'introduced', 'ended')", name="state"
    ),
)
_LIVE = text("state IN ('asked', 'agreed')")
Index(
    "ix_introductions_live",
    introductions.c.id,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)
