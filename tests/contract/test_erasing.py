"""Somebody is erased: what was about them is gone, what is counted stays."""

from datetime import timedelta

from sqlalchemy import select, update

from mailer.adapters.database.dossier import SqlDossiers
from mailer.adapters.database.retention import Retention
from mailer.adapters.database.schema import (
    actions,
    consent_events,
)
from mailer.core.erasures import Erased
from mailer.core.events import EventKind
from mailer.core.model import Contact
from mailer.core.preferences import Choices
from mailer.pipeline.erase import Eraser
from mailer.ports import Answered, Outcome, Outgoing, Refused
from tests.contract.erasing import (
    ANA,
    come_back,
    erase,
    eraser,
    everything,
    hear,
    holding,
    journal,
    post,
    reason,
)
from tests.contract.post import PEPPER, Post
from tests.factories import MONDAY, contact
from tests.fakes.provider import ScriptedProvider, accept_and_vanish

__all__ = ["eraser", "journal", "post"]


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
    come_back(post)

    assert eraser.complete(at=post.now) == 0

    assert "subscribers" in holding(post, ANA)
