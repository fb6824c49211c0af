"""The quick way against the slow one: a join of bytes must say what a whole
template, inliner and MIME builder per recipient would have said."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage, MIMEPart
from pathlib import Path

import pytest
from lxml import html

from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import read_sample
from mailer.core import envelope, lists
from mailer.core.envelope import Letter, Recipient
from mailer.core.mime import MimeForm
from mailer.core.tokens import Keyring, Purpose

TEMPLATES = Path(__file__).parents[2] / "templates"
WEEKLY = lists.parse({"title": "Weekly"}, file="weekly.toml", slug="weekly")
SAMPLE = read_sample(TEMPLATES / "email" / "digest" / "sample.json")
BASE = "https://mail.example.org"
MAIL = MailRenderer(TEMPLATES, SAMPLE.brand, BASE)
KEYS = Keyring({1: b"k" * 32})
SENT = datetime(2019, 10, 7, 15, 0, tzinfo=UTC)
ORGANIZATIONS = ["Unión del Barrio", 'Quotes "&" <angles>', "{{ 7*7 }}", "عربى", None]


def recipient(number: int, language: str) -> Recipient:
    uid = bytes([number]) * 16
    return Recipient(
        uid=uid,
        address=f"reader{number}@example.org",
        leave=KEYS.sign(Purpose.LEAVE, uid, 1),
        preferences=KEYS.sign(Purpose.PREFERENCES, uid, 1),
        reason=MAIL.reason(language, ORGANIZATIONS[number], SENT.date()),
    )


def letter(language: str) -> Letter:
    nonce = "5ec2e7a1b2"
    rendered = MAIL.digest(
        SAMPLE.in_language(language),
        mailing_list=WEEKLY,
        shown=35,
        slots=envelope.markers(nonce),
    )
    return Letter(
        mailing_key=b"m" * 16,
        sender_name="Coalición «Sin Fronteras»",
        sender_address="actions@example.org",
        reply_to="organizers@example.org",
        subject=rendered.subject,
        html=envelope.cut(rendered.html, nonce, expected=["leave", "reason_html"]),
        text=envelope.cut(rendered.text, nonce, expected=["leave", "reason_text"]),
        leave_prefix=f"{BASE}/u/",
        domain="example.org",
        headers=(("List-Id", "<weekly.example.org>"),),
    )


def slowly(language: str, reader: Recipient, quick: Letter) -> EmailMessage:
    """Render, inline and build the message for this one recipient."""
    rendered = MAIL.digest(
        SAMPLE.in_language(language),
        mailing_list=WEEKLY,
        shown=35,
        slots={
            "leave": reader.leave,
            "preferences": reader.preferences,
            "reason_html": reader.reason,  # escaped by the template, as all words are
            "reason_text": reader.reason,
        },
    )
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = email.headerregistry.Address(  # type: ignore[attr-defined]
        quick.sender_name, addr_spec=quick.sender_address
    )
    message["Reply-To"] = "organizers@example.org"
    message["To"] = reader.address
    message["Subject"] = rendered.subject
    message["Date"] = SENT
    message["Message-ID"] = f"<{quick.message_id(reader.uid)}>"
    message["List-Id"] = "<weekly.example.org>"
    message["List-Unsubscribe"] = f"<{BASE}/u/{reader.leave}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    return message


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("number", range(len(ORGANIZATIONS)))
def test_the_join_of_bytes_says_what_the_slow_way_says(
    language: str, number: int
) -> None:
    quick = letter(language)
    reader = recipient(number, language)
    ours = email.message_from_bytes(
        MimeForm(quick, SENT).fill(reader), policy=email.policy.default
    )
    oracle = email.message_from_bytes(
        slowly(language, reader, quick).as_bytes(), policy=email.policy.default
    )

    names = {name.lower() for name in oracle.keys()} - {"content-type"}  # noqa: SIM118
    assert {name: str(ours[name]) for name in names} == {
        name: str(oracle[name]) for name in names
    }
    for kind in ("plain", "html"):
        said, meant = ours.get_body((kind,)), oracle.get_body((kind,))
        assert said is not None
        assert meant is not None
        assert words(said) == words(meant)
    assert not any(part.defects for part in ours.walk())


def words(part: MIMEPart) -> str:
    """Return the decoded part; HTML as it parses: a quote may be written in two ways.

    Its long lines are folded before they are filled, or after: at other spaces.
    """
    content: str = part.get_content().replace("\r\n", "\n").rstrip("\n")
    if part.get_content_subtype() == "html":
        parsed: str = html.tostring(
            html.document_fromstring(content), encoding="unicode"
        )
        return " ".join(parsed.split())
    return content
