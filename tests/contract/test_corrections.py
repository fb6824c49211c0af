"""Corrections, on every database: exactly those who know what is not right any more."""

import email
import email.policy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailer.adapters.database.correcting import SqlCorrections
from mailer.adapters.database.engine import Database
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.specimens import specimens
from mailer.core.errors import NotFoundError, RefusedError
from mailer.core.model import ActionStatus
from mailer.core.preferences import Choices
from mailer.core.tokens import Keyring, Purpose
from mailer.pipeline import plan
from mailer.pipeline.correct import Corrector
from mailer.ports import Mailing, Wrong
from tests.contract.post import SECRET, WEEKLY, Post, people
from tests.factories import contact, draft
from tests.fakes.provider import ScriptedProvider

TEMPLATES = Path(__file__).parents[2] / "templates"
WEEK = timedelta(weeks=1)
KEYS = Keyring({1: b"k" * 32})


class Desk:
    """A coordinator's: what is published, mailed, and put right."""

    def __init__(self, post: Post, renderer: MailRenderer) -> None:
        self.post = post
        self.corrector = Corrector(
            corrections=SqlCorrections(post.database, SECRET),
            renderer=renderer,
            lists={"weekly": WEEKLY},
            secret=SECRET,
            route_of=lambda _list: post.route,
            batch_size=lambda _list: 10,
        )

    def say(self, **changes: Any) -> None:
        """Publish the action in San Diego as it is now, beside one in Denver."""
        day = changes.pop("day", 20)
        self.post.publish(
            draft("San Diego", day, external_id="a", **changes),
            draft("Denver", 21, external_id="b"),
        )

    def wrong(self) -> list[Wrong]:
        return list(self.corrector.wrong(self.post.now))

    def correct(self, provider: ScriptedProvider | None = None) -> list[Mailing]:
        """Send the correction of all that is wrong; returns its mailings."""
        numbers = self.corrector.send(self.wrong(), at=self.post.now)
        found = [each for each in self.post.ledger.every() if each.id in set(numbers)]
        for mailing in found:
            self.post.drain(mailing, provider or ScriptedProvider())
        return found


@pytest.fixture(scope="module")
def renderer() -> MailRenderer:
    brand = specimens(TEMPLATES)["digest"].sample.brand
    return MailRenderer(TEMPLATES, brand, "https://mail.example.org")


@pytest.fixture
def desk(database: Database, renderer: MailRenderer) -> Desk:
    post = Post(database)
    made = Desk(post, renderer)
    made.say()
    post.enlist(*people(3))
    post.send()
    return made


def addresses(provider: ScriptedProvider) -> list[str]:
    return sorted(
        str(email.message_from_bytes(raw, policy=email.policy.default)["To"])
        for raw in provider.messages.values()
    )


def reader(number: int) -> str:
    return f"reader{number}@example.org"


def test_as_long_as_nothing_changes_nobody_was_told_anything_wrong(desk: Desk) -> None:
    assert not desk.wrong()
    desk.say(note="Bring water.", sponsors=())  # nobody goes wrong by that
    assert not desk.wrong()


def test_whoever_was_mailed_the_old_day_is_found_with_what_they_were_told(
    desk: Desk,
) -> None:
    desk.say(day=21)

    (wrong,) = desk.wrong()

    assert wrong.before.start_date.day == 20
    assert wrong.action.facts.start_date.day == 21
    assert (wrong.list_slug, wrong.edition) == ("weekly", "2019-10-07")
    assert dict(wrong.readers) == {"en": 3}
    assert not wrong.left_out


