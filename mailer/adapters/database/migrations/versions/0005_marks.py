"""Events give back the key of the call; a provider's own list is synchronised daily."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Id, Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("provider_events", sa.Column("mark", sa.String(length=36)))
    marked = sa.text("mark IS NOT NULL")
    op.create_index(
        "ix_provider_events_mark",
        "provider_events",
        ["mark"],
        sqlite_where=marked,
        postgresql_where=marked,
    )
    op.add_column("suppressions", sa.Column("told_by", sa.String(length=40)))
    op.create_table(
        "synchronizations",
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("began_at", Instant, nullable=False),
        sa.Column("read_until", Instant),
        sa.Column("consents_seen", Id, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_synchronizations")),
    )
