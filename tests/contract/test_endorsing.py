"""From a form to the list of endorsers: letters, moderators, and what their word does."""

import email
import email.message
import email.policy
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from mailer.adapters.database.endorsing import SqlEndorsements
from mailer.adapters.database.engine import Database
from mailer.adapters.database.notes import SqlNotes
from mailer.adapters.database.organizations import OrganizationStore
from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.rights import SqlRights
from mailer.adapters.database.schema import calls, seats, subscribers
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.specimens import specimens
from mailer.core.errors import NotFoundError, RefusedError
from mailer.core.requests import Ask, Kind, Request
from mailer.pipeline.admit import Clerk
from mailer.pipeline.moderate import Endorsing, Moderator
from mailer.pipeline.notify import Notifier
from tests.contract.post import PEPPER, SECRET, WEEKLY, Post
from tests.factories import place
from tests.fakes.provider import ScriptedProvider

TEMPLATES = Path(__file__).parents[2] / "templates"
CALL = "october-2019"
COORDINATOR = "coordinators@example.org"


class Desk:
    """Everything between a form and the list of endorsers."""

    def __init__(self, database: Database, coordinators: tuple[str, ...] = ()) -> None:
        self.post = Post(database)
        self.requests = SqlRequests(database, PEPPER)
        self.endorsements = SqlEndorsements(database)
        self.organizations = OrganizationStore(database)
        brand = specimens(TEMPLATES)["digest"].sample.brand
        self.notifier = Notifier(
            notes=SqlNotes(database, SECRET),
            renderer=MailRenderer(TEMPLATES, brand, "https://mail.example.org"),
            secret=SECRET,
            base_url="https://mail.example.org",
            route_of=lambda _list: self.post.route,
        )
        self.coordinators = coordinators
        self.moderators: Sequence[str] = ()
        self.troubles: list[str] = []
        with database.writing() as connection:
            row = {
                "slug": CALL,
                "title": "Close the camps",
                "created_at": self.post.now,
            }
            connection.execute(insert(calls).values(row))

    @property
    def clerk(self) -> Clerk:
        return Clerk(
            requests=self.requests,
            people=self.post.people,
            rights=SqlRights(self.post.database, self.requests),
            notifier=self.notifier,
            lists=lambda: {self.post.number: WEEKLY},
            coordinators=self.coordinators,
            moderators=lambda: self.moderators,
            languages=("en", "es"),
            clock=lambda: self.post.now,
            trouble=self.troubles.append,
        )

    @property
    def moderator(self) -> Moderator:
        return Moderator(
            requests=self.requests,
            decided={Kind.ENDORSE: Endorsing(endorsements=self.endorsements)},
            notifier=self.notifier,
            lists=lambda: {self.post.number: WEEKLY},
            clock=lambda: self.post.now,
            by="cli",
        )

    def ask(self, organization: str = "Border Angels", **facts: Any) -> None:
        said: Mapping[str, Any] = {
            "call": CALL,
            "organization": organization,
            "place": asdict(place("San Diego")),
            "website": "https://borderangels.example",
            "public": True,
            "pledges": ["plan"],
            "contact": "Ana Ruiz",
            **facts,
        }
        self.requests.ask(
            Ask(
                kind=Kind.ENDORSE,
                address="ana@union.example",
                language="en",
                list_number=self.post.number,
                about=organization.casefold(),
                facts=said,
            ),
            at=self.post.now,
        )

    def confirmed(self, organization: str = "Border Angels", **facts: Any) -> Request:
        self.ask(organization, **facts)
        self.post.now += timedelta(hours=9)  # no address is asked too often
        for due in self.requests.due(at=self.post.now):
            self.requests.written(due, at=self.post.now)
            self.requests.confirm(due.to, due.number, at=self.post.now)
        return self.requests.waiting()[-1]

    def letters(self) -> list[str]:
        """Send what is on its way; returns the subjects, in order."""
        return [each["subject"] for each in self.mail()]

    def mail(self) -> list[email.message.EmailMessage]:
        """Send what is on its way, and return it."""
        provider = ScriptedProvider()
        self.post.sender(provider).drain(sleep=lambda _: None)
        read = email.policy.default
        raw = provider.messages.values()
        return [email.message_from_bytes(one, policy=read) for one in raw]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_a_decision_whose_note_was_not_written_is_told_when_it_is_made_again(
    desk: Desk,
) -> None:
    request = desk.confirmed()
    desk.endorsements.accept(request, into=None, by="cli", at=desk.post.now)
    other = desk.confirmed("Union del Barrio")
    desk.requests.settle(
        other.number, accepted=False, by="cli", at=desk.post.now, reason="Who is it?"
    )
    desk.letters()  # and here the program was killed, twice

    told = []
    for _ in range(2):
        with pytest.raises(RefusedError, match="accepted already"):
            desk.moderator.accept(request.number)
        told += desk.letters()
        with pytest.raises(RefusedError, match="declined already"):
            desk.moderator.decline(other.number, reason="Another.")
        told += desk.letters()

    listed, declined = told
    assert "Border Angels" in listed
    assert "Union del Barrio" in declined


