"""What the readers of a blast were to get when it was submitted."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Bytes

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("blasts", sa.Column("words_hash", Bytes(32), nullable=True))
