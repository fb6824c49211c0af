"""Envelopes per second: `python benchmarks/personalize.py [--quick] [--json] [--rounds N]`.

Ours is what a worker does between the ledger and the provider's call: both tokens and
the sentence of each recipient, then the fill. The naive way renders, inlines and
builds every message anew. The bare join glues ready pieces to the same bytes: no
program in Python puts an envelope together faster.
"""

import email.policy
import html
import json
import re
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from report import Report, Row, medians, parser, tell

from mailer.adapters.renderer import plain
from mailer.adapters.renderer.folding import folded
from mailer.adapters.renderer.inline import inline
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.press import Press
from mailer.adapters.renderer.sample import Sample, read_sample
from mailer.adapters.renderer.view import view
from mailer.core import envelope, lists
from mailer.core.envelope import Frame, Letter, Recipient, json_html, json_inner, pieces
from mailer.core.mime import MimeForm, quoted_piece
from mailer.core.tokens import Keyring, Purpose
from mailer.pipeline.letters import recipients
from mailer.ports import Addressee

TEMPLATES = Path(__file__).parent.parent / "templates"
BASE_URL = "https://mail.example.org"
SENT_AT = datetime(2019, 10, 7, 15, 0, tzinfo=UTC)
LIST_NUMBER = 1
BATCH = 500  # recipients per batch, as the outbox takes them
SHOWN = 35
HEADERS = (
    ("List-Id", "<weekly.example.org>"),
    ("Auto-Submitted", "auto-generated"),
    ("Feedback-ID", "2019-10-07:weekly:digest:example-org"),
)

Batch = Sequence[Addressee]
T = TypeVar("T")


def people(sample: Sample, numbers: Iterable[int], *, new: bool = False) -> Batch:
    """Return readers who agreed over two years, from the sample's real sponsors.

    With `new`, each is from an organization that nobody has heard of before.
    """
    names = sorted({s.name for i in sample.digest.upcoming for s in i.facts.sponsors})
    return [
        Addressee(
            subscriber_id=number,
            uid=secrets.token_bytes(16),
            address=f"reader{number}@organization{number % 997}.example.org",
            organization=names[number % len(names)] + (f" {number}" if new else ""),
            consented_on=date(2017, 10, 7) + timedelta(days=number % 727),
        )
        for number in numbers
    ]


class Ours:
    """The product's own way: a variant composed once, then filled batch by batch."""

    def __init__(self, sample: Sample, keyring: Keyring) -> None:
        self._renderer = MailRenderer(TEMPLATES, sample.brand, BASE_URL)
        self._keyring = keyring
        nonce = secrets.token_hex(8)
        rendered = self._renderer.digest(
            sample.digest,
            mailing_list=lists.parse({"title": "Weekly"}, file="-", slug="weekly"),
            shown=SHOWN,
            slots=envelope.markers(nonce),
        )
        self.letter = Letter(
            mailing_key=secrets.token_bytes(16),
            sender_name=sample.brand.name,
            sender_address="actions@example.org",
            reply_to=None,
            subject=rendered.subject,
            html=envelope.cut(rendered.html, nonce, expected=("leave", "reason_html")),
            text=envelope.cut(rendered.text, nonce, expected=("leave", "reason_text")),
            leave_prefix=f"{BASE_URL}/u/",
            domain="example.org",
            headers=HEADERS,
        )
        self.preheader = rendered.preheader

    def recipients(self, batch: Batch) -> Sequence[Recipient]:
        """Make the tokens and the sentence of each, as a worker does."""
        return recipients(
            batch,
            language="en",
            list_number=LIST_NUMBER,
            keyring=self._keyring,
            renderer=self._renderer,
        )

    def mime(self, batch: Batch) -> Iterator[bytes]:
        """Make and fill whole messages."""
        return self.mime_for(self.recipients(batch))

    def mime_for(self, recipients: Sequence[Recipient]) -> Iterator[bytes]:
        """Fill whole messages."""
        return map(MimeForm(self.letter, SENT_AT).fill, recipients)

    def html(self, batch: Batch) -> Iterator[bytes]:
        """Make and fill the HTML alone, as it stands inside a provider's JSON."""
        return self.html_for(self.recipients(batch))

    def html_for(self, recipients: Sequence[Recipient]) -> Iterator[bytes]:
        """Fill the HTML alone."""
        frame = Frame(pieces(self.letter.html, json_inner))
        for recipient in recipients:
            yield frame.fill(
                {
                    "leave": recipient.leave.encode(),
                    "preferences": recipient.preferences.encode(),
                    "reason_html": json_html(recipient.reason),
                }
            )


