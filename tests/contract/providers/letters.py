"""Letters and recipients for the provider suites."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mailer.core.envelope import Letter, Recipient, Segments
from mailer.core.tokens import Keyring, Purpose
from mailer.ports import Outgoing

_OPENING = """<html><head><title>¡Hoy!</title></head><body><p>Línea
.un punto</p><a href="https://mail.example.org/u/"""
DATE = datetime(2019, 10, 7, 15, 0, tzinfo=UTC)
SITE = "https://mail.example.org"
_keyring = Keyring({1: b"a secret of thirty-two bytes....."})


def letter(**changes: Any) -> Letter:
    plain = Letter(
        mailing_key=b"one mailing's key",
        sender_name='Coalición <Ñandú>, sección "A"',
        sender_address="digest@example.org",
        reply_to="people@example.org",
        subject="24 acciones. Dos en San Diego — mañana",
        html=Segments(
            (
                _OPENING,
                '">Leave</a> <a href="https://mail.example.org/p/',
                '">Prefer</a> <p>',
                "</p></body></html>\n",
            ),
            ("leave", "preferences", "reason_html"),
        ),
        text=Segments(
            (
                "¡Hoy!\n.un punto al principio\n"
                + "Palabras largas. " * 20
                + "\nhttps://mail.example.org/u/",
                "\nhttps://mail.example.org/p/",
                "\n",
                "\n",
            ),
            ("leave", "preferences", "reason_text"),
        ),
        leave_prefix=f"{SITE}/u/",
        domain="example.org",
        headers=(
            ("List-Id", "Semanario de la coalición <weekly.example.org>"),
            ("Feedback-ID", "20191007:weekly:coalition:mailer"),
        ),
    )
    return replace(plain, **changes)


def recipient(number: int, **changes: Any) -> Recipient:
    uid = hashlib.blake2b(str(number).encode(), digest_size=16).digest()
    plain = Recipient(
        uid=uid,
        address=f"reader{number}@example.net",
        leave=_keyring.sign(Purpose.LEAVE, uid, 1),
        preferences=_keyring.sign(Purpose.PREFERENCES, uid, 1),
        reason=f"You get this because Unión & Fe #{number % 3} <endorsed>.",
    )
    return plain._replace(**changes)


def outgoing(*recipients: Recipient, **changes: Any) -> Outgoing:
    plain = Outgoing(
        key="6f1c2a52-0000-5000-8000-000000000001",
        date=DATE,
        letter=letter(),
        recipients=recipients or (recipient(0),),
    )
    return replace(plain, **changes)
