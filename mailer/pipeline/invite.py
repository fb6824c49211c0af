"""A coordinator's word → an account, and a link by which its owner sets a password."""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailer.core.accounts import Account, Errand, Invitation, State
from mailer.core.errors import RefusedError
from mailer.core.lists import MailingList
from mailer.core.notices import Note, NoteKind
from mailer.core.roles import Role
from mailer.core.saying import says
from mailer.core.tokens import Keyring, Link, Purpose
from mailer.pipeline.notify import Notifier
from mailer.ports import Accounts, Hashing, Invitations, People

_UID = 16  # octets
_KINDS = {
    Errand.INVITE: NoteKind.CONSOLE_INVITED,
    Errand.RESET: NoteKind.CONSOLE_RESET,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inviter:
    """Makes accounts, and the links that open them."""

    accounts: Accounts
    invitations: Invitations
    passwords: Hashing
    people: People
    notifier: Notifier
    keyring: Keyring
    lists: Callable[[], Mapping[int, MailingList]]  # by number
    base_url: str
    clock: Callable[[], datetime]

    def invite(
        self, address: str, roles: Collection[Role], *, language: str, by: str
    ) -> Account:
        """Make an account and mail its owner a link; raises RefusedError."""
        _ = self._list()  # before anything is made that could not be mailed
        account = self.accounts.create(
            address, language=language, roles=roles, by=by, at=self.clock()
        )
        self.mail_link(account, by=by)
        return account

    def mail_link(self, account: Account, *, by: str) -> None:
        """Mail a link that sets a password; those made before end."""
        number, mailing_list = self._list()
        at, errand = self.clock(), _errand(account)
        uid = self.people.known_as(account.address, language=account.language, at=at)
        made = self.invitations.make(account.number, uid, errand, by=by, at=at)
        self.notifier.tell(
            Note(kind=_KINDS[errand], language=account.language),
            to=uid,
            name=f"console link {made}",
            mailing_list=mailing_list,
            list_number=number,
            link=Link(Purpose.INVITE, made),
            at=at,
        )

    def link(self, account: Account, *, by: str) -> str:
        """Return such a link, to be handed over; those made before end."""
        uid = secrets.token_bytes(_UID)
        made = self.invitations.make(
            account.number, uid, _errand(account), by=by, at=self.clock()
        )
        token = self.keyring.sign(Purpose.INVITE, uid, made)
        return f"{self.base_url}/console/set-up/{token}"

    def open(self, token: str) -> Invitation | None:
        """Return what a link is for; None if it is no good any more, or never was."""
        claim = self.keyring.read(token)
        if claim is None or claim.purpose is not Purpose.INVITE:
            return None
        return self.invitations.open(claim.list_number, claim.uid, at=self.clock())

    def accept(
        self, token: str, *, name: str, language: str, password: str
    ) -> Invitation | None:
        """Set the password, once; None: the link is used or over."""
        claim = self.keyring.read(token)
        if claim is None or self.open(token) is None:
            return None  # before the password is hashed, which takes its time
        return self.invitations.use(
            claim.list_number,
            claim.uid,
            name=name,
            language=language,
            hashed=self.passwords.hash(password),
            at=self.clock(),
        )

    def _list(self) -> tuple[int, MailingList]:
        lists = self.lists()
        if not lists:
            raise RefusedError(
                says(
                    "lists/ is empty, and mail goes out under the name of a list;"
                    " print the link instead: mailer admin create ADDRESS"
                )
            )
        return next(iter(lists.items()))


def _errand(account: Account) -> Errand:
    return Errand.INVITE if account.state is State.INVITED else Errand.RESET
