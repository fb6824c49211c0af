"""How records name who did something: never by address, and never two people alike."""

from sqlalchemy import Connection, select

from mailer.adapters.database.readers import masked
from mailer.adapters.database.schema import accounts
from mailer.core.accounts import actor
from mailer.core.tokens import normalize


def recorded(connection: Connection, by: str) -> str:
    """Return the account behind an address, or the address masked where none is.

    What is no address ("cli", "account 7") names itself.
    """
    if "@" not in by:
        return by
    wanted = normalize(by)
    for row in connection.execute(select(accounts.c.id, accounts.c.address)):
        if normalize(row.address) == wanted:
            return actor(row.id)
    return masked(by)
