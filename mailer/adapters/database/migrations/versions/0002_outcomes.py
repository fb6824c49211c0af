"""Outcomes that are found out: keys and fingerprints, parked, paces, one instance."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Bytes, Id, Instant, Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BATCHES = "'ready', 'leased', 'inflight', 'done', 'unknown'"
_DELIVERIES = (
    "'pending', 'inflight', 'sent', 'failed', 'unknown', 'suppressed', 'skipped'"
)
_OPEN = "'ready', 'leased', 'inflight'"


def upgrade() -> None:
    op.drop_index("ix_batches_work", table_name="batches")
    with op.batch_alter_table("batches") as batch_op:
        batch_op.add_column(sa.Column("pace", sa.String(length=255)))
        batch_op.add_column(sa.Column("provider", sa.String(length=40)))
        batch_op.add_column(sa.Column("key", sa.String(length=36)))
        batch_op.add_column(sa.Column("fingerprint", Bytes(32)))
        batch_op.add_column(sa.Column("first_call", sa.Float()))
    _states("batches", f"{_BATCHES}, 'parked'")
    _states("deliveries", f"{_DELIVERIES}, 'parked'")
    states = f"{_OPEN}, 'unknown'"
    _index("ix_batches_work", states, "not_before", "variant_id", "seq")
    _index("ix_batches_open", states, "mailing_id")
    _index("ix_batches_parked", "'parked'", "mailing_id")
    with op.batch_alter_table("mailings") as batch_op:
        batch_op.add_column(sa.Column("totals", Json))
        batch_op.add_column(sa.Column("pruned_at", Instant))
        batch_op.add_column(
            sa.Column(
                "remembered",
                sa.Boolean(),
                server_default=sa.text("false"),
                nullable=False,
            )
        )
    op.create_table(
        "paces",
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("free_at", sa.Float(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.PrimaryKeyConstraint("name", name="pk_paces"),
    )
    op.create_table(
        "instance",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("home", sa.String(length=200)),
        sa.Column("last_call", sa.Float(), server_default="0", nullable=False),
        sa.Column("stopped_at", Instant),
        sa.Column("stopped_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_instance"),
        sa.CheckConstraint("id = 1", name=op.f("ck_instance_single")),
    )
    op.execute("INSERT INTO instance (id) VALUES (1)")
    # What an earlier version could not find out waits for a person, as it did before.
    op.execute("UPDATE batches SET state = 'parked' WHERE state = 'unknown'")
    op.execute("UPDATE deliveries SET state = 'parked' WHERE state = 'unknown'")


def downgrade() -> None:
    op.execute("UPDATE batches SET state = 'unknown' WHERE state = 'parked'")
    op.execute("UPDATE deliveries SET state = 'unknown' WHERE state = 'parked'")
    op.drop_table("instance")
    op.drop_table("paces")
    with op.batch_alter_table("mailings") as batch_op:
        batch_op.drop_column("remembered")
        batch_op.drop_column("pruned_at")
        batch_op.drop_column("totals")
    op.drop_index("ix_batches_parked", table_name="batches")
    op.drop_index("ix_batches_open", table_name="batches")
    op.drop_index("ix_batches_work", table_name="batches")
    _states("deliveries", _DELIVERIES)
    _states("batches", _BATCHES)
    with op.batch_alter_table("batches") as batch_op:
        for column in ("first_call", "fingerprint", "key", "provider", "pace"):
            batch_op.drop_column(column)
    _index("ix_batches_work", _OPEN, "not_before")


def _states(table: str, states: str) -> None:
    name = op.f(f"ck_{table}_state")
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(name, type_="check")
        batch_op.create_check_constraint(name, f"state IN ({states})")


def _index(name: str, states: str, *columns: str) -> None:
    some = f"IN ({states})" if "," in states else f"= {states}"
    where = sa.text(f"state {some}")
    op.create_index(
        name,
        "batches",
        list(columns),
        postgresql_where=where,
        sqlite_where=where,
    )
