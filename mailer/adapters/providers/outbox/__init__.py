"""The local outbox: mail as files, to be looked at instead of sent.

A mailing is a folder. Each message is an `.eml` file and an `.html` page to view it,
both named by a hash of the batch's key and the recipient's random id: a replay
overwrites, and no file name holds an address. Each batch also leaves a note of what
it wrote; the pages to browse are made from those notes, at `close`.
"""

import hashlib
import json
from pathlib import Path

from mailer.adapters.providers.options import Setup
from mailer.adapters.providers.outbox.files import NOTES, place
from mailer.adapters.providers.outbox.pages import refresh
from mailer.adapters.providers.outbox.view import View
from mailer.core.errors import InputError, MailerError
from mailer.core.mime import MimeForm
from mailer.ports import (
    Accepted,
    Answered,
    Capabilities,
    Deferred,
    NotTaken,
    Outcome,
    Outgoing,
    Refused,
    Result,
)

YEAR = 365 * 86_400.0


class Outbox:
    """Writes messages into a folder; safe from many threads and processes at once."""

    # The same batch always lands in the same files, so its key never wears out.
    capabilities = Capabilities(max_batch=500, idempotency_ttl=YEAR)

    def __init__(self, *, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self._touched: set[str] = set()

    @classmethod
    def configured(cls, setup: Setup) -> "Outbox":
        """Read the option folder, "outbox" unless said otherwise."""
        folder = setup.options.text("folder") or "outbox"
        return cls(name=setup.name, folder=setup.folder / folder)

    def send(self, outgoing: Outgoing) -> Outcome:
        """Write every message, then the note that lists them.

        Raises InputError if the letter itself cannot be sent to anybody.
        """
        mailing = _hash(outgoing.letter.mailing_key)
        batch = _Batch(outgoing, self.folder / mailing)
        try:
            batch.prepare()
            self._touched.add(mailing)
            while batch.unfinished:
                batch.write_next()
            batch.write_note()
        except OSError as error:
            detail = f"cannot write to {self.folder}: {error.strerror}"
            return batch.cut_short(detail)
        return Answered(results=batch.results)

    def close(self) -> None:
        """Write the pages to browse: `index.html`, and one folder per mailing.

        Raises MailerError if they cannot be written; the messages are there.
        """
        touched, self._touched = self._touched, set()
        if not touched:
            return
        try:
            refresh(self.folder, touched)
        except OSError as error:
            raise MailerError(
                f"{self.folder}: the outbox's pages cannot be written:"
                f" {error.strerror}; the messages themselves are there"
            ) from error


class _Batch:
    """One batch on its way into its mailing's folder."""

    def __init__(self, outgoing: Outgoing, folder: Path) -> None:
        self._outgoing = outgoing
        self._folder = folder
        self._form = MimeForm(outgoing.letter, outgoing.date)
        self._view = View(outgoing.letter, outgoing.date)
        self._rows: list[tuple[str, str, int]] = []
        self.results: list[Result] = []

    @property
    def unfinished(self) -> bool:
        return len(self.results) < len(self._outgoing.recipients)

    def prepare(self) -> None:
        (self._folder / NOTES).mkdir(parents=True, exist_ok=True)

    def write_next(self) -> None:
        recipient = self._outgoing.recipients[len(self.results)]
        try:
            message = self._form.fill(recipient)
        except InputError as error:
            self.results.append(Refused(code="invalid-address", detail=str(error)))
            return
        name = _hash(self._outgoing.key.encode() + b"\0" + recipient.uid)
        # The message last: where there is one, its view is there too.
        place(f"{self._folder}/{name}.html", self._view.fill(recipient, name))
        place(f"{self._folder}/{name}.eml", message)
        self._rows.append((name, recipient.address, len(message)))
        identifier = self._outgoing.letter.message_id(recipient.uid)
        self.results.append(Accepted(provider_id=identifier))

    def write_note(self) -> None:
        letter = self._outgoing.letter
        note = {
            "title": _list_name(dict(letter.headers).get("List-Id", "")),
            "sender": letter.sender_name,
            "subject": letter.subject,
            "date": self._outgoing.date.isoformat(),
            "messages": self._rows,
        }
        path = self._folder / NOTES / f"{_hash(self._outgoing.key.encode())}.json"
        place(str(path), json.dumps(note, ensure_ascii=False).encode())

    def cut_short(self, detail: str) -> Outcome:
        if not any(isinstance(result, Accepted) for result in self.results):
            return NotTaken(detail=detail, stop=True)
        missing = len(self._outgoing.recipients) - len(self.results)
        rest: list[Result] = [Deferred(detail=detail)] * missing
        return Answered(results=[*self.results, *rest])


def _hash(raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=12).hexdigest()


def _list_name(list_id: str) -> str:
    """Return a list's words, or what its identifier begins with (RFC 2919 §3)."""
    words, _, identifier = list_id.partition("<")
    return words.strip() or identifier.partition(".")[0].strip(" >")
