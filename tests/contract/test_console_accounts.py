"""Accounts, credentials, sessions, links and attempts, on every database."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import func, select

from mailer.adapters.credentials.sealing import Seal
from mailer.adapters.database.accounts import SqlAccounts
from mailer.adapters.database.attempts import SqlAttempts
from mailer.adapters.database.credentials import SqlCredentials
from mailer.adapters.database.engine import Database
from mailer.adapters.database.invitations import SqlInvitations
from mailer.adapters.database.records import SqlRecords
from mailer.adapters.database.schema import attempts, challenges, known_networks
from mailer.adapters.database.sessions import SqlSessions
from mailer.core.accounts import (
    CHALLENGED_FOR,
    IDLE,
    INVITED_FOR,
    KNOWN_FOR,
    LONGEST,
    Account,
    Errand,
    Factor,
    State,
)
from mailer.core.errors import NotFoundError, RefusedError, StoreError
from mailer.core.roles import Role
from mailer.ports import Bucket
from tests.factories import MONDAY as AT

PEPPER, KEY = b"p" * 32, b"k" * 32
UID = bytes(16)
SECOND = timedelta(seconds=1)


class Office:
    """Every store of the console over one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.accounts = SqlAccounts(database, PEPPER)
        self.credentials = SqlCredentials(database, seal=Seal(KEY), pepper=PEPPER)
        self.sessions = SqlSessions(database)
        self.invitations = SqlInvitations(database)
        self.attempts = SqlAttempts(database, PEPPER)
        self.records = SqlRecords(database)

    def person(
        self, address: str = "ana@union.example", roles: Sequence[Role] = ()
    ) -> Account:
        made = self.accounts.create(
            address, language="en", roles=roles, by="test", at=AT
        )
        self.credentials.set_password(made.number, "hash", at=AT)
        self.accounts.turn(made, State.ACTIVE, by="test", at=AT)
        found = self.accounts.find(address)
        assert found is not None
        return found

    def cookie(self, account: Account, *, at: datetime = AT) -> str:
        return self.sessions.begin(
            account.number, strong=False, how=Factor.PASSWORD, agent="x", at=at
        )

    def is_in(self, cookie: str) -> bool:
        return self.sessions.who(cookie, at=AT) is not None


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def test_an_address_has_one_account_however_it_is_written(office: Office) -> None:
    made = office.person("ana@union.example", [Role.AUTHOR])

    assert office.accounts.find(" ANA@union.example ") == made
    assert office.accounts.account(made.public_id) == made
    with pytest.raises(RefusedError, match="already"):
        office.person("Ana@Union.example")
    with pytest.raises(NotFoundError, match="mailer admin list"):
        office.accounts.account("nobody")


def test_somebody_disabled_before_they_had_a_password_comes_back_as_invited(
    office: Office,
) -> None:
    made = office.accounts.create("a@b.example", language="en", roles=[], by="x", at=AT)
    for state in (State.DISABLED, State.ACTIVE):
        office.accounts.turn(made, state, by="x", at=AT)

    assert office.accounts.account(made.public_id).state is State.INVITED


def test_an_admin_who_never_signed_in_does_not_count_as_one(office: Office) -> None:
    admin = office.person("a@b.example", [Role.ADMIN])
    office.accounts.create(
        "c@b.example", language="en", roles=[Role.ADMIN], by="x", at=AT
    )

    with pytest.raises(RefusedError, match="mailer admin create"):
        office.accounts.give(admin, [Role.AUTHOR], by="x", at=AT)

    office.person("d@b.example", [Role.ADMIN])
    office.accounts.give(admin, [Role.AUTHOR], by="x", at=AT)


def set_up_phone(office: Office, account: Account) -> None:
    office.credentials.propose_totp(account.number, "S", at=AT)
    office.credentials.accept_totp(account.number, 1, at=AT)


