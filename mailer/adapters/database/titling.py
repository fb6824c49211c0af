"""The port Titling over tables."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, or_, select, tuple_

from mailer.adapters.database.drafting import proposals, to_proposal
from mailer.adapters.database.engine import Database
from mailer.adapters.database.mailings import to_mailing, with_lists
from mailer.adapters.database.publishing import current, to_posted
from mailer.adapters.database.readers import masked
from mailer.adapters.database.requests import to_request, with_owner
from mailer.adapters.database.schema import (
    actions,
    api_tokens,
    blasts,
    lists,
    mailings,
    organizations,
    requests,
    subscribers,
)
from mailer.core.draft import Draft
from mailer.core.model import Facts
from mailer.core.requests import Request
from mailer.ports import Mailing


class SqlTitling:
    """The port Titling."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def organizations(self, numbers: Collection[int]) -> Mapping[int, str]:
        """Return the names of organizations."""
        query = select(organizations.c.id, organizations.c.name).where(
            organizations.c.id.in_(numbers)
        )
        with self._database.reading() as connection:
            return {row.id: row.name for row in connection.execute(query)}

    def subscribers(self, numbers: Collection[int]) -> Mapping[int, str]:
        """Return masked addresses; whoever was erased has none."""
        query = select(subscribers.c.id, subscribers.c.address).where(
            subscribers.c.id.in_(numbers), subscribers.c.address != ""
        )
        with self._database.reading() as connection:
            return {row.id: masked(row.address) for row in connection.execute(query)}

    def requests(self, numbers: Collection[int]) -> Mapping[int, Request]:
        """Return requests."""
        query = with_owner().where(requests.c.id.in_(numbers))
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings()
            return {row["id"]: to_request(row) for row in rows}

    def actions(self, public_ids: Collection[str]) -> Mapping[str, Facts]:
        """Return what actions are now."""
        query = current().where(actions.c.public_id.in_(public_ids))
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings()
            found = [to_posted(row).action for row in rows]
        return {each.public_id: each.facts for each in found}

    def tokens(self, numbers: Collection[int]) -> Mapping[int, str]:
        """Return the names of tokens."""
        query = select(api_tokens.c.id, api_tokens.c.name).where(
            api_tokens.c.id.in_(numbers)
        )
        with self._database.reading() as connection:
            return {row.id: row.name for row in connection.execute(query)}

    def mailings(
        self, numbers: Collection[int], names: Collection[str]
    ) -> Sequence[Mailing]:
        """Return mailings by number and by name."""
        chosen: list[ColumnElement[bool]] = [mailings.c.id.in_(numbers)]
        if names:
            named = tuple_(lists.c.slug, mailings.c.edition)
            chosen.append(named.in_(_parted(names)))
        query = with_lists().where(or_(*chosen))
        with self._database.reading() as connection:
            return [to_mailing(row) for row in connection.execute(query).mappings()]

    def drafts(self, names: Collection[str]) -> Mapping[str, Draft]:
        """Return the words of urgent calls."""
        named = tuple_(lists.c.slug, blasts.c.edition)
        query = proposals().where(named.in_(_parted(names)))
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings()
            found = [to_proposal(row) for row in rows]
        return {each.name: each.draft for each in found}


def _parted(names: Collection[str]) -> Sequence[tuple[str, str]]:
    """Return lists and editions."""
    return [(slug, edition) for slug, _, edition in (n.partition("/") for n in names)]