def test_the_clerk_writes_once_to_whoever_is_asked(desk: Desk) -> None:
    desk.ask()

    assert (desk.clerk.admit(), desk.clerk.admit()) == (1, 0)
    [subject] = desk.letters()
    assert subject.startswith("Please confirm: your organization")
    assert desk.troubles == []


def test_an_accepted_organization_is_listed_and_its_contact_has_a_seat(
    desk: Desk,
) -> None:
    request = desk.confirmed()

    assert desk.endorsements.public(CALL) == []
    assert desk.moderator.accept(request.number) == "Border Angels"

    [listed] = desk.endorsements.public(CALL)
    assert (listed.name, listed.place) == ("Border Angels", "San Diego, CA")
    with desk.post.database.reading() as connection:
        seat = connection.execute(
            select(subscribers.c.address, subscribers.c.given_name).join(
                seats, seats.c.subscriber_id == subscribers.c.id
            )
        ).one()
    assert tuple(seat) == ("ana@union.example", "Ana Ruiz")
    assert desk.letters() == ["Border Angels endorses the call"]


def test_whoever_does_not_want_to_be_listed_is_counted_and_not_shown(
    desk: Desk,
) -> None:
    desk.moderator.accept(desk.confirmed(public=False).number)

    assert desk.endorsements.public(CALL) == []
    [row] = desk.organizations.listed()
    assert (row["name"], row["endorsements"]) == ("Border Angels", 1)


def test_a_known_organization_is_found_under_another_spelling(desk: Desk) -> None:
    desk.moderator.accept(desk.confirmed("Border Angels").number)
    desk.moderator.accept(desk.confirmed("BORDER  ANGELS").number)

    assert len(desk.organizations.listed()) == 1
    assert desk.endorsements.alike("border angels") == ["Border Angels"]


def test_a_person_says_which_organization_is_meant_and_the_name_becomes_an_alias(
    desk: Desk,
) -> None:
    desk.moderator.accept(desk.confirmed("Border Angels").number)
    other = desk.confirmed("Los Ángeles de la Frontera")

    became = desk.moderator.accept(other.number, into="Border Angels")

    assert became == "Border Angels"
    [row] = desk.organizations.listed()
    assert row["aliases"] == ["Los Ángeles de la Frontera"]


def test_nothing_is_merged_by_itself_and_nothing_half_done(desk: Desk) -> None:
    desk.moderator.accept(desk.confirmed("Border Angels").number)
    desk.moderator.accept(desk.confirmed("Unión del Barrio").number)
    again = desk.confirmed("Unión del Barrio")

    with pytest.raises(RefusedError, match="already another organization"):
        desk.moderator.accept(again.number, into="Border Angels")
    with pytest.raises(NotFoundError, match='no organization "Nobody"'):
        desk.moderator.accept(again.number, into="Nobody")

    assert [each.number for each in desk.requests.waiting()] == [again.number]


def test_whoever_decides_second_is_told_so(desk: Desk) -> None:
    request = desk.confirmed()
    desk.moderator.accept(request.number)

    with pytest.raises(RefusedError, match="was accepted already"):
        desk.moderator.decline(request.number, reason="No.")
    assert (
        desk.endorsements.accept(request, into=None, by="x", at=desk.post.now) is None
    )


def test_nobody_decides_before_the_owner_of_the_address_confirmed(desk: Desk) -> None:
    desk.ask()
    [due] = desk.requests.due(at=desk.post.now)

    with pytest.raises(RefusedError, match="not confirmed it yet"):
        desk.moderator.accept(due.number)


def test_a_declined_organization_reads_why_and_is_not_listed(desk: Desk) -> None:
    desk.moderator.decline(desk.confirmed().number, reason="We do not know you.")

    assert desk.endorsements.public(CALL) == []
    assert desk.letters() == ["We did not list Border Angels"]


def test_whoever_decides_in_the_console_is_led_there(database: Database) -> None:
    other = "desk@example.org"
    desk = Desk(database, coordinators=(COORDINATOR, other))
    desk.moderators = (COORDINATOR.upper(),)
    desk.confirmed()

    desk.clerk.admit()

    led = {}
    for letter in desk.mail():
        body = letter.get_body(("plain",))
        assert body
        led[letter["to"]] = "/console/requests" in body.get_content()
    assert led == {COORDINATOR: True, other: False}


def test_coordinators_hear_once_an_hour_that_something_waits(
    database: Database,
) -> None:
    desk = Desk(database, (COORDINATOR,))
    desk.confirmed("First")
    desk.clerk.admit()
    desk.clerk.admit()

    assert desk.letters() == ["Somebody waits for you to decide"]


def test_a_call_can_be_endorsed_until_its_last_day(desk: Desk) -> None:
    with desk.post.database.writing() as connection:
        row = {"slug": "over", "title": "Over", "created_at": desk.post.now}
        connection.execute(insert(calls).values(closes_on=date(2019, 10, 14), **row))

    first, _ = desk.endorsements.calls(date(2019, 10, 14))
    assert first.slug == "over"
    assert [c.slug for c in desk.endorsements.calls(date(2019, 10, 15))] == [CALL]


def test_a_request_whose_list_is_gone_is_told_and_kept(desk: Desk) -> None:
    desk.ask()
    clerk = replace(desk.clerk, lists=dict)

    assert clerk.admit() == 0
    assert "no longer in lists/" in desk.troubles[0]
