"""What is said to one person: composed, named, and put where the senders find it.

A note's name makes it unique: whoever asks twice for the same note sends one.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.core import envelope
from mailer.core.lists import MailingList
from mailer.core.notices import Confirmation, Note
from mailer.core.routes import Route
from mailer.core.tokens import Link, Purpose
from mailer.ports import Composed, NoteRenderer, Notes, Rendered

# Where the links of notes lead, beneath the base URL.
_PAGES = {
    Purpose.PREFERENCES: "p",
    Purpose.LEAVE: "u",
    Purpose.CONFIRM: "c",
    Purpose.HOST: "h",
    Purpose.PROPOSE: "h",
    Purpose.INTRODUCE: "i",
    Purpose.INVITE: "console/set-up",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """Writes letters to one person at a time."""

    notes: Notes
    renderer: NoteRenderer
    secret: bytes  # makes the slots' markers unforgeable
    base_url: str  # without a slash at the end
    route_of: Callable[[MailingList], Route]

    def tell(
        self,
        note: Note,
        *,
        to: bytes,
        name: str,
        mailing_list: MailingList,
        list_number: int,
        link: Link | None,
        at: datetime,
    ) -> bool:
        """Send a note whose button leads to a page of theirs; False: it was sent before.

        It goes out under the name of a list. Raises TemplateError, NotFoundError.
        """
        slots = self._markers(name)
        if note.occurrence is not None:
            note = replace(note, occurrence=note.occurrence.seen_from(at.date()))
        if link is None or link.purpose is Purpose.CONSOLE:
            rendered = self.renderer.note(note, slots={})
        else:
            marker = slots["leave" if link.purpose is Purpose.LEAVE else "preferences"]
            url = f"{self.base_url}/{_PAGES[link.purpose]}/{marker}"
            note = replace(note, url=url)
            rendered = self.renderer.note(note, slots={"page": marker})
        composed = self._composed(rendered, note.language, name)
        route = self.route_of(mailing_list)
        return self.notes.post(
            composed,
            to=to,
            name=name,
            list_number=list_number,
            link=link,
            route=route,
            at=at,
        )

    def ask(
        self,
        confirmation: Confirmation,
        *,
        to: bytes,
        name: str,
        mailing_list: MailingList,
        list_number: int,
        number: int,
        at: datetime,
    ) -> bool:
        """Ask whether an address is its owner's; False: that was asked before.

        `number` is the request's. Also who complained or was erased is asked.
        """
        slots = self._markers(name)
        rendered = self.renderer.confirmation(
            confirmation,
            mailing_list=mailing_list,
            slots={
                "confirm": slots["preferences"],
                "address_html": slots["reason_html"],
                "address_text": slots["reason_text"],
            },
        )
        return self.notes.post(
            self._composed(rendered, confirmation.language, name),
            to=to,
            name=name,
            list_number=list_number,
            link=Link(Purpose.CONFIRM, number),
            returning=True,
            route=self.route_of(mailing_list),
            at=at,
        )

    def _composed(self, rendered: Rendered, language: str, name: str) -> Composed:
        nonce = self._nonce(name)
        return Composed(
            content_hash=hashlib.sha256(rendered.html.encode()).digest(),
            language=language,
            place=None,
            subject=rendered.subject,
            preheader=rendered.preheader,
            html=envelope.cut(rendered.html, nonce, expected=()),
            text=envelope.cut(rendered.text, nonce, expected=()),
            items=(),
        )

    def _markers(self, name: str) -> Mapping[str, str]:
        return envelope.markers(self._nonce(name))

    def _nonce(self, name: str) -> str:
        return hmac.digest(self.secret, f"note {name}".encode(), "sha256").hex()[:16]
