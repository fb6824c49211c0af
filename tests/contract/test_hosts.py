"""Hosts of actions, on every database: what they may change, and when they are asked."""

from dataclasses import replace
from datetime import date, timedelta
from secrets import token_urlsafe
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.hosting import SqlHosts
from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.schema import hosts as hosts_table, requests, subscribers
from mailer.core.model import Action, ActionStatus, Contact
from mailer.core.requests import Kind, Request, State
from mailer.core.sharing.submission import (
    SOURCE,
    ShownTo,
    Submission,
    facts_of,
    load,
)
from mailer.ports import Changed, Hosted
from tests.contract.post import PEPPER, Post, people
from tests.factories import MONDAY, draft, facts

LATER = MONDAY + timedelta(hours=1)
DAY = timedelta(days=1)
EDITION = "weekly/2019-10-14"


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.enlist(*people(3))
    return made


@pytest.fixture
def hosts(database: Database) -> SqlHosts:
    return SqlHosts(database)


def said(**changes: Any) -> Submission:
    shown_to = changes.pop("shown_to", ShownTo.NOBODY)
    contact = Contact(
        name=changes.pop("name", "Ana"),
        phone="619",
        public=shown_to is ShownTo.EVERYBODY,
        consent_connect=changes.pop("connect", False),
    )
    return Submission(
        facts=facts(day=19, **changes), contact=contact, shown_to=shown_to
    )


def send(post: Post, submission: Submission, *, host: int = 1) -> Request:
    """Keep what a host sent and confirmed."""
    with post.database.writing() as connection:
        person = connection.execute(
            select(subscribers).where(subscribers.c.uid == post.uid(host))
        ).one()
        number = connection.scalar(
            insert(requests)
            .values(
                public_id=token_urlsafe(16),
                kind=Kind.SUBMIT.value,
                state=State.WAITING.value,
                address_hash=person.address_hash,
                subscriber_id=person.id,
                language="en",
                list_number=post.number,
                joins=[],
                about=submission.about,
                facts=facts_of(submission),
                asked_at=MONDAY,
                confirmed_at=MONDAY,
            )
            .returning(requests.c.id)
        )
    return SqlRequests(post.database, PEPPER).request(int(number or 0))


def accept(post: Post, hosts: SqlHosts, *, host: int = 1, **changes: Any) -> Action:
    waiting = send(post, said(**changes), host=host)
    action = hosts.accept(waiting, by="cli", at=MONDAY)
    assert action is not None
    return action


def join(post: Post, action: Action, *, host: int) -> None:
    """Let somebody else be a host of it as well."""
    with post.database.writing() as connection:
        person = select(subscribers.c.id).where(subscribers.c.uid == post.uid(host))
        connection.execute(
            insert(hosts_table).values(
                action_id=action.id,
                subscriber_id=person.scalar_subquery(),
                shown_to="nobody",
                connect=False,
                since=MONDAY,
                looked_at=MONDAY,
            )
        )


def mine(post: Post, hosts: SqlHosts, action: Action) -> Hosted:
    found = hosts.hosted(post.uid(1), action.id)
    assert found is not None
    return found


def change(post: Post, hosts: SqlHosts, action: Action, **changes: Any) -> Changed:
    hosted = mine(post, hosts, action)
    return hosts.change(
        post.uid(1),
        action.id,
        said(**changes),
        version=hosted.action.version,
        at=LATER,
    )


def test_an_accepted_action_is_listed_with_its_host(
    post: Post, hosts: SqlHosts
) -> None:
    action = accept(post, hosts, title="Vigil", shown_to=ShownTo.ORGANIZERS)

    assert [each.id for each in post.actions.upcoming(MONDAY)] == [action.id]
    assert action.source == SOURCE
    hosted = mine(post, hosts, action)
    assert hosted.action == action
    assert hosted.contact.name == "Ana"
    assert hosted.shown_to is ShownTo.ORGANIZERS
    assert hosted.masked_address == "r…@example.org"
    assert not hosted.undoable


def test_one_request_is_listed_once(post: Post, hosts: SqlHosts) -> None:
    waiting = send(post, said())
    action = hosts.accept(waiting, by="cli", at=MONDAY)
    assert action is not None

    assert hosts.accept(waiting, by="cli", at=LATER) is None
    assert len(post.actions.every()) == 1
    assert hosts.listed(post.uid(1), waiting) == action.id
    assert hosts.listed(post.uid(2), waiting) is None


