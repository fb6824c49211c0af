"""What programs show to come in, and what they were answered."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from mailer.adapters.database.schema.base import metadata
from mailer.adapters.database.types import Bytes, Id, Instant, Json

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hash", Bytes(32), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("strong", Boolean, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
)

# A row without a status is a request that is at work, or was cut off.
api_answers = Table(
    "api_answers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("token_id", ForeignKey("api_tokens.id"), nullable=False),
    Column("key", String(100), nullable=False),
    Column("asked", Bytes(32), nullable=False),
    Column("asked_at", Instant, nullable=False, index=True),
    Column("status", Integer),
    Column("body", Text),
    UniqueConstraint("token_id", "key"),
)
