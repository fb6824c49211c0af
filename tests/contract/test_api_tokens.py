"""Tokens of programs and what they were answered, on every database."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from mailer.adapters.credentials.sealing import Seal
from mailer.adapters.database.accounts import SqlAccounts
from mailer.adapters.database.api_answers import SqlAnswers
from mailer.adapters.database.api_tokens import SqlApiTokens
from mailer.adapters.database.credentials import SqlCredentials
from mailer.adapters.database.engine import Database
from mailer.adapters.database.invitations import SqlInvitations
from mailer.adapters.database.records import SqlRecords
from mailer.adapters.database.schema import api_tokens
from mailer.core.accounts import Account, Errand, Factor, State
from mailer.core.automation import LONGEST, MOST, PREFIX, ApiToken, Scope
from mailer.core.errors import InputError, RefusedError
from mailer.core.roles import Role
from mailer.pipeline.issue import Issuer
from mailer.ports import Reply
from tests.factories import MONDAY as AT

PEPPER = b"p" * 32
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Office:
    """Accounts and their tokens over one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.accounts = SqlAccounts(database, PEPPER)
        self.credentials = SqlCredentials(database, seal=Seal(b"k" * 32), pepper=PEPPER)
        self.tokens = SqlApiTokens(database)
        self.answers = SqlAnswers(database)
        self.records = SqlRecords(database)
        self.issuer = Issuer(tokens=self.tokens, clock=lambda: AT)

    def person(
        self, *roles: Role, address: str = "ana@union.example", phone: bool = True
    ) -> Account:
        made = self.accounts.create(
            address, language="en", roles=roles, by="test", at=AT
        )
        self.credentials.set_password(made.number, "hash", at=AT)
        self.accounts.turn(made, State.ACTIVE, by="test", at=AT)
        if phone:
            self.credentials.propose_totp(made.number, "S", at=AT)
            self.credentials.accept_totp(made.number, 0, at=AT)
        return self.accounts.account(made.public_id)

    def issue(
        self,
        account: Account,
        scopes: Collection[Scope] = (Scope.OVERVIEW,),
        *,
        days: int = 90,
        strong: bool = True,
    ) -> tuple[ApiToken, str]:
        return self.issuer.issue(
            account,
            name="phone",
            scopes=scopes,
            days=days,
            strong=strong,
            by=account.actor,
        )

    def usable(self, secret: str) -> set[Scope]:
        token = self.tokens.bearer(secret, at=AT)
        assert token is not None
        return set(token.usable)


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def test_a_token_lets_its_bearer_in_and_is_kept_as_a_hash_alone(office: Office) -> None:
    ana = office.person(Role.AUTHOR)

    token, secret = office.issue(ana, [Scope.WRITE, Scope.STOP])

    assert secret.startswith(PREFIX)
    found = office.tokens.bearer(secret, at=AT)
    assert found is not None
    assert (found.number, found.account) == (token.number, ana)
    assert found.usable == {Scope.WRITE, Scope.STOP}
    assert office.tokens.bearer(secret[:-1] + "-", at=AT) is None
    assert office.tokens.bearer(secret.removeprefix(PREFIX), at=AT) is None
    assert office.tokens.bearer("", at=AT) is None
    with office.database.reading() as connection:
        row = connection.execute(select(api_tokens)).one()
    assert secret not in repr(row)
    assert secret.removeprefix(PREFIX) not in repr(row)
    assert secret not in repr((token, office.records.latest(most=9)))


def test_a_token_ends_by_itself_or_when_it_is_revoked_by_its_owner(
    office: Office,
) -> None:
    ana = office.person(Role.AUTHOR)
    ben = office.person(Role.AUTHOR, address="ben@union.example")
    token, secret = office.issue(ana, days=7)
    revoke, bearer = office.tokens.revoke, office.tokens.bearer

    assert bearer(secret, at=AT + 7 * DAY - MINUTE) is not None
    assert bearer(secret, at=AT + 7 * DAY) is None
    assert not revoke(token.number, account=ben.number, by="ben", at=AT)
    assert bearer(secret, at=AT) is not None
    assert revoke(token.number, account=ana.number, by="ana", at=AT)
    assert bearer(secret, at=AT) is None
    assert not revoke(token.number, account=ana.number, by="ana", at=AT)
    [listed] = office.tokens.listed(ana.number)
    assert (listed.revoked_at, listed.is_good(AT)) == (AT, False)
    told = [one.verb for one in office.records.latest(most=2)]
    assert told == ["revoke token", "make token"]


def test_who_sets_a_password_by_a_link_ends_the_tokens(office: Office) -> None:
    ana = office.person(Role.AUTHOR)
    ben = office.person(Role.AUTHOR, address="ben@union.example")
    secrets = [office.issue(one)[1] for one in (ana, ana, ben)]
    invitations = SqlInvitations(office.database)
    link = invitations.make(ana.number, bytes(16), Errand.RESET, by="x", at=AT)

    invitations.use(link, bytes(16), name="Ana", language="en", hashed="new", at=AT)

    left = [office.tokens.bearer(one, at=AT) is not None for one in secrets]
    assert left == [False, False, True]


