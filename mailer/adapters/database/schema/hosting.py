"""Who answers for an action, and may correct or cancel it."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table

from mailer.adapters.database.schema.base import metadata
from mailer.adapters.database.types import Instant, Json

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
