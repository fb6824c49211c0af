"""Telling those who were mailed a wrong version of an action, and nobody else.

A coordinator decides it, once for each version; nothing here runs by itself.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from mailer.core import envelope
from mailer.core.digest import Item, ItemKind
from mailer.core.errors import NotFoundError
from mailer.core.lists import MailingList
from mailer.core.notices import Correction
from mailer.core.routes import Route
from mailer.core.saying import says
from mailer.ports import (
    Carriage,
    Composed,
    CorrectionRenderer,
    Corrections,
    Wrong,
)

_EXPECTED_HTML = ("leave", "preferences", "reason_html")
_EXPECTED_TEXT = ("leave", "preferences", "reason_text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrector:
    """Writes corrections by the project's templates."""

    corrections: Corrections
    renderer: CorrectionRenderer
    lists: Mapping[str, MailingList]  # by slug
    secret: bytes  # makes the slots' markers unforgeable
    route_of: Callable[[MailingList], Route]
    batch_size: Callable[[MailingList], int]
    domains: Mapping[str, int] = field(default_factory=dict)  # batch sizes of the paced

    def wrong(self, at: datetime, public_id: str | None = None) -> Sequence[Wrong]:
        """Return who was mailed what is not right any more."""
        return self.corrections.wrong(at, public_id)

    def preview(self, wrong: Sequence[Wrong], *, our_mistake: bool = False) -> None:
        """Write every letter and keep none; raises TemplateError."""
        for each in wrong:
            self._list_of(each)
            for language in each.readers:
                self.letter(each, language, our_mistake=our_mistake)

    def send(
        self,
        wrong: Sequence[Wrong],
        *,
        at: datetime,
        our_mistake: bool = False,
        by: str = "cli",
    ) -> Sequence[int]:
        """Put the letters on their way; returns the mailings.

        They apologize only for a mistake of ours: most plans change after the mail.
        Raises RefusedError, NotFoundError where a list is gone, and TemplateError.
        """
        letter = partial(self.letter, our_mistake=our_mistake)
        return self.corrections.send(wrong, letter, self._carriage, at=at, by=by)

    def letter(
        self, wrong: Wrong, language: str, *, our_mistake: bool = False
    ) -> Composed:
        """Write the letter to the readers of one mail in one language."""
        nonce = self._nonce(wrong, language)
        rendered = self.renderer.correction(
            self.correction(wrong, language, our_mistake=our_mistake),
            slots=envelope.markers(nonce),
        )
        return Composed(
            content_hash=hashlib.sha256(rendered.html.encode()).digest(),
            language=language,
            place=None,
            subject=rendered.subject,
            preheader=rendered.preheader,
            html=envelope.cut(rendered.html, nonce, expected=_EXPECTED_HTML),
            text=envelope.cut(rendered.text, nonce, expected=_EXPECTED_TEXT),
            items=(),  # the store adds what these readers know
        )

    def correction(
        self, wrong: Wrong, language: str, *, our_mistake: bool = False
    ) -> Correction:
        """Return what the letter says, in no words yet."""
        action = wrong.action
        off = action.facts.status.is_off
        item = Item(
            action_id=action.id,
            public_id=action.public_id,
            version=action.version,
            kind=ItemKind.CANCELLED if off else ItemKind.CHANGED,
            facts=action.facts.public,
            before=wrong.before.public,
        )
        cadence = self._list_of(wrong).cadence
        zone = cadence.zone if cadence else None
        return Correction(
            language=language,
            list_slug=wrong.list_slug,
            edition=wrong.edition,
            sent_on=wrong.sent_at.astimezone(zone).date()
            if zone
            else wrong.sent_at.date(),
            items=(item,),
            our_mistake=our_mistake,
        )

    def _carriage(self, wrong: Wrong) -> Carriage:
        mailing_list = self._list_of(wrong)
        size, pace = self.batch_size(mailing_list), mailing_list.pace
        return Carriage(
            route=self.route_of(mailing_list),
            batch_size=min(size, pace.together) if pace else size,
            domains=self.domains,
        )

    def _list_of(self, wrong: Wrong) -> MailingList:
        if wrong.list_slug not in self.lists:
            raise NotFoundError(
                says(
                    "lists/%(list)s.toml is gone, under whose name its readers were"
                    " mailed; bring it back, and nobody else is written to",
                    list=wrong.list_slug,
                )
            )
        return self.lists[wrong.list_slug]

    def _nonce(self, wrong: Wrong, language: str) -> str:
        action = wrong.action
        name = f"correction {action.id} {action.version} {wrong.knows} {language}"
        return hmac.digest(self.secret, name.encode(), "sha256").hex()[:16]