def test_they_are_mailed_what_is_right_with_their_own_links(desk: Desk) -> None:
    desk.say(day=21)
    provider = ScriptedProvider()

    (mailing,) = desk.correct(provider)

    assert addresses(provider) == [reader(1), reader(2), reader(3)]
    assert desk.post.counts(mailing)["sent"] == 3
    assert mailing.kind == "correction"
    message = email.message_from_bytes(
        next(iter(provider.messages.values())), policy=email.policy.default
    )
    words = "".join(part.get_content() for part in message.iter_parts())
    number = str(message["To"]).removeprefix("reader").partition("@")[0]
    leave = KEYS.sign(Purpose.LEAVE, desk.post.uid(int(number)), desk.post.number)
    assert message["Subject"] == "San Diego has changed since our mail of October 7"
    assert f"/u/{leave}" in words
    assert "Sunday, October 20" in words
    assert "Monday, October 21" in words


def test_in_the_language_that_each_reads(desk: Desk) -> None:
    post = desk.post
    choices = Choices(language="es")
    post.readers.choose(post.uid(2), post.number, choices, at=post.now)
    desk.say(status=ActionStatus.CANCELLED)
    provider = ScriptedProvider()

    (wrong,) = desk.wrong()
    assert dict(wrong.readers) == {"en": 2, "es": 1}
    desk.correct(provider)

    subjects = {
        message["To"]: message["Subject"]
        for raw in provider.messages.values()
        for message in [email.message_from_bytes(raw, policy=email.policy.default)]
    }
    assert subjects[reader(2)] == (
        "San Diego: ya no se hará lo que anunció nuestro correo del 7 de octubre"
    )
    assert subjects[reader(1)] == (
        "San Diego: what our mail of October 7 announced is off"
    )


def test_nobody_is_told_who_did_not_get_the_wrong_mail(desk: Desk) -> None:
    desk.post.enlist(contact(4))
    desk.say(day=21)
    provider = ScriptedProvider()

    desk.correct(provider)

    assert reader(4) not in addresses(provider)


def test_who_left_is_suppressed_or_rests_is_not_mailed(desk: Desk) -> None:
    post = desk.post
    post.enlist(*people(4))
    desk.post.now += WEEK
    post.send()  # all four know it by now
    desk.say(day=21)
    post.readers.leave(post.uid(1), post.number, at=post.now, how="page")
    post.people.suppress([reader(2)], reason="complained", at=post.now)
    rest = Choices(language="en", paused_until=post.now + WEEK)
    post.readers.choose(post.uid(3), post.number, rest, at=post.now)
    provider = ScriptedProvider()

    found = desk.wrong()
    total = {key: n for each in found for key, n in each.left_out.items()}
    assert total == {"complained": 1, "left": 1, "paused": 1}
    desk.correct(provider)

    assert addresses(provider) == [reader(4)]


def test_of_one_version_there_is_one_correction(desk: Desk) -> None:
    desk.say(day=21)
    wrong = desk.wrong()
    desk.corrector.send(wrong, at=desk.post.now)

    assert not desk.wrong()
    with pytest.raises(RefusedError, match="on its way"):
        desk.corrector.send(wrong, at=desk.post.now)
    desk.post.drain(desk.post.ledger.every()[0], ScriptedProvider())
    assert not desk.wrong()
    with pytest.raises(RefusedError, match="twice"):
        desk.corrector.send(wrong, at=desk.post.now)


def test_the_next_edition_does_not_tell_it_again(desk: Desk) -> None:
    desk.say(day=21)
    desk.correct()
    desk.post.now += WEEK
    mailing = desk.post.make()

    composition = desk.post.compose(mailing)

    kinds = {kind for each in composition.variants for _, _, kind in each.items}
    assert kinds == {"coming"}


def test_and_who_is_told_nothing_hears_of_the_change_in_the_next_edition(
    desk: Desk,
) -> None:
    desk.say(day=21)
    desk.post.now += WEEK

    composition = desk.post.compose(desk.post.make())

    kinds = {kind for each in composition.variants for _, _, kind in each.items}
    assert kinds == {"changed", "coming"}


def test_a_plan_that_goes_back_is_corrected_again(desk: Desk) -> None:
    desk.say(day=21)
    desk.correct()
    desk.say(day=20)  # as the edition had it, but not as the correction did

    (wrong,) = desk.wrong()

    assert wrong.before.start_date.day == 21
    assert wrong.edition.startswith("correction-")
    provider = ScriptedProvider()
    desk.correct(provider)
    assert len(provider.messages) == 3
    assert not desk.wrong()


