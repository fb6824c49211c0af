"""Drafts of blasts, whom an approval was about, and batches that go out in waves."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Bytes, Id, Instant, Json

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "batches",
        sa.Column("wave", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column("batches", sa.Column("zone", sa.String(length=60), nullable=True))
    op.create_table(
        "blasts",
        sa.Column("id", Id, nullable=False),
        sa.Column("list_number", Id, nullable=False),
        sa.Column("edition", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("draft", Json, nullable=False),
        sa.Column("content_hash", Bytes(32), nullable=False),
        sa.Column("author", sa.String(length=254), nullable=False),
        sa.Column("editor", sa.String(length=254), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("edited_at", Instant, nullable=False),
        sa.Column("submitter", sa.String(length=254), nullable=True),
        sa.Column("submitted_at", Instant, nullable=True),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("acknowledged", Json, nullable=False),
        sa.Column("approver", sa.String(length=254), nullable=True),
        sa.Column("approved_at", Instant, nullable=True),
        sa.Column("approved_hash", Bytes(32), nullable=True),
        sa.Column("approved", sa.Integer(), nullable=True),
        _flag("alone"),
        _flag("told"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("hold_until", Instant, nullable=True),
        sa.Column("not_after", Instant, nullable=True),
        sa.Column("canary_until", Instant, nullable=True),
        sa.Column("mailing_id", Id, nullable=True),
        sa.Column("quiet", sa.String(length=11), nullable=True),
        sa.Column("change", Json, nullable=True),
        sa.CheckConstraint(
            "stage IN ('draft', 'submitted', 'held', 'stopped', 'canary', 'sending',"
            " 'done', 'cancelled', 'expired')",
            name=op.f("ck_blasts_stage"),
        ),
        sa.ForeignKeyConstraint(
            ["list_number"], ["lists.number"], name=op.f("fk_blasts_list_number")
        ),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_blasts_mailing_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blasts")),
        sa.UniqueConstraint(
            "list_number", "edition", name=op.f("uq_blasts_list_number_edition")
        ),
        sa.UniqueConstraint("mailing_id", name=op.f("uq_blasts_mailing_id")),
    )
    going_on = sa.text("stage IN ('submitted', 'held', 'stopped', 'canary', 'sending')")
    op.create_index(
        "ix_blasts_going_on",
        "blasts",
        ["id"],
        sqlite_where=going_on,
        postgresql_where=going_on,
    )
    op.create_table(
        "blast_recipients",
        sa.Column("blast_id", Id, nullable=False),
        sa.Column("subscriber_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["blast_id"], ["blasts.id"], name=op.f("fk_blast_recipients_blast_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_blast_recipients_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "blast_id", "subscriber_id", name=op.f("pk_blast_recipients")
        ),
    )
    op.create_index(
        "ix_blast_recipients_subscriber", "blast_recipients", ["subscriber_id"]
    )


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(
        name, sa.Boolean(), nullable=False, server_default=sa.text("false")
    )