def test_an_action_is_nobody_elses(post: Post, hosts: SqlHosts) -> None:
    action = accept(post, hosts)
    stranger = post.uid(2)

    assert hosts.hosted(stranger, action.id) is None
    assert hosts.hosted(post.uid(1), action.id + 1) is None
    assert (
        hosts.change(stranger, action.id, said(title="X"), version=1, at=LATER)
        is Changed.STALE
    )
    assert not hosts.undo(stranger, action.id, version=1, at=LATER)
    assert not hosts.confirm(stranger, action.id, at=LATER)


def test_each_change_is_a_version_recorded_by_the_host(
    post: Post, hosts: SqlHosts
) -> None:
    action = accept(post, hosts)

    assert change(post, hosts, action, title="Vigil") is Changed.DONE

    versions = post.actions.history(action.public_id)
    assert [(number, by) for number, _, by, _ in versions] == [
        (1, SOURCE),
        (2, "host"),
    ]
    assert post.actions.every()[0].facts.title == "Vigil"


def test_what_changes_nothing_is_no_version_but_an_answer(
    post: Post, hosts: SqlHosts
) -> None:
    action = accept(post, hosts)

    assert change(post, hosts, action) is Changed.SAME

    assert mine(post, hosts, action).action.version == 1
    assert mine(post, hosts, action).looked_at == LATER


def test_who_saw_an_older_version_changes_nothing(post: Post, hosts: SqlHosts) -> None:
    action = accept(post, hosts)
    change(post, hosts, action, title="Vigil")

    late = hosts.change(
        post.uid(1), action.id, said(title="March"), version=1, at=LATER
    )

    assert late is Changed.STALE
    assert mine(post, hosts, action).action.facts.title == "Vigil"


def test_cancelling_is_told_and_taken_back_as_it_was(
    post: Post, hosts: SqlHosts
) -> None:
    action = accept(post, hosts, title="Vigil")
    change(post, hosts, action, title="Vigil", status=ActionStatus.CANCELLED)
    assert not post.actions.upcoming(MONDAY)

    assert mine(post, hosts, action).undoable
    assert hosts.undo(post.uid(1), action.id, version=2, at=LATER)

    hosted = mine(post, hosts, action)
    assert hosted.action.facts == action.facts
    assert hosted.action.version == 3
    assert not hosted.undoable
    assert not hosts.undo(post.uid(1), action.id, version=3, at=LATER)


def test_an_undo_brings_back_the_contact_as_well(post: Post, hosts: SqlHosts) -> None:
    action = accept(post, hosts, shown_to=ShownTo.ORGANIZERS, connect=True)
    change(post, hosts, action, name="Ben", shown_to=ShownTo.EVERYBODY)
    assert mine(post, hosts, action).contact.name == "Ben"

    assert hosts.undo(post.uid(1), action.id, version=1, at=LATER)

    hosted = mine(post, hosts, action)
    assert hosted.contact.name == "Ana"
    assert hosted.contact.consent_connect
    assert hosted.shown_to is ShownTo.ORGANIZERS


def test_a_change_that_others_have_changed_since_stays(
    post: Post, hosts: SqlHosts
) -> None:
    action = accept(post, hosts)
    change(post, hosts, action, title="Vigil")
    other = draft(day=19, title="Rally", external_id=action.external_id)
    with post.database.writing() as connection:
        now = mine(post, hosts, action).action
        post.actions.revise(connection, now, other, by="cli", at=LATER)

    assert not mine(post, hosts, action).undoable
    assert not hosts.undo(post.uid(1), action.id, version=3, at=LATER)
    assert not hosts.undo(post.uid(1), action.id, version=2, at=LATER)


def test_what_happened_is_on_record_without_an_address(
    post: Post, hosts: SqlHosts
) -> None:
    action = accept(post, hosts)
    change(post, hosts, action, status=ActionStatus.CANCELLED)
    hosts.undo(post.uid(1), action.id, version=2, at=LATER)
    hosts.confirm(post.uid(1), action.id, at=LATER)

    verbs = post.query(
        "SELECT verb FROM audit WHERE object LIKE 'action %' ORDER BY id"
    )
    assert verbs == ["cancel", "undo", "confirm"]
    details = post.query("SELECT detail FROM audit WHERE object LIKE 'action %'")
    assert "example.org" not in str(details)


# --- asked before an edition