def test_what_is_put_right_before_the_correction_needs_none(desk: Desk) -> None:
    desk.say(day=21)
    desk.say(day=20)

    assert not desk.wrong()


def test_a_correction_waits_for_an_edition_that_is_on_its_way(desk: Desk) -> None:
    desk.say(day=21)
    wrong = desk.wrong()
    desk.post.now += WEEK
    desk.post.make()

    with pytest.raises(RefusedError, match="weekly/2019-10-14 is on its way"):
        desk.corrector.send(wrong, at=desk.post.now)

    assert len(desk.post.ledger.every()) == 2


def test_what_was_changed_since_it_was_looked_at_is_not_sent(desk: Desk) -> None:
    desk.say(day=21)
    wrong = desk.wrong()
    desk.say(day=22)

    with pytest.raises(RefusedError, match="changed just now"):
        desk.corrector.send(wrong, at=desk.post.now)

    assert len(desk.post.ledger.every()) == 1


def test_a_language_chosen_meanwhile_stops_it_without_a_trace(desk: Desk) -> None:
    post = desk.post
    desk.say(day=21)
    wrong = desk.wrong()
    post.readers.choose(post.uid(2), post.number, Choices(language="es"), at=post.now)

    with pytest.raises(RefusedError, match="run it again"):
        desk.corrector.send(wrong, at=post.now)

    assert len(post.ledger.every()) == 1
    assert len(desk.correct()) == 1


def test_readers_of_different_editions_are_told_of_their_own(desk: Desk) -> None:
    post = desk.post
    rest = Choices(language="en", paused_until=post.now + WEEK + timedelta(days=1))
    post.readers.choose(post.uid(3), post.number, rest, at=post.now)
    post.now += WEEK
    post.send()
    post.now += timedelta(days=2)
    desk.say(status=ActionStatus.CANCELLED)
    provider = ScriptedProvider()

    found = desk.wrong()
    made = desk.correct(provider)

    assert sorted((each.edition, dict(each.readers)["en"]) for each in found) == [
        ("2019-10-07", 1),
        ("2019-10-14", 2),
    ]
    assert len(made) == 2
    assert addresses(provider) == [reader(1), reader(2), reader(3)]


def test_a_correction_does_not_put_off_the_next_digest_of_who_wants_few(
    desk: Desk,
) -> None:
    post = desk.post
    post.now += timedelta(days=6)
    desk.say(day=21)
    desk.correct()
    (seen,) = {post.readers.reader(post.uid(1), post.number)}

    assert seen is not None
    assert seen.told_at == desk.post.ledger.every()[-1].as_of


def test_what_is_over_needs_no_correction(desk: Desk) -> None:
    desk.say(day=21)
    desk.post.now += 3 * WEEK

    assert not desk.wrong()


def test_who_was_told_it_two_editions_ago_reads_which_mail_was_wrong(
    desk: Desk,
) -> None:
    post = desk.post
    post.now += WEEK
    soon = replace(WEEKLY, horizon=timedelta(days=2))
    mailing = plan.now(soon, post.ledger, edition=None, now=post.now)
    post.publish(
        draft("San Diego", 20, external_id="a"),
        draft("Denver", 21, external_id="b"),
        draft("Newark", 15, external_id="c"),
    )
    post.composer.compose(mailing, soon, at=post.now)
    post.drain(mailing, ScriptedProvider())
    desk.say(day=23)

    (wrong,) = desk.wrong()

    assert wrong.edition == "2019-10-07"
    assert wrong.knows == mailing.id


def test_a_list_whose_file_is_gone_is_named(desk: Desk) -> None:
    desk.say(day=21)
    corrector = replace(desk.corrector, lists={})

    with pytest.raises(NotFoundError, match="weekly"):
        corrector.preview(desk.wrong())
