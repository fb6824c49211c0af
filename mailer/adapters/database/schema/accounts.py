"""Who signs in to the console, with what, from where, and what tried to."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from mailer.adapters.database.schema.base import metadata
from mailer.adapters.database.types import Bytes, Id, Instant, Json

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("handle", Bytes(32), nullable=False, unique=True),
    Column("address", String(254), nullable=False),
    Column("address_hash", Bytes(16), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("language", String(8), nullable=False),
    Column("roles", Json, nullable=False),
    Column("state", String(8), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("signed_in_at", Instant),
    CheckConstraint("state IN ('invited', 'active', 'disabled')", name="state"),
)

# One row per password, phone, passkey and recovery code. `secret` is the argon2id
# hash, the sealed secret of the phone, the passkey's public key, a code's hash.
credentials = Table(
    "credentials",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("name", String(80), nullable=False),
    Column("secret", Bytes, nullable=False),
    Column("external_id", Bytes, unique=True),  # of passkeys
    # The last time step whose code was used, or a passkey's own count of its uses.
    Column("counter", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
    CheckConstraint(
        "kind IN ('password', 'proposed', 'totp', 'passkey', 'recovery')", name="kind"
    ),
)
_SINGLE = text("kind IN ('password', 'proposed', 'totp')")
Index(
    "ux_credentials_single",
    credentials.c.account_id,
    credentials.c.kind,
    unique=True,
    sqlite_where=_SINGLE,
    postgresql_where=_SINGLE,
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hash", Bytes(32), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("strong", Boolean, nullable=False),
    Column("how", String(10), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("proven_at", Instant, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("uid", Bytes(16), nullable=False),
    Column("errand", String(8), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("closed_at", Instant),
)

# How often something was tried since a window began; the name is a keyed hash.
attempts = Table(
    "attempts",
    metadata,
    Column("name", Bytes(16), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("times", Integer, nullable=False),
)

known_networks = Table(
    "known_networks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("network", Bytes(16), nullable=False),
    Column("seen_at", Instant, nullable=False),
    UniqueConstraint("account_id", "network"),
)

challenges = Table(
    "challenges",
    metadata,
    Column("hash", Bytes(32), primary_key=True),
    Column("until", Instant, nullable=False),
)
