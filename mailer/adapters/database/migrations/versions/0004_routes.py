"""Several providers at once: whose turn each batch is, and who stands in."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('ready', 'leased', 'inflight', 'unknown')")
_IN_FLIGHT = sa.text("state = 'inflight'")


def upgrade() -> None:
    op.drop_index("ix_batches_work", table_name="batches")
    with op.batch_alter_table("batches") as batch_op:
        batch_op.add_column(
            sa.Column(
                "point", sa.Integer(), server_default=sa.text("0"), nullable=False
            )
        )
        batch_op.add_column(
            sa.Column(
                "carrier",
                sa.String(length=40),
                server_default=sa.text("''"),
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("stand_in", sa.String(length=40)))
    # Calls that are open stay with whom they were made to; the others are named by
    # whoever sends next.
    op.execute(
        "UPDATE batches SET carrier = provider"
        " WHERE provider IS NOT NULL AND state IN ('inflight', 'unknown', 'parked')"
    )
    op.execute(
        "UPDATE batches SET point = (CAST(seq AS BIGINT) * 618033"
        " + CAST(variant_id AS BIGINT) * 414213) % 1000000 WHERE state <> 'done'"
    )
    with op.batch_alter_table("batches") as batch_op:
        batch_op.drop_column("provider")
    _index("ix_batches_work", _OPEN, "carrier", "not_before", "variant_id", "seq")
    _index("ix_batches_inflight", _IN_FLIGHT, "carrier", "lease_until")


def _index(name: str, where: sa.TextClause, *columns: str) -> None:
    op.create_index(
        name, "batches", list(columns), postgresql_where=where, sqlite_where=where
    )
