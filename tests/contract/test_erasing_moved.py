"""Whoever was only asked, or has moved, leaves no address behind either."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailer.adapters.database import migrate
from mailer.adapters.database.dossier import SqlDossiers
from mailer.adapters.database.engine import Database
from mailer.adapters.database.erasing import SqlErasures
from mailer.adapters.database.hosting import SqlHosts
from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.rights import SqlRights
from mailer.adapters.erasures import ErasureFile
from mailer.core.model import Contact
from mailer.core.requests import Ask, Kind as RequestKind, Moving, Request, State
from mailer.core.sharing.submission import Submission, facts_of
from mailer.pipeline.erase import Eraser
from tests.contract.erasing import (
    ANA,
    erase,
    eraser,
    holding,
    journal,
    post,
    reason,
)
from tests.contract.post import PEPPER, Post, people
from tests.factories import contact, draft, facts
from tests.fakes.provider import ScriptedProvider, accept_and_vanish

__all__ = ["eraser", "journal", "post"]


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