def asking(hosts: SqlHosts, days: int = 12, **changes: Any) -> list[int]:
    """Whom to ask, so many days after they were accepted, two days before an edition."""
    now = MONDAY + days * DAY
    bounds = {"since": now - DAY, "begins": now + 2 * DAY, "until": now + 30 * DAY}
    found = hosts.to_ask(changes.pop("edition", EDITION), **{**bounds, **changes})
    return [host.action.id for host in found]


def test_hosts_of_what_an_edition_tells_are_asked_once(
    post: Post, hosts: SqlHosts
) -> None:
    ahead = accept(post, hosts)
    accept(post, hosts, status=ActionStatus.CANCELLED)
    over = accept(post, hosts, start_date=date(2019, 10, 8))
    far = accept(post, hosts, start_date=date(2019, 12, 24))
    now = MONDAY + 5 * DAY

    asked = hosts.to_ask(
        EDITION, since=now - DAY, begins=now + 2 * DAY, until=now + 30 * DAY
    )

    assert [host.action.id for host in asked] == [ahead.id]
    assert {over.id, far.id}.isdisjoint(host.action.id for host in asked)
    assert asked[0].uid == post.uid(1)
    assert asked[0].language == "en"
    hosts.asked(asked, EDITION, at=now)
    assert not hosts.to_ask(
        EDITION, since=now - DAY, begins=now + 2 * DAY, until=now + 30 * DAY
    )


def test_who_has_just_looked_at_it_is_not_asked(post: Post, hosts: SqlHosts) -> None:
    action = accept(post, hosts)
    assert asking(hosts, 5) == [action.id]

    hosts.confirm(post.uid(1), action.id, at=MONDAY + 5 * DAY)

    assert not asking(hosts, 5)
    assert asking(hosts, 7) == [action.id]


def test_nobody_is_asked_for_two_lists_within_a_day(
    post: Post, hosts: SqlHosts
) -> None:
    accept(post, hosts)
    now = MONDAY + 5 * DAY
    bounds = {"since": now - DAY, "begins": now + 2 * DAY, "until": now + 30 * DAY}
    hosts.asked(hosts.to_ask(EDITION, **bounds), EDITION, at=now)

    assert not hosts.to_ask("california/2019-10-14", **bounds)


def test_who_is_suppressed_is_not_asked(post: Post, hosts: SqlHosts) -> None:
    accept(post, hosts)
    post.people.suppress(["reader1@example.org"], reason="complained", at=MONDAY)

    assert not asking(hosts, 5)


def test_one_answer_of_several_hosts_is_enough(post: Post, hosts: SqlHosts) -> None:
    action = accept(post, hosts)
    join(post, action, host=2)
    now = MONDAY + 5 * DAY
    asked = hosts.to_ask(
        EDITION, since=now - DAY, begins=now + 2 * DAY, until=now + 30 * DAY
    )
    assert len(asked) == 2
    hosts.asked(asked, EDITION, at=now)
    assert hosts.answers(now)[action.id].right_at is None

    hosts.confirm(post.uid(2), action.id, at=now + DAY)

    answer = hosts.answers(now)[action.id]
    assert answer.right_at == now + DAY
    assert (answer.asked_for, answer.asked_at) == (EDITION, now)
    assert not hosts.answers(MONDAY + 20 * DAY)


def test_an_action_that_nobody_was_asked_about_has_no_answer(
    post: Post, hosts: SqlHosts
) -> None:
    accept(post, hosts)

    assert not hosts.answers(MONDAY)


# --- who may be reached


def test_only_who_shows_it_to_everybody_is_reached_by_everybody(
    post: Post, hosts: SqlHosts
) -> None:
    private = accept(post, hosts, shown_to=ShownTo.ORGANIZERS)
    public = accept(post, hosts, shown_to=ShownTo.EVERYBODY)

    assert hosts.reachable(private.public_id) is None
    found = hosts.reachable(public.public_id)
    assert found is not None
    assert (found.name, found.email) == ("Ana", "reader1@example.org")
    assert hosts.reachable("nothing") is None


def test_the_address_is_not_kept_with_the_action(post: Post, hosts: SqlHosts) -> None:
    accept(post, hosts, shown_to=ShownTo.EVERYBODY)

    assert "example.org" not in str(post.query("SELECT contact FROM actions"))


