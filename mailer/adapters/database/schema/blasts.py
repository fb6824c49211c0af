"""Drafts on their way to being mailings, and whom an approval was about."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
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
from mailer.adapters.database.types import Bytes, Id, Instant, Json

blasts = Table(
    "blasts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("list_number", ForeignKey("lists.number"), nullable=False),
    Column("edition", String(60), nullable=False),
    Column("stage", String(12), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("draft", Json, nullable=False),  # as `core.draft` writes it
    Column("content_hash", Bytes(32), nullable=False),
    # Addresses of coordinators, as mailer.toml has them.
    Column("author", String(254), nullable=False),
    Column("editor", String(254), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("edited_at", Instant, nullable=False),
    Column("submitter", String(254)),
    Column("submitted_at", Instant),
    Column("expected", Integer),  # people, when it was submitted
    Column("acknowledged", Json, nullable=False),
    Column("words_hash", Bytes(32)),  # of what its readers get, when it was submitted
    Column("approver", String(254)),
    Column("approved_at", Instant),
    Column("approved_hash", Bytes(32)),  # of the content that was approved
    Column("approved", Integer),  # people, in `blast_recipients` during the hold
    Column("alone", Boolean, nullable=False, server_default=text("false")),
    Column("told", Boolean, nullable=False, server_default=text("false")),
    Column("reason", Text),
    Column("hold_until", Instant),
    Column("not_after", Instant),
    Column("canary_until", Instant),
    Column("mailing_id", ForeignKey("mailings.id"), unique=True),
    Column("quiet", String(11)),  # "21:00-08:00"; null: whoever is meant may be woken
    Column("change", Json),  # from the approved to those who get it
    UniqueConstraint("list_number", "edition"),
    CheckConstraint(
        "stage IN ('draft', 'submitted', 'held', 'stopped', 'canary', 'sending',"
        " 'done', 'cancelled', 'expired')",
        name="stage",
    ),
)
_GOING_ON = text("stage IN ('submitted', 'held', 'stopped', 'canary', 'sending')")
Index(
    "ix_blasts_going_on",
    blasts.c.id,
    sqlite_where=_GOING_ON,
    postgresql_where=_GOING_ON,
)

# Whom an approval was about, as long as nothing has left.
blast_recipients = Table(
    "blast_recipients",
    metadata,
    Column("blast_id", ForeignKey("blasts.id"), primary_key=True),
    Column(
        "subscriber_id",
        ForeignKey("subscribers.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Index("ix_blast_recipients_subscriber", "subscriber_id"),
)
