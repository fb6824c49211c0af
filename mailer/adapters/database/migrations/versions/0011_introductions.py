"""Which hosts could meet, what they said, and what became of it."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Id, Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "introductions",
        sa.Column("id", Id, nullable=False),
        sa.Column("first_host_id", Id, nullable=False),
        sa.Column("second_host_id", Id, nullable=False),
        sa.Column("first_action_id", Id, nullable=False),
        sa.Column("second_action_id", Id, nullable=False),
        sa.Column("first_reply", sa.String(length=10), nullable=True),
        sa.Column("second_reply", sa.String(length=10), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("ending", sa.String(length=12), nullable=True),
        sa.Column("proposed_at", Instant, nullable=False),
        sa.Column("asked_at", Instant, nullable=True),
        sa.Column("settled_at", Instant, nullable=True),
        sa.Column("cleared_at", Instant, nullable=True),
        sa.CheckConstraint(
            "first_host_id < second_host_id", name=op.f("ck_introductions_pair")
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'agreed', 'introduced', 'ended')",
            name=op.f("ck_introductions_state"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [target], name=op.f(f"fk_introductions_{column}")
            )
            for column, target in (
                ("first_host_id", "subscribers.id"),
                ("second_host_id", "subscribers.id"),
                ("first_action_id", "actions.id"),
                ("second_action_id", "actions.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_introductions")),
        sa.UniqueConstraint(
            "first_host_id",
            "second_host_id",
            name=op.f("uq_introductions_first_host_id_second_host_id"),
        ),
    )
    op.create_index(
        "ix_introductions_second_host_id", "introductions", ["second_host_id"]
    )
    live = sa.text("state IN ('asked', 'agreed')")
    op.create_index(
        "ix_introductions_live",
        "introductions",
        ["id"],
        sqlite_where=live,
        postgresql_where=live,
    )
