"""Who asked to be erased; under which key addresses are hashed; who is muted."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Bytes, Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("address_hash", Bytes(16), nullable=False),
        sa.Column("erased_at", Instant, nullable=False),
        sa.Column("completed_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_erasures")),
    )
    op.add_column("instance", sa.Column("key_check", Bytes(16), nullable=True))
    op.add_column("organizations", sa.Column("muted_until", Instant, nullable=True))
    muted = sa.text("muted_until IS NOT NULL")
    op.create_index(
        "ix_organizations_muted",
        "organizations",
        ["muted_until"],
        sqlite_where=muted,
        postgresql_where=muted,
    )
    op.add_column("seats", sa.Column("lost_at", Instant, nullable=True))
