"""Places, and the organizations that are somewhere."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    text,
)

from mailer.adapters.database.schema.base import metadata
from mailer.adapters.database.types import Id, Instant

places = Table(
    "places",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("label", String(200), nullable=False),
    Column("locality", String(200), nullable=False),
    Column("region", String(40)),
    Column("country", String(2), nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("time_zone", String(60)),
)

# What a source wrote and the gazetteer resolved, so that it is asked only once.
place_names = Table(
    "place_names",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("place_id", ForeignKey("places.id"), nullable=False),
    Column("code", String(40)),
    Column("message", Text),
)

organizations = Table(
    "organizations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(300), nullable=False),
    Column("parent_id", ForeignKey("organizations.id")),
    Column("place_id", ForeignKey("places.id")),
    Column("website", Text),
    Column("kind", String(40)),  # "union", "faith", "student": as `core.tags` writes it
    Column("created_at", Instant, nullable=False),
    Column("muted_until", Instant),  # no edition goes to its seats before
)
_MUTED = text("muted_until IS NOT NULL")
Index(
    "ix_organizations_muted",
    organizations.c.muted_until,
    sqlite_where=_MUTED,
    postgresql_where=_MUTED,
)

# Every spelling by which an organization is known, its own name included.
organization_aliases = Table(
    "organization_aliases",
    metadata,
    Column("key", String(300), primary_key=True),
    Column("name", String(300), nullable=False),
    Column(
        "organization_id", ForeignKey("organizations.id"), nullable=False, index=True
    ),
)