class Naive:
    """The usual way: a template, an inliner and a MIME builder for every recipient.

    It is spared what a careful program would do once: laying the actions out, the
    subject, the headline and the preheader.
    """

    def __init__(
        self, sample: Sample, keyring: Keyring, letter: Letter, preheader: str
    ) -> None:
        self._keyring = keyring
        self._letter = letter
        self._press = Press(TEMPLATES, sample.brand, BASE_URL)
        self._words: dict[str, Any] = {
            **self._press.shared("en"),
            "view": view(
                sample.digest, brand=sample.brand, base_url=BASE_URL, shown=SHOWN
            ),
            "leave_url": "",
            "preferences_url": "",
        }
        headline = self._text("email/digest/headline.txt", self._words).splitlines()
        self._words |= {
            "headline": [line for line in map(str.strip, headline) if line],
            "title": letter.subject,
            "preheader": preheader,
        }

    def _text(self, template: str, words: dict[str, Any]) -> str:
        return self._press.text(template, "en", words)

    def _own(self, person: Addressee) -> tuple[str, dict[str, Any]]:
        leave = self._keyring.sign(Purpose.LEAVE, person.uid, LIST_NUMBER)
        about = {
            "organization": person.organization,
            "consented_on": person.consented_on,
        }
        preferences = self._keyring.sign(Purpose.PREFERENCES, person.uid, LIST_NUMBER)
        return leave, self._words | {
            "leave_url": f"{BASE_URL}/u/{leave}",
            "preferences_url": f"{BASE_URL}/p/{preferences}",
            "reason": self._text("email/_design/reason.txt", about).strip(),
        }

    def _html(self, words: dict[str, Any]) -> str:
        return folded(
            inline(self._press.passage("email/digest/body.html", "en", words))
        )

    def html(self, batch: Batch) -> Iterator[str]:
        """Render and inline."""
        for person in batch:
            yield self._html(self._own(person)[1])

    def mime(self, batch: Batch) -> Iterator[bytes]:
        """Render both parts, inline, and build the message."""
        letter = self._letter
        for person in batch:
            leave, words = self._own(person)
            message = EmailMessage()
            message["From"] = Address(
                letter.sender_name, addr_spec=letter.sender_address
            )
            message["Subject"] = letter.subject
            message["Date"] = SENT_AT
            for name, value in letter.headers:
                message[name] = value
            message["To"] = person.address
            message["Message-ID"] = f"<{letter.message_id(person.uid)}>"
            message["List-Unsubscribe"] = f"<{letter.leave_prefix}{leave}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            text = self._text("email/digest/body.txt", words)
            message.set_content(plain.tidied(text))
            message.add_alternative(self._html(words), subtype="html")
            yield message.as_bytes()


def taken_apart(
    made: Iterable[bytes], recipients: Iterable[Recipient], letter: Letter
) -> Iterator[list[bytes]]:
    """Cut envelopes where recipients differ; equal pieces are one object."""
    known: dict[bytes, bytes] = {}
    for whole, recipient in zip(made, recipients, strict=True):
        own = (
            recipient.leave.encode(),
            recipient.preferences.encode(),
            recipient.address.encode(),
            letter.message_id(recipient.uid).encode(),
            json_html(recipient.reason),
            quoted_piece(html.escape(recipient.reason)),
            quoted_piece(recipient.reason),
        )
        cuts = re.split(b"(" + b"|".join(map(re.escape, own)) + b")", whole)
        yield [known.setdefault(piece, piece) for piece in cuts]


def check(ours: Ours, naive: Naive, batch: Batch) -> None:
    """Refuse to compare ways that do not say the same, once decoded."""
    for fast, slow in zip(ours.mime(batch), naive.mime(batch), strict=True):
        if _decoded(fast) != _decoded(slow):
            raise SystemExit("personalize: the two ways disagree about a message")
    for inner, page in zip(ours.html(batch), naive.html(batch), strict=True):
        if _on_one_line(json.loads(b'"' + inner + b'"')) != _on_one_line(page):
            raise SystemExit("personalize: the two ways disagree about a page")


def _decoded(raw: bytes) -> tuple[dict[str, str], list[str]]:
    message = message_from_bytes(raw, policy=email.policy.default)
    parts = [part for part in message.walk() if not part.is_multipart()]
    headers = {name.lower(): str(value) for name, value in message.items()}
    del headers["content-type"]  # names the boundary
    return headers, [_on_one_line(part.get_content()) for part in parts]


