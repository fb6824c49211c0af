"""When a seat's mail bounces for good, its colleagues are asked, once."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_string
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import delete

from mailer.adapters.database.engine import Database
from mailer.adapters.database.notes import SqlNotes
from mailer.adapters.database.schema import suppressions
from mailer.adapters.database.seating import SqlSeats
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.specimens import specimens
from mailer.pipeline.notify import Notifier
from mailer.pipeline.vacant import Usher
from tests.contract.post import SECRET, WEEKLY, Post
from tests.factories import contact
from tests.fakes.provider import ScriptedProvider

TEMPLATES = Path(__file__).parents[2] / "templates"
AFT = "AFT 1931"


@pytest.fixture
def post(database: Database) -> Post:
    """Readers 1 to 3 sit at one organization, 4 elsewhere; 3 waits to confirm."""
    made = Post(database)
    made.enlist(contact(1, organization=AFT), contact(2, organization=AFT))
    made.enlist(contact(3, organization=AFT, consent_basis=None, consent_at=None))
    made.enlist(contact(4))
    return made


@pytest.fixture(scope="module")
def renderer() -> MailRenderer:
    brand = specimens(TEMPLATES)["digest"].sample.brand
    return MailRenderer(TEMPLATES, brand, "https://mail.example.org")


@pytest.fixture
def usher(post: Post, renderer: MailRenderer) -> Usher:
    return Usher(
        seats=SqlSeats(post.database),
        notifier=Notifier(
            notes=SqlNotes(post.database, SECRET),
            renderer=renderer,
            secret=SECRET,
            base_url="https://mail.example.org",
            route_of=lambda _list: post.route,
        ),
        lists=lambda: {post.number: WEEKLY},
        languages=("en", "es"),
        clock=lambda: post.now,
        trouble=pytest.fail,
    )


def sent(post: Post) -> dict[str, str]:
    """Send what waits; returns the messages by whom they are to."""
    provider = ScriptedProvider()
    sender = post.sender(provider)
    while sender.step() is not None:
        pass
    return {to: raw.decode() for to, raw in provider.messages.items()}


def test_the_other_seats_that_may_be_mailed_are_asked_once(
    post: Post, usher: Usher
) -> None:
    post.people.suppress(["reader1@example.org"], reason="bounced", at=post.now)

    assert usher.ask() == 1
    assert usher.ask() == 0

    messages = sent(post)
    assert set(messages) == {"reader2@example.org"}
    (words,) = messages.values()
    assert AFT in words
    assert "reader1" not in words
    assert "sign up" not in words  # no list takes who does so by themselves


def test_the_letter_says_where_somebody_new_can_sign_up(
    post: Post, usher: Usher
) -> None:
    post.people.suppress(["reader1@example.org"], reason="bounced", at=post.now)
    lists = {post.number: replace(WEEKLY, sign_up=True)}

    replace(usher, lists=lambda: lists).ask()

    (raw,) = sent(post).values()
    body = message_from_string(raw, policy=default).get_body(("plain",))
    assert body
    words = " ".join(body.get_content().split())
    assert "they can sign up at mail.example.org/subscribe" in words


def test_whoever_came_back_and_bounces_anew_is_asked_about_anew(
    post: Post, usher: Usher
) -> None:
    who = "reader1@example.org"
    post.people.suppress([who], reason="bounced", at=post.now)
    assert usher.ask() == 1
    with post.database.writing() as connection:
        connection.execute(delete(suppressions))
    post.now += timedelta(days=30)
    post.people.suppress([who], reason="bounced", at=post.now)

    assert usher.ask() == 1
    assert usher.ask() == 0
    assert set(sent(post)) == {"reader2@example.org"}


@pytest.mark.parametrize("reason", ["complained", "manual", "unreachable", "erased"])
def test_only_what_bounced_for_good_is_told(
    reason: str, post: Post, usher: Usher
) -> None:
    post.people.suppress(["reader1@example.org"], reason=reason, at=post.now)

    assert usher.ask() == 0


def test_what_bounced_long_ago_is_no_news(post: Post, usher: Usher) -> None:
    before = post.now - timedelta(days=4)
    post.people.suppress(["reader1@example.org"], reason="bounced", at=before)

    assert usher.ask() == 0


def test_whoever_sits_alone_is_nobodys_to_ask(post: Post, usher: Usher) -> None:
    post.people.suppress(["reader4@example.org"], reason="bounced", at=post.now)

    assert usher.ask() == 0
    assert sent(post) == {}
