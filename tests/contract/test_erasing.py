"""Somebody is erased: what was about them is gone, what is counted stays."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from mailer.adapters.database import migrate
from mailer.adapters.database.dossier import SqlDossiers
from mailer.adapters.database.engine import Database
from mailer.adapters.database.erasing import SqlErasures
from mailer.adapters.database.hosting import SqlHosts
from mailer.adapters.database.people import OWN_ACT
from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.retention import Retention
from mailer.adapters.database.rights import SqlRights
from mailer.adapters.database.schema import (
    actions,
    consent_events,
    metadata,
    subscribers,
    suppressions,
)
from mailer.adapters.database.tracking import SqlTracking
from mailer.adapters.erasures import ErasureFile
from mailer.core.erasures import Erased, Erasure
from mailer.core.errors import InputError, StoreError
from mailer.core.events import Event, EventKind
from mailer.core.model import Contact
from mailer.core.preferences import Choices
from mailer.core.requests import Ask, Kind as RequestKind, Moving, Request, State
from mailer.core.sharing.submission import Submission, facts_of
from mailer.pipeline.erase import Eraser
from mailer.ports import Answered, Outcome, Outgoing, Refused
from tests.contract.post import PEPPER, Post, people
from tests.factories import MONDAY, contact, draft, facts
from tests.fakes.provider import ScriptedProvider, accept_and_vanish

ANA = "reader1@example.org"


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.publish(draft("San Diego"), draft("Denver"))
    ana = contact(
        1,
        given_name="Ana",
        family_name="Quintanilla",
        consent_source="table at Chicano Park",
        consent_wording="Ana wrote: yes",
        time_zone="America/Tijuana",
    )
    made.enlist(ana, *people(5)[1:])
    return made


@pytest.fixture
def journal(tmp_path: Path) -> ErasureFile:
    return ErasureFile(tmp_path / "erasures.jsonl")


@pytest.fixture
def eraser(post: Post, journal: ErasureFile) -> Eraser:
    return Eraser(erasures=SqlErasures(post.database, PEPPER), journal=journal)


def erase(eraser: Eraser, post: Post, address: str = ANA) -> Erased:
    return eraser.erase(eraser.erasures.hashed(address), at=post.now)


def everything(post: Post) -> dict[str, list[Any]]:
    """Every row of every table."""
    with post.database.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in metadata.sorted_tables
        }


def holding(post: Post, *traces: str | bytes) -> set[str]:
    """The tables that hold any of these."""
    return {
        name
        for name, rows in everything(post).items()
        for row in rows
        for value in row
        for trace in traces
        if _holds(value, trace)
    }


def _holds(value: object, trace: str | bytes) -> bool:
    if isinstance(value, bytes) or isinstance(trace, bytes):
        return value == trace
    written = json.dumps(value, ensure_ascii=False, default=str)
    return trace.casefold() in written.casefold()


def reason(post: Post, address: str = ANA) -> str | None:
    hashed = SqlErasures(post.database, PEPPER).hashed(address)
    query = select(suppressions.c.reason).where(suppressions.c.address_hash == hashed)
    with post.database.reading() as connection:
        found: str | None = connection.scalar(query)
    return found


def hear(post: Post, kind: EventKind, detail: str, address: str = ANA) -> None:
    tracking = SqlTracking(post.database, PEPPER)
    event = Event(
        event_id=f"{kind} {post.now}",
        kind=kind,
        address=address,
        happened_at=post.now,
        detail=detail,
    )
    tracking.keep("scripted", [event], at=post.now)
    tracking.apply(most=10, at=post.now)


# --- what goes, and what stays


def test_of_somebody_who_is_erased_no_table_holds_anything_but_the_hash(
    post: Post, eraser: Eraser
) -> None:
    post.send()
    uid, hashed = post.uid(1), eraser.erasures.hashed(ANA)
    post.readers.choose(
        uid, post.number, Choices(language="es", quiet_weeks=True), at=post.now
    )
    hear(post, EventKind.SOFT, f"452 mailbox of {ANA} is full")
    here: list[str | bytes] = [
        ANA,
        "Quintanilla",
        "Chicano Park",
        "Ana wrote",
        "Tijuana",
        uid,
    ]
    assert holding(post, *here, hashed) >= {
        "subscribers",
        "consent_events",
        "deliveries",
        "provider_events",
    }

    assert erase(eraser, post) == Erased(held=True, waits=False)

    assert holding(post, *here) == set()
    assert holding(post, hashed) == {"suppressions", "erasures"}
    assert reason(post) == "erased"
    assert SqlDossiers(post.database, PEPPER).of(ANA) == {
        "address": ANA,
        "person": None,
        "seats": [],
        "subscriptions": [],
        "consents": [],
        "changes": [],
        "mailings": [],
        "hosting": [],
        "requests": [],
        "events": [],
        "actions": [],
        "suppression": {
            "reason": "erased",
            "since": MONDAY.isoformat(),
            "told_by": None,
        },
        "erased_at": MONDAY.isoformat(),
    }


def test_mailings_still_count_whom_they_were_for(post: Post, eraser: Eraser) -> None:
    before = post.send()

    erase(eraser, post)

    assert post.ledger.standing(1) == before
    assert post.query("SELECT count(*) FROM consent_events") == [5]


def test_nobody_else_loses_anything(post: Post, eraser: Eraser) -> None:
    post.send()
    dossiers = SqlDossiers(post.database, PEPPER)
    others = [f"reader{number}@example.org" for number in range(2, 6)]
    before = [dossiers.of(each) for each in others]

    erase(eraser, post)

    assert [dossiers.of(each) for each in others] == before
    assert all(before)


def test_a_refusal_keeps_its_code_and_loses_the_words_that_quote_the_address(
    post: Post, eraser: Eraser
) -> None:
    def refuse(_provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
        return Answered(
            results=[
                Refused(code="550", detail=f"no such user {person.address}")
                for person in outgoing.recipients
            ]
        )

    post.send(ScriptedProvider(refuse))
    erase(eraser, post)

    assert holding(post, ANA) == set()
    assert min(post.query("SELECT reason FROM deliveries")) == "550"


def test_they_are_no_actions_contact_any_more(post: Post, eraser: Eraser) -> None:
    with post.database.writing() as connection:
        connection.execute(
            update(actions)
            .where(actions.c.id == 1)
            .values(contact={"name": "Ana", "email": "Reader1@Example.org"})
        )
    held = SqlDossiers(post.database, PEPPER).of(ANA)
    assert held is not None
    assert len(held["actions"]) == 1  # type: ignore[arg-type]

    erase(eraser, post)

    assert holding(post, ANA) == set()
    with post.database.reading() as connection:
        kept = connection.scalar(select(actions.c.contact).where(actions.c.id == 1))
    assert Contact(**kept or {}) == Contact()


def test_their_links_lead_nowhere(post: Post, eraser: Eraser) -> None:
    uid = post.uid(1)

    erase(eraser, post)

    assert post.readers.reader(uid, post.number) is None
    assert not post.readers.leave(uid, post.number, at=post.now, how="page")


def test_erasing_twice_or_somebody_unknown_is_harmless(
    post: Post, eraser: Eraser
) -> None:
    erase(eraser, post)
    before = everything(post)

    again = erase(eraser, post)
    stranger = erase(eraser, post, "stranger@example.org")

    assert again == stranger == Erased(held=False, waits=False)
    assert everything(post)["subscribers"] == before["subscribers"]
    assert reason(post, "stranger@example.org") == "erased"


def test_a_complaint_is_forgotten_as_well_but_not_that_nobody_may_mail_them(
    post: Post, eraser: Eraser
) -> None:
    hear(post, EventKind.COMPLAINED, "")
    assert reason(post) == "complained"

    erase(eraser, post)
    post.now += timedelta(days=1)
    hear(post, EventKind.COMPLAINED, f"{ANA} again")

    assert reason(post) == "erased"
    assert post.query("SELECT count(*) FROM provider_events") == [0]


# --- afterwards


def test_whoever_is_imported_again_stays_suppressed(post: Post, eraser: Eraser) -> None:
    erase(eraser, post)
    post.now += timedelta(days=1)

    done = post.enlist(contact(1))
    standing = post.send()

    assert (done.created, done.suppressed) == (1, 1)
    assert standing.deliveries["sent"] == 4
    assert standing.reasons == {"suppressed: erased": 1}


def test_a_person_may_be_erased_a_second_time(post: Post, eraser: Eraser) -> None:
    erase(eraser, post)
    post.now += timedelta(days=1)
    post.enlist(contact(1))

    assert erase(eraser, post).held

    assert holding(post, ANA) == set()


# --- mail on its way


def test_what_waits_to_be_sent_to_them_is_not_sent(post: Post, eraser: Eraser) -> None:
    mailing = post.make()
    post.compose(mailing)
    provider = ScriptedProvider()

    erase(eraser, post)
    post.drain(mailing, provider)

    assert len(provider.messages) == 4
    assert post.counts(mailing)["suppressed"] == 1
    assert post.ledger.standing(mailing.id).state == "finished"


def test_a_call_in_hand_ends_as_it_would_have_and_then_the_rest_is_erased(
    post: Post, eraser: Eraser
) -> None:
    mailing = post.make()
    post.compose(mailing)
    done: list[Erased] = []

    class Interrupted(ScriptedProvider):
        def send(self, outgoing: Outgoing) -> Outcome:
            done.append(erase(eraser, post))
            return super().send(outgoing)

    post.drain(mailing, Interrupted())

    assert done[0].waits
    assert post.counts(mailing)["sent"] == 5
    assert eraser.complete(at=post.now) == 1
    assert holding(post, ANA) == set()
    assert post.counts(mailing)["sent"] == 5


def test_an_unknown_outcome_is_found_out_with_the_same_bytes_before_they_are_gone(
    post: Post, eraser: Eraser
) -> None:
    mailing = post.make()
    post.compose(mailing)
    provider = ScriptedProvider(accept_and_vanish, idempotency_ttl=86_400.0)
    post.sender(provider).step()
    assert post.counts(mailing)["unknown"] == 5

    assert erase(eraser, post).waits
    assert eraser.complete(at=post.now) == 0
    post.drain(mailing, provider)

    assert post.counts(mailing)["sent"] == 5  # the other four were not parked for it
    assert eraser.complete(at=post.now) == 1
    assert holding(post, ANA) == set()
    assert eraser.complete(at=post.now) == 0


def test_what_nobody_knows_waits_for_no_person_any_more(
    post: Post, eraser: Eraser
) -> None:
    post.send(ScriptedProvider(accept_and_vanish))
    assert post.ledger.standing(1).deliveries["parked"] == 5

    for number in range(1, 6):
        erase(eraser, post, f"reader{number}@example.org")

    standing = post.ledger.standing(1)
    assert standing.deliveries["suppressed"] == 5
    assert standing.reasons == {"suppressed: erased before its outcome was known": 5}
    assert standing.state == "finished"


def test_whoever_comes_back_while_a_call_is_found_out_stays(
    post: Post, eraser: Eraser
) -> None:
    mailing = post.make()
    post.compose(mailing)
    post.sender(ScriptedProvider(accept_and_vanish)).step()
    erase(eraser, post)
    _come_back(post)

    assert eraser.complete(at=post.now) == 0

    assert "subscribers" in holding(post, ANA)


# --- a backup comes back


def test_a_restored_backup_is_cleaned_again(
    post: Post, eraser: Eraser, journal: ErasureFile
) -> None:
    hashed = eraser.erasures.hashed(ANA)
    journal.add([Erasure(address_hash=hashed, at=post.now + timedelta(days=3))])

    assert eraser.catch_up(at=MONDAY) == 1

    assert holding(post, ANA) == set()
    assert reason(post) == "erased"
    assert eraser.catch_up(at=MONDAY) == 0


def test_a_power_cut_after_the_journal_leaves_nothing_undone(
    post: Post, eraser: Eraser
) -> None:
    class Cut(SqlErasures):
        def erase(self, *_: object, **__: object) -> Erased:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        erase(replace(eraser, erasures=Cut(post.database, PEPPER)), post)
    assert "subscribers" in holding(post, ANA)

    assert eraser.catch_up(at=MONDAY) == 1

    assert holding(post, ANA) == set()


def test_a_restored_backup_keeps_whoever_came_back_by_their_own_act(
    post: Post, eraser: Eraser, journal: ErasureFile
) -> None:
    hashed = eraser.erasures.hashed(ANA)
    journal.add([Erasure(address_hash=hashed, at=post.now - timedelta(days=3))])
    _come_back(post)

    assert eraser.catch_up(at=MONDAY) == 1

    assert reason(post) is None
    assert post.send().deliveries["sent"] == 5


def test_an_import_before_the_restored_backup_was_cleaned_makes_nobody_mailable(
    post: Post, eraser: Eraser, journal: ErasureFile
) -> None:
    hashed = eraser.erasures.hashed(ANA)
    journal.add([Erasure(address_hash=hashed, at=post.now - timedelta(days=3))])

    eraser.catch_up(at=MONDAY)

    assert reason(post) == "erased"
    assert post.send().deliveries["sent"] == 4


def test_a_machine_without_the_journal_writes_it_anew(
    post: Post, eraser: Eraser, tmp_path: Path
) -> None:
    erase(eraser, post)
    elsewhere = ErasureFile(tmp_path / "other.jsonl")

    assert replace(eraser, journal=elsewhere).catch_up(at=MONDAY) == 0

    (written,) = elsewhere.entries()
    assert written == Erasure(
        address_hash=eraser.erasures.hashed(ANA), at=MONDAY.astimezone(UTC)
    )


# --- the journal itself


def test_the_journal_holds_hashes_and_times_alone(
    post: Post, eraser: Eraser, tmp_path: Path
) -> None:
    erase(eraser, post)

    file = tmp_path / "erasures.jsonl"
    (line,) = file.read_text("ascii").splitlines()
    assert json.loads(line) == {
        "address_hash": eraser.erasures.hashed(ANA).hex(),
        "erased_at": "2019-10-07T15:00:00+00:00",
    }
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_line_that_a_power_cut_left_unfinished_gives_way(
    tmp_path: Path, journal: ErasureFile
) -> None:
    first = Erasure(address_hash=b"a" * 16, at=MONDAY)
    journal.add([first])
    with (tmp_path / "erasures.jsonl").open("a") as file:
        file.write('{"address_hash": "6262')

    assert journal.entries() == [first]
    second = Erasure(address_hash=b"c" * 16, at=MONDAY)
    journal.add([second])
    assert journal.entries() == [first, second]


@pytest.mark.parametrize(
    "line",
    [
        "yes",
        "{}",
        "[]",
        '{"address_hash": "zz", "erased_at": "2019-10-07T15:00:00+00:00"}',
        '{"address_hash": "' + "61" * 16 + '", "erased_at": "2019-10-07T15:00:00"}',
        '{"address_hash": "61", "erased_at": "2019-10-07T15:00:00+00:00"}',
    ],
)
def test_a_broken_line_is_named_and_not_passed_over(
    line: str, tmp_path: Path, journal: ErasureFile
) -> None:
    (tmp_path / "erasures.jsonl").write_text(f"{line}\n")

    with pytest.raises(InputError, match=r"erasures\.jsonl: line 1"):
        journal.entries()


def test_without_a_journal_nothing_is_erased(post: Post, eraser: Eraser) -> None:
    nowhere = ErasureFile(Path("/dev/null/erasures.jsonl"))

    with pytest.raises(StoreError, match="nothing was erased"):
        erase(replace(eraser, journal=nowhere), post)

    assert "subscribers" in holding(post, ANA)


def _come_back(post: Post) -> None:
    """Leave the database as a confirmed sign-up leaves it."""
    hashed = SqlErasures(post.database, PEPPER).hashed(ANA)
    with post.database.writing() as connection:
        number = connection.scalar(
            select(subscribers.c.id).where(subscribers.c.address_hash == hashed)
        )
        connection.execute(
            suppressions.delete().where(suppressions.c.address_hash == hashed)
        )
        connection.execute(
            insert(consent_events).values(
                subscriber_id=number,
                list_number=post.number,
                kind="granted",
                basis=OWN_ACT,
                happened_at=post.now,
                recorded_at=post.now,
            )
        )


# --- whoever was only asked


def test_an_address_that_somebody_typed_is_forgotten_when_its_owner_says_nothing(
    post: Post,
) -> None:
    kept = SqlRequests(post.database, PEPPER)
    ask = Ask(
        kind=RequestKind.SUBSCRIBE,
        address="stranger@example.org",
        language="en",
        list_number=post.number,
        joins=(post.number,),
    )
    kept.ask(ask, at=post.now)
    kept.ask(replace(ask, address=ANA), at=post.now)  # a subscriber is no stranger
    for due in kept.due(at=post.now):
        kept.written(due, at=post.now)
    assert "subscribers" in holding(post, ask.address)

    kept.expire(at=post.now + timedelta(days=7, minutes=1))

    assert holding(post, ask.address) == set()
    assert "subscribers" in holding(post, ANA)


def test_the_old_address_of_whoever_moved_is_forgotten_a_month_later(
    post: Post,
) -> None:
    kept = SqlRequests(post.database, PEPPER)
    rights = SqlRights(post.database, kept)
    new = "ana@home.example"
    rights.ask_at(_readdress(post), new, at=post.now)
    (due,) = kept.due(at=post.now)
    kept.written(due, at=post.now)
    assert rights.move(due.to, due.number, at=post.now).what is Moving.DONE
    assert "subscribers" in holding(post, ANA)

    kept.expire(at=post.now + timedelta(days=8))
    kept.expire(at=post.now + timedelta(days=31))

    assert holding(post, ANA) == set()
    assert "subscribers" in holding(post, new)


def test_who_says_that_they_do_not_want_to_move_here_is_forgotten(post: Post) -> None:
    kept = SqlRequests(post.database, PEPPER)
    rights = SqlRights(post.database, kept)
    new = "ana@home.example"
    rights.ask_at(_readdress(post), new, at=post.now)
    (due,) = kept.due(at=post.now)
    kept.written(due, at=post.now)

    rights.forget(due.to, due.number, at=post.now)

    assert holding(post, new) == set()
    assert "subscribers" in holding(post, ANA)


def test_nobody_moves_while_a_call_to_them_is_open(post: Post) -> None:
    kept = SqlRequests(post.database, PEPPER)
    rights = SqlRights(post.database, kept)
    mailing = post.make()
    post.compose(mailing)
    provider = ScriptedProvider(accept_and_vanish, idempotency_ttl=86_400.0)
    rights.ask_at(_readdress(post), "ana@home.example", at=post.now)
    (due,) = kept.due(at=post.now)
    kept.written(due, at=post.now)
    post.sender(provider).step()

    assert rights.move(due.to, due.number, at=post.now).what is Moving.BUSY
    post.drain(mailing, provider)

    assert post.counts(mailing)["sent"] == 5  # nobody was parked for it
    assert rights.move(due.to, due.number, at=post.now).what is Moving.DONE


def test_what_waits_follows_whoever_moves(post: Post) -> None:
    kept = SqlRequests(post.database, PEPPER)
    rights = SqlRights(post.database, kept)
    mailing = post.make()
    post.compose(mailing)
    provider = ScriptedProvider()
    rights.ask_at(_readdress(post), "ana@home.example", at=post.now)
    (due,) = kept.due(at=post.now)
    kept.written(due, at=post.now)

    rights.move(due.to, due.number, at=post.now)
    post.drain(mailing, provider)

    assert ANA not in provider.accepted
    assert provider.accepted["ana@home.example"] == 1


def test_rows_of_whom_nothing_is_left_to_count_go_with_their_deliveries(
    post: Post, eraser: Eraser
) -> None:
    post.people.suppress(["reader5@example.org"], reason="manual", at=post.now)
    post.send()
    with post.database.writing() as connection:  # imported before there were consents
        connection.execute(consent_events.delete())
    erase(eraser, post)
    later = post.now + timedelta(days=200)

    Retention(post.database).prune(later, at=later)

    assert post.query("SELECT count(*) FROM subscribers") == [4]


def _readdress(post: Post) -> Request:
    return Request(
        number=1,
        public_id="",
        kind=RequestKind.READDRESS,
        state=State.DONE,
        language="en",
        list_number=post.number,
        joins=(),
        about="",
        facts={},
        masked_address="",
        subscriber=post.uid(1),
        asked_at=post.now,
    )


def test_an_address_that_was_typed_again_and_again_is_forgotten_as_well(
    post: Post,
) -> None:
    kept = SqlRequests(post.database, PEPPER)
    ask = Ask(
        kind=RequestKind.SUBSCRIBE,
        address="stranger@example.org",
        language="en",
        list_number=post.number,
        joins=(post.number,),
    )
    last = post.now + timedelta(days=1)
    for at in (post.now, last):
        kept.ask(ask, at=at)
        (due,) = kept.due(at=at)
        kept.written(due, at=at)

    kept.expire(at=last + timedelta(days=7, minutes=1))

    assert holding(post, ask.address) == set()


def _move(post: Post, new: str) -> None:
    kept = SqlRequests(post.database, PEPPER)
    rights = SqlRights(post.database, kept)
    rights.ask_at(_readdress(post), new, at=post.now)
    (due,) = kept.due(at=post.now)
    assert rights.move(due.to, due.number, at=post.now).what is Moving.DONE


def test_who_is_erased_after_a_move_leaves_no_old_address_behind(
    post: Post, eraser: Eraser
) -> None:
    kept = SqlRequests(post.database, PEPPER)
    rights = SqlRights(post.database, kept)
    new = "ana@home.example"
    rights.ask_at(_readdress(post), new, at=post.now)
    (due,) = kept.due(at=post.now)
    assert rights.move(due.to, due.number, at=post.now).what is Moving.DONE

    erase(eraser, post, new)

    assert holding(post, new) == holding(post, ANA) == set()


def test_a_backup_from_before_a_move_is_cleaned_of_the_old_address_as_well(
    post: Post, journal: ErasureFile, tmp_path: Path
) -> None:
    files: list[str] = [ANA, "ana@home.example", "reader2@example.org"]

    def take_out(is_theirs: Callable[[str], bool]) -> None:
        files[:] = [each for each in files if not is_theirs(each)]

    eraser = Eraser(
        erasures=SqlErasures(post.database, PEPPER),
        journal=journal,
        elsewhere=[take_out],
    )
    _move(post, "ana@home.example")
    erase(eraser, post, "ana@home.example")
    assert files == ["reader2@example.org"]
    assert reason(post) == "erased"

    database = Database("sqlite:///backup.db", folder=tmp_path)
    migrate.upgrade(database)
    backup = Post(database)
    backup.publish(draft("San Diego"))
    backup.enlist(*people(2))
    again = Eraser(erasures=SqlErasures(database, PEPPER), journal=journal)

    assert again.catch_up(at=backup.now) == 2

    assert holding(backup, ANA) == set()
    assert reason(backup) == "erased"
    assert backup.send().deliveries["sent"] == 1
    database.close()


def test_an_old_address_is_known_as_long_as_the_mail_that_went_there(
    post: Post, eraser: Eraser, journal: ErasureFile
) -> None:
    post.send()
    _move(post, "ana@home.example")
    a_month = timedelta(days=31)
    SqlRequests(post.database, PEPPER).expire(at=post.now + a_month)
    assert not holding(post, ANA) & {"subscribers", "requests"}

    post.now += a_month
    erase(eraser, post, "ana@home.example")

    assert reason(post) == "erased"
    assert {each.address_hash for each in journal.entries()} == {
        eraser.erasures.hashed(ANA),
        eraser.erasures.hashed("ana@home.example"),
    }


def test_who_has_the_old_address_now_is_not_erased_with_whoever_had_it(
    post: Post, eraser: Eraser
) -> None:
    post.send()
    _move(post, "ana@home.example")
    post.enlist(contact(1, given_name="Berta"))

    erase(eraser, post, "ana@home.example")

    assert reason(post) is None
    assert "subscribers" in holding(post, ANA)


def test_what_was_broken_off_before_its_last_byte_was_gone_is_finished_later(
    post: Post, eraser: Eraser
) -> None:
    class Full(SqlErasures):
        def scrub(self) -> None:
            raise StoreError("the disk is full")

    files = [ANA]

    def take_out(is_theirs: Callable[[str], bool]) -> None:
        files[:] = [each for each in files if not is_theirs(each)]

    with pytest.raises(StoreError):
        erase(replace(eraser, erasures=Full(post.database, PEPPER)), post)
    assert files == [ANA]

    again = replace(eraser, elsewhere=[take_out])

    assert again.complete(at=post.now) == 1
    assert files == []
    assert again.complete(at=post.now) == 0


def test_what_was_asked_at_the_new_address_before_brings_nobody_back_to_the_old_one(
    post: Post,
) -> None:
    kept = SqlRequests(post.database, PEPPER)
    rights = SqlRights(post.database, kept)
    ask = Ask(
        kind=RequestKind.SUBSCRIBE,
        address="ana@home.example",
        language="en",
        list_number=post.number,
        joins=(post.number,),
    )
    kept.ask(ask, at=post.now)
    (before,) = kept.due(at=post.now)
    rights.ask_at(_readdress(post), ask.address, at=post.now)
    (move,) = kept.due(at=post.now)
    assert rights.move(move.to, move.number, at=post.now).what is Moving.DONE

    kept.confirm(before.to, before.number, at=post.now)

    assert post.query(
        "SELECT address FROM subscribers JOIN subscriptions ON subscriber_id = id"
        " WHERE address LIKE 'reader1@%' OR address LIKE 'ana@%'"
    ) == [ask.address]


@pytest.mark.parametrize("listed", [False, True])
def test_nobody_moves_to_where_a_host_or_somebody_who_waits_is_written_to(
    post: Post, *, listed: bool
) -> None:
    kept = SqlRequests(post.database, PEPPER)
    rights = SqlRights(post.database, kept)
    ask = Ask(
        kind=RequestKind.SUBMIT,
        address="ana@home.example",
        language="en",
        list_number=post.number,
        facts=facts_of(_SHARED),
    )
    kept.ask(ask, at=post.now)
    (due,) = kept.due(at=post.now)
    (sent,) = kept.confirm(due.to, due.number, at=post.now)
    if listed:
        SqlHosts(post.database).accept(sent, by="cli", at=post.now)
    rights.ask_at(_readdress(post), ask.address, at=post.now)
    (move,) = kept.due(at=post.now)

    assert rights.move(move.to, move.number, at=post.now).what is Moving.KNOWN


def test_a_host_s_name_and_telephone_are_shown_to_them_and_erased(
    post: Post, eraser: Eraser
) -> None:
    kept = SqlRequests(post.database, PEPPER)
    ask = Ask(
        kind=RequestKind.SUBMIT,
        address="host@example.org",
        language="en",
        list_number=post.number,
        facts=facts_of(_SHARED),
    )
    kept.ask(ask, at=post.now)
    (due,) = kept.due(at=post.now)
    (sent,) = kept.confirm(due.to, due.number, at=post.now)
    SqlHosts(post.database).accept(sent, by="cli", at=post.now)
    kept.expire(at=post.now + timedelta(days=40))

    held = SqlDossiers(post.database, PEPPER).of(ask.address)
    assert "619-555-0100" in json.dumps(held)
    erase(eraser, post, ask.address)

    assert holding(post, "Xochitl") == holding(post, "619-555-0100") == set()


_SHARED = Submission(
    facts=facts(day=19), contact=Contact(name="Xochitl", phone="619-555-0100")
)
