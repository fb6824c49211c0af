"""Letters to one person: where the link of each leads."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mailings", sa.Column("link", Json))
