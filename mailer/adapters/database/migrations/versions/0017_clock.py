"""How far the database's own clock was seen to be: it may be put back."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "instance",
        sa.Column("clock", sa.Float, nullable=False, server_default=sa.text("0")),
    )
