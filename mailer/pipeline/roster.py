"""Who sends: so many senders for each provider, and somebody for every open call.

Settings may change while a mailing is on its way. What waits then goes the new way; a
call that was made is found out with the provider that it was made to.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from mailer.core.routes import Routing
from mailer.pipeline.send import Sender
from mailer.ports import Ledger


@dataclass(slots=True, kw_only=True)
class Roster:
    """Names who carries what, and employs whoever is needed."""

    ledger: Ledger
    routing: Routing
    described: Collection[str]  # all that mailer.toml knows
    asked: Collection[str]  # of these, who may be called at all
    employ: Callable[[str], Sequence[Sender]]  # by name, even of one that is gone
    takes_over: bool = True  # False: what waits for others is left to them
    _employed: dict[str, Sequence[Sender]] = field(init=False, default_factory=dict)
    _begun: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        """Employ everybody on a route; raises ConfigError if one cannot carry."""
        for name in self.routing.names:
            self._employed[name] = self.employ(name)

    def muster(self) -> Sequence[Sender]:
        """Return all who send, once nothing that is open is without one."""
        names = set(self.ledger.carriers())
        if not (self._begun and names.issubset(self.described)):
            if self.takes_over:
                self.ledger.route(self.routing)
            names = set(self.ledger.carriers())
        if not self._begun:
            self.ledger.unbar()  # perhaps this start is because it was mended
            self._begun = True
        left_alone = {"", *self.described} - {*self.asked}
        if not self.takes_over:
            left_alone = names
        for name in sorted(names - left_alone):
            if name not in self._employed:
                self._employed[name] = self.employ(name)
        return [each for some in self._employed.values() for each in some]
