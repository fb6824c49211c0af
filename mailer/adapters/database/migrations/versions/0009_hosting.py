"""Who answers for an action, and may correct or cancel it."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Id, Instant, Json

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hosts",
        sa.Column("action_id", Id, nullable=False),
        sa.Column("subscriber_id", Id, nullable=False),
        sa.Column("shown_to", sa.String(length=12), nullable=False),
        sa.Column("connect", sa.Boolean(), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("looked_at", Instant, nullable=False),
        sa.Column("asked_for", sa.String(length=60), nullable=True),
        sa.Column("asked_at", Instant, nullable=True),
        sa.Column("before", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["action_id"], ["actions.id"], name=op.f("fk_hosts_action_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_hosts_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("action_id", "subscriber_id", name=op.f("pk_hosts")),
    )
    op.create_index("ix_hosts_subscriber_id", "hosts", ["subscriber_id"])
