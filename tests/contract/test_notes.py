"""Letters to one person: the ledger's promises, without being subscribed."""

import email
import email.policy
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from mailer.adapters.database.engine import Database
from mailer.adapters.database.notes import SqlNotes
from mailer.adapters.database.schema import mailings
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.specimens import specimens
from mailer.core.errors import NotFoundError
from mailer.core.notices import Confirmation, Note, NoteKind
from mailer.core.tokens import Keyring, Link, Purpose
from mailer.pipeline.notify import Notifier
from mailer.ports import Mailing
from tests.contract.post import SECRET, WEEKLY, Post, people
from tests.factories import draft
from tests.fakes.provider import ScriptedProvider, accept_and_vanish, unauthorized

TEMPLATES = Path(__file__).parents[2] / "templates"
BASE = "https://mail.example.org"
LEFT = Note(kind=NoteKind.LEFT, language="en", names={"list": "Weekly"})
QUESTION = Confirmation(language="es", expires_on=date(2019, 10, 14))
KEYS = Keyring({1: b"k" * 32})


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.publish(draft("San Diego"))
    made.enlist(*people(2))
    return made


@pytest.fixture(scope="module")
def renderer() -> MailRenderer:
    brand = specimens(TEMPLATES)["digest"].sample.brand
    return MailRenderer(TEMPLATES, brand, BASE)


@pytest.fixture
def notifier(post: Post, renderer: MailRenderer) -> Notifier:
    return Notifier(
        notes=SqlNotes(post.database, SECRET),
        renderer=renderer,
        secret=SECRET,
        base_url=BASE,
        route_of=lambda _list: post.route,
    )


def tell(notifier: Notifier, post: Post, name: str = "left 1", reader: int = 1) -> bool:
    return notifier.tell(
        LEFT,
        to=post.uid(reader),
        name=name,
        mailing_list=WEEKLY,
        list_number=post.number,
        link=Link(Purpose.LEAVE, post.number),
        at=post.now,
    )


def ask(notifier: Notifier, post: Post) -> bool:
    return notifier.ask(
        QUESTION,
        to=post.uid(1),
        name="confirm 1",
        mailing_list=WEEKLY,
        list_number=post.number,
        number=7,
        at=post.now,
    )


def note(post: Post) -> Mailing:
    """The only note there is."""
    query = select(mailings.c.edition).where(mailings.c.kind == "note")
    with post.database.reading() as connection:
        edition = connection.scalars(query).one()
    found = post.ledger.mailing("weekly", edition)
    assert found is not None
    return found


def sent(provider: ScriptedProvider) -> tuple[EmailMessage, str, str]:
    """The only message there is, and its HTML and text."""
    (raw,) = provider.messages.values()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    text, html = (part.get_content() for part in message.iter_parts())
    return message, html, text


def test_whoever_left_is_told_and_the_button_leads_to_the_way_back(
    post: Post, notifier: Notifier
) -> None:
    post.readers.leave(post.uid(1), post.number, at=post.now, how="page")
    provider = ScriptedProvider()

    assert tell(notifier, post)
    post.drain(note(post), provider)

    message, html, text = sent(provider)
    token = KEYS.sign(Purpose.LEAVE, post.uid(1), post.number)
    assert message["To"] == "reader1@example.org"
    assert message["Subject"] == "You left “Weekly”"
    assert f'href="{BASE}/u/{token}"' in html
    assert f"{BASE}/u/{token}" in text
    assert note(post).state == "finished"


def test_the_question_goes_to_the_address_that_it_names_and_holds_its_own_link(
    post: Post, notifier: Notifier
) -> None:
    provider = ScriptedProvider()

    assert ask(notifier, post)
    post.drain(note(post), provider)

    _, html, text = sent(provider)
    token = KEYS.sign(Purpose.CONFIRM, post.uid(1), 7)
    assert f'href="{BASE}/c/{token}"' in html
    assert f"{BASE}/c/{token}" in text
    assert "reader1@example.org" in html
    assert "reader1@example.org" in text


def test_what_is_kept_of_a_question_holds_neither_address_nor_token(
    post: Post, notifier: Notifier
) -> None:
    ask(notifier, post)

    kept = "".join(
        post.query("SELECT html FROM variants UNION SELECT text FROM variants")
    )
    assert "reader1" not in kept
    assert KEYS.sign(Purpose.CONFIRM, post.uid(1), 7) not in kept


def test_a_note_of_one_name_is_sent_once(post: Post, notifier: Notifier) -> None:
    provider = ScriptedProvider()

    assert tell(notifier, post)
    assert not tell(notifier, post)
    post.drain(note(post), provider)

    assert provider.calls == 1
    assert tell(notifier, post, name="left 1, the second time")


def test_a_note_overtakes_an_edition_on_its_way(post: Post, notifier: Notifier) -> None:
    edition = post.make()
    post.compose(edition)
    tell(notifier, post)

    first = post.claim()

    assert first is not None
    assert first.mailing.is_note
    assert not edition.is_note


def test_whoever_is_suppressed_is_not_written_to(
    post: Post, notifier: Notifier
) -> None:
    post.people.suppress(["reader1@example.org"], reason="complained", at=post.now)

    assert tell(notifier, post)

    assert post.counts(note(post))["suppressed"] == 1
    assert note(post).state == "finished"


def test_and_not_when_they_are_suppressed_on_the_way(
    post: Post, notifier: Notifier
) -> None:
    tell(notifier, post)
    post.people.suppress(["reader1@example.org"], reason="complained", at=post.now)
    provider = ScriptedProvider()

    post.drain(note(post), provider)

    assert provider.calls == 0
    assert post.counts(note(post))["suppressed"] == 1


def test_a_note_whose_outcome_nobody_knows_is_not_sent_again(
    post: Post, notifier: Notifier
) -> None:
    tell(notifier, post)
    provider = ScriptedProvider(accept_and_vanish)

    post.drain(note(post), provider)

    assert provider.calls == 1
    assert post.counts(note(post))["parked"] == 1


def test_a_note_changes_nothing_of_what_its_reader_was_told_of_actions(
    post: Post, notifier: Notifier
) -> None:
    post.send()
    post.ledger.groups(post.ledger.every()[0])  # brings what readers know up to date
    before = post.query(
        "SELECT known_variant FROM subscriptions ORDER BY subscriber_id"
    )
    tell(notifier, post)
    post.drain(note(post), ScriptedProvider())

    post.ledger.groups(note(post))

    assert (
        post.query("SELECT known_variant FROM subscriptions ORDER BY subscriber_id")
        == before
    )


def test_notes_do_not_stand_among_the_editions(post: Post, notifier: Notifier) -> None:
    edition = post.make()
    tell(notifier, post)

    assert [each.id for each in post.ledger.every()] == [edition.id]


def test_a_note_to_somebody_who_is_gone_leaves_nothing_behind(
    post: Post, notifier: Notifier
) -> None:
    with pytest.raises(NotFoundError):
        notifier.tell(
            LEFT,
            to=b"\0" * 16,
            name="left",
            mailing_list=WEEKLY,
            list_number=post.number,
            link=Link(Purpose.LEAVE, post.number),
            at=post.now,
        )

    assert post.query("SELECT count(*) FROM mailings") == [0]


def test_a_key_that_is_refused_keeps_a_note_until_a_person_acts(
    post: Post, notifier: Notifier
) -> None:
    tell(notifier, post)

    post.sender(ScriptedProvider(unauthorized)).step()

    assert post.counts(note(post))["pending"] == 1
