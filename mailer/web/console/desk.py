"""What the pages of the console work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mailer.adapters.credentials.codes import Codes
from mailer.adapters.database.instance import Instance
from mailer.bootstrap.calls import Calls
from mailer.core.accounts import Account
from mailer.core.proposal import Proposal
from mailer.pipeline.correct import Corrector
from mailer.pipeline.enter import Doorkeeper
from mailer.pipeline.follow import Meter, Outcome, Seldom
from mailer.pipeline.halt import Halter
from mailer.pipeline.invite import Inviter
from mailer.pipeline.issue import Issuer
from mailer.pipeline.moderate import Moderator
from mailer.pipeline.secure import Locksmith
from mailer.pipeline.survey import Survey
from mailer.ports import (
    Accounts,
    ApiTokens,
    Credentials,
    Doubts,
    Following,
    Mailing,
    Records,
    Sessions,
)
from mailer.ports.titling import Titling
from mailer.web.console.assets import Assets
from mailer.web.console.cookie import Cookie
from mailer.web.console.holdings import Holdings
from mailer.web.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordination:
    """What coordinators do, and with what it is kept."""

    accounts: Accounts
    credentials: Credentials
    sessions: Sessions
    records: Records
    titling: Titling  # of what records tell of
    doorkeeper: Doorkeeper
    locksmith: Locksmith
    inviter: Inviter
    codes: Codes
    moderator: Callable[[str], Moderator]  # in somebody's name
    survey: Callable[[], Survey]
    calls: Calls  # urgent ones
    zone: ZoneInfo  # in which hours are told
    tokens: ApiTokens
    issuer: Issuer
    # mailings that were made: how far they are, and what stops them
    following: Following
    meter: Meter
    outcomes: Seldom[Outcome]
    doubts: Doubts
    halter: Callable[[Account], Halter]
    switch: Instance
    blast: Callable[[Mailing], Proposal]
    corrector: Callable[[], Corrector]
    holdings: Holdings  # organizations, people, actions, settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The pages' world, and what coordinators do in it."""

    site: Site
    work: Coordination
    assets: Assets
    cookie: Cookie

    @property
    def now(self) -> datetime:
        """Return this moment."""
        return self.site.now()

    def local(self, moment: datetime) -> datetime:
        """Return a moment on the coordinators' clocks."""
        return moment.astimezone(self.work.zone)

    def name(self, account: Account) -> str:
        """Return how somebody is called; whoever has not said so, by address."""
        return account.called
