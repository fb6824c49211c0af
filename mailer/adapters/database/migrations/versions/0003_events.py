"""What providers tell afterwards: events by hash of the address, and what they weigh."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Bytes, Id, Instant, Json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("heard", sa.String(length=12)))
    op.add_column("mailings", sa.Column("heeded", Json))
    heard = sa.text("heard IS NOT NULL")
    op.create_index(
        "ix_deliveries_heard",
        "deliveries",
        ["mailing_id", "heard"],
        sqlite_where=heard,
        postgresql_where=heard,
    )
    op.drop_table("provider_events")  # nothing ever wrote to it
    op.create_table(
        "provider_events",
        sa.Column("id", Id, nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("address_hash", Bytes(16), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("provider_id", sa.String(length=200)),
        sa.Column("status", sa.String(length=12)),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("happened_at", Instant, nullable=False),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("applied_at", Instant),
        sa.Column("mailing_id", Id),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_events")),
        sa.UniqueConstraint(
            "provider", "event_id", name=op.f("uq_provider_events_provider_event_id")
        ),
    )
    waiting = sa.text("applied_at IS NULL")
    op.create_index(
        "ix_provider_events_waiting",
        "provider_events",
        ["id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    blocked = sa.text("kind = 'block'")
    op.create_index(
        "ix_provider_events_blocked",
        "provider_events",
        ["mailing_id", "domain"],
        sqlite_where=blocked,
        postgresql_where=blocked,
    )
