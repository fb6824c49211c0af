"""Whether addresses are hashed under the key that they always were.

Under another one nobody who complained, bounced or was erased would be known again.
"""

import hmac

from sqlalchemy import select, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import instance
from mailer.core.errors import ConfigError
from mailer.core.tokens import derive


def require(database: Database, pepper: bytes) -> None:
    """Take note of the key the first time; raise ConfigError when it is another."""
    check = derive(pepper, "check")[:16]
    with database.reading() as connection:
        known = connection.scalar(select(instance.c.key_check))
    if known is None:
        with database.writing() as connection:
            connection.execute(
                update(instance)
                .where(instance.c.key_check.is_(None))
                .values(key_check=check)
            )
    elif not hmac.compare_digest(bytes(known), check):
        raise ConfigError(
            "mailer.toml: secret_key: the oldest key is not the one that this database"
            " began with, so that nobody who complained or was erased would be known"
            " again. Put its line back, as NUMBER:BASE64:retired if its links are to be"
            " refused"
        )
