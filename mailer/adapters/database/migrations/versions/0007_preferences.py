"""What readers choose: how often, of which places; and how to take a choice back."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Id, Instant, Json

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_GROUP = ["mailing_id", "language", "place_id", "known_variant", "quiet_weeks"]


def upgrade() -> None:
    op.add_column(
        "subscriptions",
        sa.Column(
            "frequency",
            sa.String(length=12),
            server_default=sa.text("'every'"),
            nullable=False,
        ),
    )
    op.add_column("subscriptions", _scope())
    with op.batch_alter_table("mailing_groups") as batch_op:
        batch_op.add_column(_scope())
        batch_op.drop_constraint("pk_mailing_groups", type_="primary")
        batch_op.create_primary_key("pk_mailing_groups", [*_GROUP, "scope"])
    op.create_table(
        "preference_changes",
        sa.Column("id", Id, nullable=False),
        sa.Column("subscriber_id", Id, nullable=False),
        sa.Column("list_number", Id, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("before", Json, nullable=False),
        sa.Column("after", Json, nullable=False),
        sa.Column("lists_left", Json, nullable=False),
        sa.Column("undone_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_preference_changes_subscriber_id"),
        ),
        sa.ForeignKeyConstraint(
            ["list_number"],
            ["lists.number"],
            name=op.f("fk_preference_changes_list_number"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preference_changes")),
    )
    op.create_index(
        "ix_preference_changes_reader",
        "preference_changes",
        ["subscriber_id", "list_number"],
    )


def _scope() -> sa.Column[str]:
    return sa.Column(
        "scope", sa.String(length=600), server_default=sa.text("''"), nullable=False
    )
