"""Letters to one person, outside any edition."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from mailer.core.routes import Route
from mailer.core.tokens import Link
from mailer.ports.ledger import Composed


class Notes(Protocol):
    """Where letters to one person are put, for the senders to carry."""

    def post(
        self,
        composed: Composed,
        *,
        to: bytes,
        name: str,
        list_number: int,
        link: Link | None,
        returning: bool = False,
        route: Route,
        at: datetime,
    ) -> bool:
        """Put a letter to the subscriber with this random id on its way.

        `name` says what it is about and to whom: of one name only the first letter
        is ever sent, and False is returned for the others. It goes out under the name
        of a list; `link` says where its button leads, if it has
        one. Whoever is suppressed is not
        written to, unless `returning`: who complained or was erased may have come
        back, and is asked so. Raises NotFoundError for an id that nobody has.
        """
        ...

    def unused(self, names: Collection[str]) -> Collection[str]:
        """Return those of these names under which no letter was ever put there."""
        ...