CHANGES: dict[str, Callable[[Office, Account], object]] = {
    "password": lambda o, a: o.credentials.set_password(a.number, "new", at=AT),
    "roles": lambda o, a: o.accounts.give(a, [Role.AUDITOR], by="x", at=AT),
    "state": lambda o, a: o.accounts.turn(a, State.DISABLED, by="x", at=AT),
    "phone": set_up_phone,
    "passkey": lambda o, a: o.credentials.add_passkey(
        a.number, credential=b"c", public_key=b"k", counter=0, name="", at=AT
    ),
    "link": lambda o, a: o.invitations.use(
        o.invitations.make(a.number, UID, Errand.RESET, by="x", at=AT),
        UID,
        name="A",
        language="en",
        hashed="h",
        at=AT,
    ),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_whatever_changes_who_somebody_is_ends_their_sessions_and_no_other(
    office: Office, change: str
) -> None:
    ana, ben = office.person(), office.person("ben@union.example")
    mine, theirs = office.cookie(ana), office.cookie(ben)
    before = office.records.latest(most=1)

    CHANGES[change](office, ana)

    assert not office.is_in(mine)
    assert office.is_in(theirs)
    assert office.records.latest(most=1) != before


def test_a_session_is_found_by_its_cookie_alone_and_the_cookie_is_not_kept(
    office: Office,
) -> None:
    account = office.person(roles=[Role.AUTHOR])
    cookie = office.cookie(account)

    session = office.sessions.who(cookie, at=AT)

    assert session is not None
    assert session.account.number == account.number
    assert not office.is_in(cookie[:-1] + ("A" if cookie[-1] != "A" else "B"))
    assert cookie not in repr(session)


def test_a_session_ends_by_itself(office: Office) -> None:
    cookie = office.cookie(office.person())
    who, moment = office.sessions.who, AT

    assert who(cookie, at=moment + IDLE - SECOND, touch=False) is not None
    assert who(cookie, at=moment + IDLE) is None
    while moment < AT + LONGEST - timedelta(hours=1):
        moment += timedelta(hours=1)
        assert who(cookie, at=moment) is not None
    assert who(cookie, at=AT + LONGEST) is None


def test_a_session_that_a_clock_began_which_was_ahead_does_not_outlast_it(
    office: Office,
) -> None:
    ahead = AT + timedelta(days=365)
    cookie = office.cookie(office.person(), at=ahead)
    session = office.sessions.who(cookie, at=ahead, touch=False)
    assert session is not None
    assert session.is_fresh(ahead)

    assert office.sessions.who(cookie, at=AT) is None
    assert not session.is_fresh(AT)


def test_one_session_or_all_of_somebody_are_ended(office: Office) -> None:
    ana = office.person()
    cookies = [office.cookie(ana) for _ in range(3)]
    first = office.sessions.who(cookies[0], at=AT)
    assert first is not None

    office.sessions.end(ana.number, first.number)
    assert [office.is_in(cookie) for cookie in cookies] == [False, True, True]
    assert len(office.sessions.listed(ana.number, at=AT)) == 2
    office.sessions.end(ana.number)
    assert office.sessions.listed(ana.number, at=AT) == []


def test_a_step_of_a_phone_and_all_before_are_used_up_together(office: Office) -> None:
    number = office.person().number
    assert not office.credentials.accept_totp(number, 5, at=AT)
    office.credentials.propose_totp(number, "SECRET", at=AT)
    assert office.credentials.proposed_totp(number) == "SECRET"
    assert office.credentials.totp(number) is None
    assert office.credentials.accept_totp(number, 5, at=AT)

    assert office.credentials.totp(number) == "SECRET"
    spent = [office.credentials.spend_totp(number, n, at=AT) for n in (5, 7, 6, 7, 8)]
    assert spent == [False, True, False, False, True]


def test_a_sealed_secret_opens_for_its_owner_and_key_alone(office: Office) -> None:
    number = office.person().number
    office.credentials.propose_totp(number, "SECRET", at=AT)
    other = SqlCredentials(office.database, seal=Seal(b"o" * 32), pepper=PEPPER)

    with pytest.raises(StoreError, match="mailer admin reset --second-factor"):
        other.proposed_totp(number)


def test_recovery_codes_work_once_for_their_owner(office: Office) -> None:
    ana, ben = office.person().number, office.person("ben@union.example").number
    office.credentials.set_recovery(ana, ["first", "second"], at=AT)
    spend = office.credentials.spend_recovery

    assert not spend(ben, "first", at=AT)
    assert [spend(ana, "first", at=AT) for _ in range(2)] == [True, False]
    office.credentials.set_recovery(ana, ["third"], at=AT)
    assert not spend(ana, "second", at=AT)
    assert spend(ana, "third", at=AT)


def test_a_passkey_belongs_to_one_account(office: Office) -> None:
    ana, ben = office.person().number, office.person("ben@union.example").number

    def add(account: int) -> bool:
        return office.credentials.add_passkey(
            account, credential=b"c", public_key=b"k", counter=0, name="", at=AT
        )

    assert [add(ana), add(ben), add(ana)] == [True, False, False]
    key = office.credentials.passkey(b"c")
    assert key is not None
    assert key.account == ana


@pytest.mark.parametrize(
    ("counts", "taken"),
    [
        ((1, 2, 9), [True, True, True]),
        ((5, 5), [True, False]),
        ((5, 4), [True, False]),
        ((0, 0, 0), [True, True, True]),
        ((3, 0), [True, False]),
    ],
)
def test_a_passkey_that_was_copied_is_noticed(
    office: Office, counts: tuple[int, ...], taken: list[bool]
) -> None:
    number = office.person().number
    office.credentials.add_passkey(
        number, credential=b"c", public_key=b"k", counter=0, name="", at=AT
    )
    key = office.credentials.passkey(b"c")
    assert key is not None

    used = [office.credentials.used_passkey(key.number, n, at=AT) for n in counts]

    assert used == taken


def test_with_the_last_second_factor_the_recovery_codes_go(office: Office) -> None:
    number = office.person().number
    office.credentials.propose_totp(number, "S", at=AT)
    office.credentials.accept_totp(number, 1, at=AT)
    office.credentials.add_passkey(
        number, credential=b"c", public_key=b"k", counter=0, name="", at=AT
    )
    office.credentials.set_recovery(number, ["code"], at=AT)

    assert office.credentials.remove(number, Factor.TOTP, at=AT)
    assert not office.credentials.remove(number, Factor.TOTP, at=AT)
    assert office.accounts.every()[0].recovery_left == 1
    [key] = office.credentials.passkeys(number)
    assert office.credentials.remove(number, Factor.PASSKEY, number=key.number, at=AT)
    assert office.accounts.every()[0].recovery_left == 0


def test_a_link_is_good_once_for_its_holder_for_two_days(office: Office) -> None:
    number = office.person().number
    link = office.invitations.make(number, UID, Errand.RESET, by="x", at=AT)
    said = {"name": "Ana", "language": "es", "hashed": "new"}
    opened = office.invitations.open

    assert opened(link, b"x" * 16, at=AT) is None
    assert opened(link, UID, at=AT + INVITED_FOR) is None
    assert office.invitations.use(link, b"x" * 16, at=AT, **said) is None
    assert opened(link, UID, at=AT + INVITED_FOR - SECOND) is not None
    assert office.credentials.password(number) == "hash"
    used = [office.invitations.use(link, UID, at=AT, **said) for _ in range(2)]
    assert used[0] is not None
    assert used[1] is None
    assert office.credentials.password(number) == "new"
    [account] = office.accounts.every()
    assert (account.name, account.language) == ("Ana", "es")


def test_of_many_who_use_a_link_at_once_one_sets_the_password(office: Office) -> None:
    link = office.invitations.make(
        office.person().number, UID, Errand.RESET, by="x", at=AT
    )

    with ThreadPoolExecutor(4) as pool:
        used = list(
            pool.map(
                lambda n: office.invitations.use(
                    link, UID, name="A", language="en", hashed=f"{n}", at=AT
                ),
                range(4),
            )
        )

    assert sum(one is not None for one in used) == 1


def test_attempts_are_counted_together_and_forgotten_after_a_while(
    office: Office,
) -> None:
    few, many = Bucket("few", 2, 60), Bucket("many", 5, 60)
    spend = office.attempts.spend

    assert [spend([few, many], at=AT) for _ in range(3)] == [True, True, False]
    assert [spend([many], at=AT) for _ in range(4)] == [True, True, True, False]
    office.attempts.give_back([few])
    assert spend([few], at=AT)
    assert not spend([few], at=AT + timedelta(seconds=59))
    assert spend([few, many], at=AT + timedelta(seconds=60))


def test_attempts_that_a_clock_counted_which_was_ahead_lock_nobody_out(
    office: Office,
) -> None:
    bucket, ahead = Bucket("few", 2, 60), AT + timedelta(days=365)
    spend = office.attempts.spend
    assert [spend([bucket], at=ahead) for _ in range(3)] == [True, True, False]

    assert [spend([bucket], at=AT) for _ in range(3)] == [True, True, False]


def test_attempts_at_the_same_moment_are_not_more_than_are_allowed(
    office: Office,
) -> None:
    bucket = Bucket("one", 5, 60)
    with ThreadPoolExecutor(8) as pool:
        taken = list(
            pool.map(lambda _: office.attempts.spend([bucket], at=AT), range(24))
        )

    assert sum(taken) == 5


def test_a_network_is_known_to_its_account_for_a_while(office: Office) -> None:
    ana, ben = office.person().number, office.person("ben@union.example").number
    office.attempts.remember(ana, "192.0.2.1", at=AT)
    office.attempts.remember(ana, "192.0.2.1", at=AT)
    knows = office.attempts.knows

    assert knows(ana, "192.0.2.1", at=AT)
    assert not knows(ben, "192.0.2.1", at=AT)
    assert not knows(ana, "192.0.2.2", at=AT)
    assert not knows(ana, "192.0.2.1", at=AT + KNOWN_FOR)


def test_a_challenge_is_answered_once_by_whom_it_was_made_for(office: Office) -> None:
    challenge = office.attempts.challenge("visitor", at=AT)
    redeem = office.attempts.redeem

    assert not redeem("another", challenge, at=AT)
    assert not redeem("visitor", challenge, at=AT + CHALLENGED_FOR)
    assert redeem("visitor", challenge, at=AT)
    assert not redeem("visitor", challenge, at=AT)


def test_what_counts_no_more_is_swept_out(office: Office) -> None:
    office.attempts.spend([Bucket("b", 1, 60)], at=AT)
    office.attempts.challenge("v", at=AT)
    office.attempts.remember(office.person().number, "n", at=AT)
    tables = (attempts, challenges, known_networks)

    def left() -> list[int]:
        with office.database.reading() as connection:
            counts = (select(func.count()).select_from(table) for table in tables)
            return [connection.scalar(count) or 0 for count in counts]

    office.attempts.sweep(at=AT)
    assert left() == [1, 1, 1]
    office.attempts.sweep(at=AT + KNOWN_FOR)
    assert left() == [0, 0, 0]


def test_the_log_is_read_page_by_page(office: Office) -> None:
    for n in range(5):
        office.records.note(at=AT, actor="x", verb=f"{n}", thing="t", detail={"n": n})

    first = office.records.latest(most=3)
    second = office.records.latest(most=3, before=first[-1].number)

    assert [one.verb for one in (*first, *second)] == ["4", "3", "2", "1", "0"]
    assert first[0].detail == {"n": 4}
    assert office.records.address_of(1, by="x", at=AT) is None
    assert office.records.latest(most=1) == first[:1]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.integers(0, 40), min_size=1, max_size=12))
def test_no_code_of_any_phone_is_taken_twice_or_after_a_newer_one(
    office: Office, moves: list[int]
) -> None:
    known = office.accounts.find("turtle@union.example")
    number = (known or office.person("turtle@union.example")).number
    office.credentials.propose_totp(number, "S", at=AT)
    office.credentials.accept_totp(number, 0, at=AT)

    taken = [n for n in moves if office.credentials.spend_totp(number, n, at=AT)]

    assert all(before < after for before, after in pairwise([0, *taken]))