def test_two_hosts_change_it_one_after_the_other(post: Post, hosts: SqlHosts) -> None:
    action = accept(post, hosts)
    join(post, action, host=2)
    change(post, hosts, action, title="Vigil")

    theirs = hosts.hosted(post.uid(2), action.id)
    assert theirs is not None
    assert not theirs.undoable  # it was not theirs
    now = replace(said(title="Rally"))
    assert (
        hosts.change(post.uid(2), action.id, now, version=2, at=LATER) is Changed.DONE
    )
    assert not mine(post, hosts, action).undoable


# --- what waits for a moderator


def sent(post: Post, hosts: SqlHosts, number: int) -> Request:
    found = hosts.sent(post.uid(1), number)
    assert found is not None
    return found


def test_what_is_sent_anew_is_another_request_and_the_old_link_leads_to_it(
    post: Post, hosts: SqlHosts
) -> None:
    first = send(post, said())

    done = hosts.amend(post.uid(1), first.number, said(title="Vigil"), at=LATER)
    assert done is Changed.DONE

    now = sent(post, hosts, first.number)
    assert now.number != first.number
    assert now.state is State.WAITING
    assert load(now.facts["submission"]).facts.title == "Vigil"
    assert "Vigil" in now.facts["title"]


def test_a_moderator_cannot_accept_what_was_changed_meanwhile(
    post: Post, hosts: SqlHosts
) -> None:
    read = send(post, said())
    hosts.amend(post.uid(1), read.number, said(title="Party"), at=LATER)

    assert hosts.accept(read, by="cli", at=LATER) is None
    assert not post.actions.every()
    again = hosts.amend(post.uid(1), read.number, said(), at=LATER)
    assert again is Changed.STALE


def test_what_is_withdrawn_is_not_accepted_and_can_be_sent_again(
    post: Post, hosts: SqlHosts
) -> None:
    waiting = send(post, said())

    assert hosts.withdraw(post.uid(1), waiting.number, at=LATER)
    assert not hosts.withdraw(post.uid(1), waiting.number, at=LATER)
    assert hosts.accept(waiting, by="cli", at=LATER) is None
    assert sent(post, hosts, waiting.number).state is State.DECLINED

    done = hosts.amend(post.uid(1), waiting.number, said(), at=LATER)
    assert done is Changed.DONE
    assert sent(post, hosts, waiting.number).state is State.WAITING


def test_what_waits_is_sent_anew_ten_times_and_no_more(
    post: Post, hosts: SqlHosts
) -> None:
    number = send(post, said()).number
    for time in range(10):
        plan = said(title=f"Vigil {time}")
        assert hosts.amend(post.uid(1), number, plan, at=LATER) is Changed.DONE
        number = sent(post, hosts, number).number

    again = hosts.amend(post.uid(1), number, said(title="Vigil"), at=LATER)

    assert again is Changed.TOO_OFTEN
    assert sent(post, hosts, number).state is State.WAITING


def test_what_was_accepted_is_neither_changed_nor_withdrawn_there(
    post: Post, hosts: SqlHosts
) -> None:
    waiting = send(post, said())
    hosts.accept(waiting, by="cli", at=LATER)

    again = hosts.amend(post.uid(1), waiting.number, said(title="X"), at=LATER)
    assert again is Changed.STALE
    assert not hosts.withdraw(post.uid(1), waiting.number, at=LATER)


def test_what_somebody_sent_is_nobody_elses(post: Post, hosts: SqlHosts) -> None:
    waiting = send(post, said())

    assert hosts.sent(post.uid(2), waiting.number) is None
    again = hosts.amend(post.uid(2), waiting.number, said(), at=LATER)
    assert again is Changed.STALE
    assert not hosts.withdraw(post.uid(2), waiting.number, at=LATER)


def test_what_its_owner_has_not_confirmed_is_not_shown(
    post: Post, hosts: SqlHosts
) -> None:
    waiting = send(post, said())
    with post.database.writing() as connection:
        connection.execute(update(requests).values(state=State.WRITTEN.value))

    assert hosts.sent(post.uid(1), waiting.number) is None


def test_many_thousand_hosts_are_noted_as_asked(post: Post, hosts: SqlHosts) -> None:
    accept(post, hosts)
    later = MONDAY + 2 * DAY
    (host,) = hosts.to_ask(
        EDITION, since=later - DAY, begins=MONDAY, until=MONDAY + 30 * DAY
    )
    strangers = [replace(host, uid=number.to_bytes(16)) for number in range(70_000)]

    hosts.asked([*strangers, host], EDITION, at=later)

    assert hosts.hosted(host.uid, host.action.id).asked_at == later  # type: ignore[union-attr]
