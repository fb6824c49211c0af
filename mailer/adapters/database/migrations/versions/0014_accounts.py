"""Who signs in to the console."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Bytes, Id, Instant, Json

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _accounts()
    _credentials()
    _sessions()
    _invitations()
    _attempts()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", Id, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("handle", Bytes(32), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("address_hash", Bytes(16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("roles", Json, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("signed_in_at", Instant, nullable=True),
        sa.CheckConstraint(
            "state IN ('invited', 'active', 'disabled')",
            name=op.f("ck_accounts_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("public_id", name=op.f("uq_accounts_public_id")),
        sa.UniqueConstraint("handle", name=op.f("uq_accounts_handle")),
        sa.UniqueConstraint("address_hash", name=op.f("uq_accounts_address_hash")),
    )


def _credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("secret", Bytes(), nullable=False),
        sa.Column("external_id", Bytes(), nullable=True),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("used_at", Instant, nullable=True),
        sa.CheckConstraint(
            "kind IN ('password', 'proposed', 'totp', 'passkey', 'recovery')",
            name=op.f("ck_credentials_kind"),
        ),
        _of_account("credentials"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("external_id", name=op.f("uq_credentials_external_id")),
    )
    op.create_index("ix_credentials_account_id", "credentials", ["account_id"])
    single = sa.text("kind IN ('password', 'proposed', 'totp')")
    op.create_index(
        "ux_credentials_single",
        "credentials",
        ["account_id", "kind"],
        unique=True,
        sqlite_where=single,
        postgresql_where=single,
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", Id, nullable=False),
        sa.Column("hash", Bytes(32), nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("strong", sa.Boolean(), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("began_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.Column("proven_at", Instant, nullable=False),
        _of_account("sessions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("hash", name=op.f("uq_sessions_hash")),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("uid", Bytes(16), nullable=False),
        sa.Column("errand", sa.String(length=8), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("until", Instant, nullable=False),
        sa.Column("closed_at", Instant, nullable=True),
        _of_account("invitations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
    )
    op.create_index("ix_invitations_account_id", "invitations", ["account_id"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("name", Bytes(16), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("until", Instant, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_attempts")),
    )
    op.create_table(
        "known_networks",
        sa.Column("id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("network", Bytes(16), nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        _of_account("known_networks"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_networks")),
        sa.UniqueConstraint(
            "account_id", "network", name=op.f("uq_known_networks_account_id_network")
        ),
    )
    op.create_table(
        "challenges",
        sa.Column("hash", Bytes(32), nullable=False),
        sa.Column("until", Instant, nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_challenges")),
    )


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts.id"], name=op.f(f"fk_{table}_account_id")
    )