def _on_one_line(words: str) -> str:
    """Undo line breaks: HTML is folded before it is filled, or after."""
    return " ".join(words.split())


def drained(made: Iterable[object]) -> None:
    """Make each and drop it at once, as one who hands it on does."""
    deque(made, maxlen=0)


def in_batches(
    way: Callable[[Sequence[T]], Iterable[object]], everybody: Sequence[T]
) -> int:
    """Make everybody's envelopes; return how many."""
    for start in range(0, len(everybody), BATCH):
        drained(way(everybody[start : start + BATCH]))
    return len(everybody)


def joined(ready: Sequence[list[bytes]]) -> int:
    """Join the ready pieces of all; return how many."""
    drained(map(b"".join, ready))
    return len(ready)


def measure(*, rounds: int, many: int, few: int) -> tuple[dict[str, float], int]:
    """Return seconds of CPU time per envelope by case, and the octets of one."""
    sample = read_sample(TEMPLATES / "email" / "digest" / "sample.json")
    keyring = Keyring({1: secrets.token_bytes(32)})
    ours = Ours(sample, keyring)
    naive = Naive(sample, keyring, ours.letter, ours.preheader)
    everybody = people(sample, range(many))
    check(ours, naive, everybody[:3])
    numbers = count()
    strangers = [
        people(sample, (next(numbers) for _ in range(many)), new=True)
        for _ in range(rounds + 1)
    ]
    everyone = ours.recipients(everybody)
    mime, rich = (
        list(taken_apart(way(everybody), everyone, ours.letter))
        for way in (ours.mime, ours.html)
    )
    cost = medians(
        {
            "mime": lambda: in_batches(ours.mime, everybody),
            "mime fill": lambda: in_batches(ours.mime_for, everyone),
            "mime new": lambda: in_batches(ours.mime, strangers.pop()),
            "mime bare": lambda: joined(mime),
            "mime naive": lambda: in_batches(naive.mime, everybody[:few]),
            "html": lambda: in_batches(ours.html, everybody),
            "html fill": lambda: in_batches(ours.html_for, everyone),
            "html bare": lambda: joined(rich),
            "html naive": lambda: in_batches(naive.html, everybody[:few]),
        },
        rounds=rounds,
    )
    return cost, len(b"".join(mime[0]))


CASES = (
    ("HTML alone", "html", "html naive", "Jinja2 + premailer"),
    ("HTML alone", "html", "html bare", "bare join of the same bytes"),
    ("HTML alone, the fill", "html fill", "html bare", "bare join of the same bytes"),
    (
        "full message",
        "mime",
        "mime naive",
        "Jinja2 + premailer + text template + EmailMessage",
    ),
    ("full message", "mime", "mime bare", "bare join of the same bytes"),
    ("full message, the fill", "mime fill", "mime bare", "bare join of the same bytes"),
    (
        "full message, organization new to the worker",
        "mime new",
        "mime naive",
        "Jinja2 + premailer + text template + EmailMessage",
    ),
)


def main() -> None:
    """Measure and report."""
    asked = parser(__doc__)
    asked.add_argument("--rounds", type=int, help="how often, 15 if not said")
    asked.add_argument("--envelopes", type=int, help="of ours each time, else 5,000")
    options = asked.parse_args()
    tell("personalize: rendering, inlining and filling, round by round")
    size = (5, 2_000, 6) if options.quick else (15, 5_000, 20)
    rounds, many = options.rounds or size[0], options.envelopes or size[1]
    few = size[2]
    cost, octets = measure(rounds=rounds, many=many, few=few)
    Report(
        name="personalize",
        unit="envelopes per second of one core",
        rows=tuple(
            Row(
                case=case,
                ours=1 / cost[fast],
                baseline=1 / cost[slow],
                baseline_name=name,
            )
            for case, fast, slow, name in CASES
        ),
        notes=(
            (
                f"A full message has {octets:,} octets. Medians of {rounds} rounds in which"
                f" the ways take turns: CPU time for {many:,} envelopes of ours and of the"
                f" join, {few} of the naive way. Garbage is collected before each turn,"
                " outside the clock, and the collector stays on. Ours counts both tokens,"
                f" the sentence and, once per {BATCH}, encoding the letter; the fill has tokens"
                " and sentence at hand."
            ),
        ),
    ).print(as_json=options.json)


if __name__ == "__main__":
    main()
