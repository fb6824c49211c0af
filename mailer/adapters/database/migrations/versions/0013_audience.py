"""By what audiences are chosen: tags, kinds of organizations, and who was told what."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Id

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscriber_tags",
        sa.Column("subscriber_id", Id, nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_subscriber_tags_subscriber_id"),
        ),
        sa.PrimaryKeyConstraint(
            "subscriber_id", "tag", name=op.f("pk_subscriber_tags")
        ),
    )
    op.create_index(
        "ix_subscriber_tags_tag", "subscriber_tags", ["tag", "subscriber_id"]
    )
    op.add_column(
        "organizations", sa.Column("kind", sa.String(length=40), nullable=True)
    )
    op.add_column(
        "mailings",
        sa.Column(
            "urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )
    op.create_index(
        "ix_variant_items_action",
        "variant_items",
        ["action_id", "version", "variant_id"],
    )