def test_a_new_password_of_ones_own_ends_the_tokens(office: Office) -> None:
    ana = office.person(Role.AUTHOR)
    ben = office.person(Role.AUTHOR, address="ben@union.example")
    secrets = [office.issue(one)[1] for one in (ana, ben)]

    office.credentials.set_password(ana.number, "new", at=AT)

    left = [office.tokens.bearer(one, at=AT) is not None for one in secrets]
    assert left == [False, True]


def test_who_was_disabled_comes_back_without_the_tokens_of_before(
    office: Office,
) -> None:
    ana = office.person(Role.AUTHOR)
    _, secret = office.issue(ana)
    for state in (State.DISABLED, State.ACTIVE):
        office.accounts.turn(ana, state, by="x", at=AT)

    assert office.tokens.bearer(secret, at=AT) is None


def test_what_the_account_may_no_more_no_token_of_it_may(office: Office) -> None:
    admin = office.person(Role.ADMIN, address="admin@union.example")
    ana = office.person(Role.APPROVER)
    _, secret = office.issue(ana, [Scope.APPROVE, Scope.OVERVIEW, Scope.STOP])
    assert office.usable(secret) == {Scope.APPROVE, Scope.OVERVIEW, Scope.STOP}

    office.accounts.give(ana, [Role.AUTHOR], by=admin.actor, at=AT)
    assert office.usable(secret) == {Scope.OVERVIEW, Scope.STOP}
    office.accounts.give(ana, [Role.AUDITOR], by=admin.actor, at=AT)
    assert office.usable(secret) == {Scope.OVERVIEW}
    office.accounts.give(ana, [Role.APPROVER], by=admin.actor, at=AT)
    office.credentials.remove(ana.number, Factor.TOTP, at=AT)
    assert office.usable(secret) == set()
    office.accounts.turn(ana, State.DISABLED, by=admin.actor, at=AT)
    assert office.tokens.bearer(secret, at=AT) is None


def test_only_who_has_shown_a_second_factor_gets_a_token_that_approves(
    office: Office,
) -> None:
    ana = office.person(Role.APPROVER)
    bare = office.person(Role.APPROVER, address="ben@union.example", phone=False)

    with pytest.raises(RefusedError, match="in the console alone"):
        office.issue(ana, [Scope.APPROVE], strong=False)
    for scope in Scope:
        with pytest.raises(RefusedError, match="second factor"):
            office.issue(bare, [scope])
    _, secret = office.issue(ana, [Scope.WRITE], strong=False)
    assert office.usable(secret) == {Scope.WRITE}


def test_a_token_is_never_made_for_more_than_may_be(office: Office) -> None:
    ana = office.person(Role.AUTHOR)

    for days in (0, LONGEST.days + 1):
        with pytest.raises(InputError, match="--days"):
            office.issue(ana, days=days)
    with pytest.raises(InputError, match="--scope"):
        office.issue(ana, [])
    with pytest.raises(RefusedError, match="--scope start: the roles"):
        office.issue(ana, [Scope.START])
    first, _ = office.issue(ana)
    for _ in range(MOST - 1):
        office.issue(ana)
    with pytest.raises(RefusedError, match="revoke one first"):
        office.issue(ana)
    office.tokens.revoke(first.number, by="ana", at=AT)
    office.issue(ana)


def test_that_a_token_was_used_is_written_once_a_minute(office: Office) -> None:
    _, secret = office.issue(office.person(Role.AUTHOR))

    def used(seconds: int) -> object:
        office.tokens.bearer(secret, at=AT + timedelta(seconds=seconds))
        [listed] = office.tokens.listed()
        return listed.used_at

    assert office.tokens.listed()[0].used_at is None
    assert [used(0), used(59), used(60), used(61)] == [AT, AT, AT + MINUTE, AT + MINUTE]


def test_of_many_requests_with_one_key_one_is_the_first(office: Office) -> None:
    token, _ = office.issue(office.person(Role.AUTHOR))

    with ThreadPoolExecutor(6) as pool:
        found = list(
            pool.map(
                lambda _: office.answers.begin(token.number, "key", b"a" * 32, at=AT),
                range(12),
            )
        )

    assert found.count(None) == 1
    assert {(one.same, one.answered) for one in found if one} == {(True, None)}


def test_a_key_is_answered_the_same_for_a_day_and_for_its_own_token_alone(
    office: Office,
) -> None:
    account = office.person(Role.AUTHOR)
    mine, _ = office.issue(account)
    other, _ = office.issue(account)
    begin, reply = office.answers.begin, Reply(201, '{"blast":"urgent/ñ"}')

    assert begin(mine.number, "key", b"a" * 32, at=AT) is None
    office.answers.keep(mine.number, "key", reply)
    office.answers.forget(mine.number, "key")  # what was done stays known

    again = begin(mine.number, "key", b"a" * 32, at=AT + DAY - MINUTE)
    assert again == (True, reply)
    changed = begin(mine.number, "key", b"b" * 32, at=AT)
    assert changed is not None
    assert not changed.same
    assert begin(other.number, "key", b"a" * 32, at=AT) is None
    office.answers.forget(other.number, "key")
    assert begin(other.number, "key", b"c" * 32, at=AT) is None
    office.answers.sweep(at=AT + DAY - MINUTE)
    assert begin(mine.number, "key", b"a" * 32, at=AT) == (True, reply)
    office.answers.sweep(at=AT + DAY)
    assert begin(mine.number, "key", b"a" * 32, at=AT) is None
