"""What visitors asked for, and whose addresses were written to because of it."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from mailer.adapters.database.schema.base import metadata
from mailer.adapters.database.types import Bytes, Id, Instant, Json

requests = Table(
    "requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("kind", String(12), nullable=False),
    Column("state", String(10), nullable=False),
    # The address is here only until its owner is a subscriber.
    Column("address", String(254)),
    Column("address_hash", Bytes(16), nullable=False),
    Column("subscriber_id", ForeignKey("subscribers.id"), index=True),
    Column("language", String(8), nullable=False),
    Column("list_number", ForeignKey("lists.number"), nullable=False),
    Column("joins", Json, nullable=False),
    Column("about", String(300), nullable=False),
    Column("facts", Json, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("written_at", Instant),
    Column("confirmed_at", Instant),
    Column("settled_at", Instant),
    Column("settled_by", String(80)),
    Column("reason", Text),
    CheckConstraint(
        "state IN ('asked', 'written', 'waiting', 'done', 'declined')", name="state"
    ),
)
# Statements use these very words: SQLite looks into the index for no other ones.
IS_OPEN = text("state IN ('asked', 'written')")
# Asked twice is asked once, as long as nobody answered.
Index(
    "ux_requests_open",
    requests.c.address_hash,
    requests.c.kind,
    requests.c.about,
    unique=True,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)
_ASKED = text("state = 'asked'")
Index(
    "ix_requests_asked",
    requests.c.id,
    sqlite_where=_ASKED,
    postgresql_where=_ASKED,
)
_WAITING = text("state = 'waiting'")
Index(
    "ix_requests_waiting",
    requests.c.id,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)

# When an address was last asked, and how often since a day began: whoever is bombed
# with other people's requests gets a few letters, however many there are.
cooldowns = Table(
    "cooldowns",
    metadata,
    Column("address_hash", Bytes(16), primary_key=True),
    Column("last_at", Instant, nullable=False),
    Column("since", Instant, nullable=False),
    Column("times", Integer, nullable=False),
)
