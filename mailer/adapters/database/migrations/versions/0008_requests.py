"""What visitors ask for through forms, and how often an address is asked."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Bytes, Id, Instant, Json

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("endorsements", sa.Column("pledges", Json, nullable=True))
    op.create_table(
        "requests",
        sa.Column("id", Id, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("address_hash", Bytes(16), nullable=False),
        sa.Column("subscriber_id", Id, nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("list_number", Id, nullable=False),
        sa.Column("joins", Json, nullable=False),
        sa.Column("about", sa.String(length=300), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("written_at", Instant, nullable=True),
        sa.Column("confirmed_at", Instant, nullable=True),
        sa.Column("settled_at", Instant, nullable=True),
        sa.Column("settled_by", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'written', 'waiting', 'done', 'declined')",
            name=op.f("ck_requests_state"),
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_requests_subscriber_id"),
        ),
        sa.ForeignKeyConstraint(
            ["list_number"], ["lists.number"], name=op.f("fk_requests_list_number")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sa.UniqueConstraint("public_id", name=op.f("uq_requests_public_id")),
    )
    op.create_index("ix_requests_subscriber_id", "requests", ["subscriber_id"])
    _partial(
        "ux_requests_open",
        ["address_hash", "kind", "about"],
        "state IN ('asked', 'written')",
        unique=True,
    )
    _partial("ix_requests_asked", ["id"], "state = 'asked'")
    _partial("ix_requests_waiting", ["id"], "state = 'waiting'")
    op.create_table(
        "cooldowns",
        sa.Column("address_hash", Bytes(16), nullable=False),
        sa.Column("last_at", Instant, nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_cooldowns")),
    )


def _partial(
    name: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    op.create_index(
        name,
        "requests",
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
