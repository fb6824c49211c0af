"""A project folder: who coordinates it, and what lets them in."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mailer.adapters.clocks import elapsed
from mailer.adapters.credentials.sealing import Seal
from mailer.adapters.database.accounts import SqlAccounts
from mailer.adapters.database.agenda import SqlAgenda
from mailer.adapters.database.api_answers import SqlAnswers
from mailer.adapters.database.api_tokens import SqlApiTokens
from mailer.adapters.database.attempts import SqlAttempts
from mailer.adapters.database.credentials import SqlCredentials
from mailer.adapters.database.following import SqlFollowing
from mailer.adapters.database.gauges import held
from mailer.adapters.database.invitations import SqlInvitations
from mailer.adapters.database.readership import SqlReadership
from mailer.adapters.database.records import SqlRecords
from mailer.adapters.database.register import SqlRegister
from mailer.adapters.database.sessions import SqlSessions
from mailer.adapters.database.titling import SqlTitling
from mailer.bootstrap import disclosing
from mailer.bootstrap.sending import Sending
from mailer.core.disclosing import Setting
from mailer.core.lists import MailingList, told_in
from mailer.pipeline.enter import Doorkeeper
from mailer.pipeline.follow import Meter, Metered, Outcome, Seldom, outcomes
from mailer.pipeline.invite import Inviter
from mailer.pipeline.issue import Issuer
from mailer.pipeline.secure import Locksmith
from mailer.pipeline.survey import Survey, survey

if TYPE_CHECKING:
    from mailer.adapters.credentials.codes import Codes
    from mailer.adapters.credentials.passkeys import Passkeys
    from mailer.adapters.credentials.passwords import Passwords


class Console:
    """The accounts of a project, and what is done with them."""

    def __init__(
        self,
        project: Sending,
        *,
        derived: Callable[[str], bytes],
        numbered: Callable[[], Mapping[int, MailingList]],
    ) -> None:
        """Take the project, its keys by purpose, and its lists by number.

        The database is opened when first asked for.
        """
        self._project = project
        self._derived = derived
        self._numbered = numbered

    @cached_property
    def accounts(self) -> SqlAccounts:
        """Who may sign in."""
        return SqlAccounts(self._project.ready, self._derived("addresses"))

    @cached_property
    def credentials(self) -> SqlCredentials:
        """What lets them in."""
        return SqlCredentials(
            self._project.ready,
            seal=Seal(self._derived("codes")),
            pepper=self._derived("recovery"),
        )

    @cached_property
    def sessions(self) -> SqlSessions:
        """Who is signed in."""
        return SqlSessions(self._project.ready)

    @cached_property
    def attempts(self) -> SqlAttempts:
        """What tried to get in."""
        return SqlAttempts(self._project.ready, self._derived("attempts"))

    @cached_property
    def records(self) -> SqlRecords:
        """Who did what."""
        return SqlRecords(self._project.ready)

    @cached_property
    def titling(self) -> SqlTitling:
        """How what records tell of is called."""
        return SqlTitling(self._project.ready)

    @cached_property
    def passwords(self) -> "Passwords":
        """Makes and checks hashes."""
        from mailer.adapters.credentials.passwords import Passwords

        return Passwords()

    @cached_property
    def codes(self) -> "Codes":
        """Knows the codes of phones."""
        from mailer.adapters.credentials.codes import Codes

        return Codes(self._project.settings.coalition.name)

    @cached_property
    def keys(self) -> "Passkeys":
        """Asks browsers for passkeys."""
        from mailer.adapters.credentials.passkeys import Passkeys

        settings = self._project.settings
        return Passkeys(settings.base_url, settings.coalition.name)

    @cached_property
    def doorkeeper(self) -> Doorkeeper:
        """Lets people in."""
        return Doorkeeper(
            accounts=self.accounts,
            credentials=self.credentials,
            sessions=self.sessions,
            attempts=self.attempts,
            passwords=self.passwords,
            codes=self.codes,
            keys=self.keys,
            clock=self._project.clock,
        )

    @cached_property
    def locksmith(self) -> Locksmith:
        """Changes what lets them in."""
        return Locksmith(
            credentials=self.credentials,
            sessions=self.sessions,
            attempts=self.attempts,
            passwords=self.passwords,
            codes=self.codes,
            keys=self.keys,
            clock=self._project.clock,
        )

    @cached_property
    def inviter(self) -> Inviter:
        """Makes accounts and links."""
        project = self._project
        return Inviter(
            accounts=self.accounts,
            invitations=SqlInvitations(project.ready),
            passwords=self.passwords,
            people=project.people,
            notifier=project.notifier,
            keyring=project.keyring,
            lists=self._numbered,
            base_url=project.settings.base_url,
            clock=project.clock,
        )

    @cached_property
    def api_tokens(self) -> SqlApiTokens:
        """What lets programs in."""
        return SqlApiTokens(self._project.ready)

    @cached_property
    def answers(self) -> SqlAnswers:
        """What programs were answered."""
        return SqlAnswers(self._project.ready)

    @cached_property
    def issuer(self) -> Issuer:
        """Makes tokens for programs."""
        return Issuer(tokens=self.api_tokens, clock=self._project.clock)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the first list that has one, in which hours are told."""
        return told_in(self._project.lists.values())

    @cached_property
    def register(self) -> SqlRegister:
        """The organizations, by number."""
        return SqlRegister(self._project.ready)

    @cached_property
    def readership(self) -> SqlReadership:
        """The subscribers, by number."""
        _ = self._project.ledger  # which numbers the lists that they are on
        return SqlReadership(self._project.ready, self._derived("addresses"))

    @cached_property
    def agenda(self) -> SqlAgenda:
        """The actions, with all that is known of them."""
        return SqlAgenda(self._project.ready)

    @cached_property
    def settings(self) -> Sequence[Setting]:
        """What mailer.toml said when it was first asked, without its secrets."""
        return disclosing.settings(self._project.folder, self._project.environment)

    def survey(self) -> Survey:
        """Look at everything once."""
        project = self._project
        return survey(
            Metered(every=project.ledger.every, meter=self.meter),
            project.lists.values(),
            stopped=self._stopped(),
            at=project.clock(),
        )

    @cached_property
    def following(self) -> SqlFollowing:
        """Mailings, as those look at them who sent them."""
        return SqlFollowing(self._project.ready)

    @cached_property
    def meter(self) -> Meter:
        """Counts mailings once for all who watch them."""
        project = self._project
        return Meter(
            project.ledger.standing,
            held=lambda: held(project.ready),
            stopped=self._stopped,
            clock=project.clock,
            monotonic=elapsed,
        )

    @cached_property
    def outcomes(self) -> Seldom[Outcome]:
        """Works out what became of mailings."""
        return outcomes(self.following, monotonic=elapsed)

    def _stopped(self) -> str | None:
        stop = self._project.instance.stopped()
        return stop.reason if stop else None
