"""Audience → groups → variants → deliveries: the cost grows with the variants.

Every group of readers who are alike in language, place, scope and last edition gets
one digest; equal digests are one variant, rendered once. Then one statement makes the
deliveries of everybody.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime

from mailer.core import assembly, changes, envelope, headers, scope
from mailer.core.audience import Group
from mailer.core.digest import KNOWN, Digest
from mailer.core.errors import InputError, TemplateError
from mailer.core.limits import HTML_LIMIT
from mailer.core.lists import MailingList
from mailer.core.model import Action, Facts, Place
from mailer.core.routes import Route
from mailer.ports import ActionStore, Composed, Ledger, Mailing, Rendered, Renderer

SHOWN = 35  # upcoming actions in full, nearest first; the rest is a line and a link
_EXPECTED_HTML = ("leave", "preferences", "reason_html")
_EXPECTED_TEXT = ("leave", "preferences", "reason_text")

Progress = Callable[[int, int], None]
_Told = tuple[int, int, str]  # action id, version, kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What composing a mailing came to."""

    variants: Sequence[Composed]
    assignment: Mapping[Group, bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Composes mailings with the project's templates."""

    ledger: Ledger
    actions: ActionStore
    renderer: Renderer
    secret: bytes  # makes the slots' markers unforgeable
    route_of: Callable[[MailingList], Route]
    batch_size: Callable[[MailingList], int]  # that everybody on its route takes
    domains: Mapping[str, int] = field(default_factory=dict)  # batch sizes of the paced

    def compose(
        self,
        mailing: Mailing,
        mailing_list: MailingList,
        *,
        at: datetime,
        progress: Progress = lambda _done, _total: None,
    ) -> Composition:
        """Render what is needed and make the deliveries, all or none.

        Readers who appear while this renders are composed for in another round.
        """
        together = self._together(mailing_list)  # first: its providers may be at fault
        workshop = Workshop(self, mailing, mailing_list)
        groups = self.ledger.groups(mailing)
        while True:
            workshop.take(groups, progress)
            groups = self.ledger.address(
                mailing,
                workshop.variants,
                workshop.assignment,
                batch_size=together,
                domains=self.domains,
                route=self.route_of(mailing_list),
                at=at,
            )
            if not groups:
                return Composition(
                    variants=workshop.variants, assignment=workshop.assignment
                )

    def _together(self, mailing_list: MailingList) -> int:
        size, pace = self.batch_size(mailing_list), mailing_list.pace
        return min(size, pace.together) if pace else size

    def preview(
        self, mailing: Mailing, mailing_list: MailingList, groups: Iterable[Group]
    ) -> Composition:
        """Render what these groups would get; nothing is kept."""
        workshop = Workshop(self, mailing, mailing_list)
        workshop.take(list(groups), lambda _done, _total: None)
        return Composition(variants=workshop.variants, assignment=workshop.assignment)


class Workshop:
    """One mailing's composing: loads the actions once, renders each content once."""

    def __init__(
        self, composer: Composer, mailing: Mailing, mailing_list: MailingList
    ) -> None:
        self._composer = composer
        self._mailing = mailing
        self._list = mailing_list
        self._actions: Sequence[Action] = composer.actions.relevant(mailing.as_of)
        self._known: dict[int, Mapping[int, Facts] | None] = {0: None}
        self._places: dict[int, Place | None] = {0: None}
        self._fingerprint = composer.renderer.fingerprint(mailing_list.template)
        self._variants: dict[bytes, Composed] = {}
        self.assignment: dict[Group, bytes | None] = {}

    @property
    def variants(self) -> Sequence[Composed]:
        """Return what was composed so far."""
        return list(self._variants.values())

    def take(self, groups: Sequence[Group], progress: Progress) -> None:
        """Compose for these groups."""
        for done, group in enumerate(sorted(groups), start=1):
            self.assignment[group] = self._assign(group)
            progress(done, len(groups))

    def _assign(self, group: Group) -> bytes | None:
        digest = self.digest(group)
        # A thin week is no reason to let somebody go to what was cancelled.
        if not digest.changes and len(digest.upcoming) < self._list.minimum_items:
            if not group.quiet_weeks:
                return None
            digest = replace(digest, sections=())
        items = (*_told(digest), *self._still_known(digest, group.known_variant))
        key = self._content_hash(digest, items)
        if key not in self._variants:
            self._variants[key] = self._compose(digest, items, key)
        return key

    def _still_known(self, digest: Digest, variant: int) -> Sequence[_Told]:
        """Return what these readers know from before, and this edition leaves out.

        It stays on record with the variant, so that they still hear of it should it
        be cancelled by the next edition.
        """
        known = self._known_by(variant) or {}
        told = {action_id for action_id, _, _ in _told(digest)}
        return [
            (action.id, action.version, KNOWN)
            for action in self._actions
            if action.id in known and action.id not in told
        ]

    def digest(self, group: Group) -> Digest:
        """Return what a group's digest says."""
        return assembly.assemble(
            self._wanted(group),
            list_slug=self._list.slug,
            edition=self._mailing.edition,
            edition_date=date.fromisoformat(self._mailing.edition),
            language=group.language,
            reader=self._place(group.place_id),
            known=self._known_by(group.known_variant),
            as_of=self._mailing.as_of,
            until=self._mailing.until,
        )

    def _wanted(self, group: Group) -> Sequence[Action]:
        """Return what a group wants to hear of, and what it must hear of.

        Whoever was told of an action far away before they chose what is near must
        still hear that it moved or is off.
        """
        if not group.scope:
            return self._actions
        wanted, reader = scope.parse(group.scope), self._place(group.place_id)
        known = self._known_by(group.known_variant) or {}
        return [
            action
            for action in self._actions
            if wanted.covers(action.facts.place, reader)
            or (
                (before := known.get(action.id)) is not None
                and changes.differences(before, action.facts)
            )
        ]

    def _place(self, place_id: int) -> Place | None:
        if place_id not in self._places:
            self._places[place_id] = self._composer.ledger.place(place_id)
        return self._places[place_id]

    def _known_by(self, variant: int) -> Mapping[int, Facts] | None:
        if variant not in self._known:
            self._known[variant] = self._composer.actions.known(variant)
        return self._known[variant]

    def _content_hash(self, digest: Digest, items: Sequence[_Told]) -> bytes:
        content = json.dumps([asdict(digest), items], default=str, sort_keys=True)
        return hashlib.sha256(f"{self._fingerprint}\n{content}".encode()).digest()

    def _compose(self, digest: Digest, items: Sequence[_Told], key: bytes) -> Composed:
        nonce = hmac.digest(
            self._composer.secret, self._mailing.key + key, "sha256"
        ).hex()[:16]
        rendered = self._fitting(digest, envelope.markers(nonce))
        self._check_head(rendered, nonce)
        return Composed(
            content_hash=key,
            language=digest.language,
            place=digest.reader.label if digest.reader else None,
            subject=rendered.subject,
            preheader=rendered.preheader,
            html=self._cut("HTML", rendered.html, nonce, _EXPECTED_HTML),
            text=self._cut("text", rendered.text, nonce, _EXPECTED_TEXT),
            items=items,
        )

    def _cut(
        self, part: str, words: str, nonce: str, expected: Sequence[str]
    ) -> envelope.Segments:
        ending = "html" if part == "HTML" else "txt"
        where = f"templates/email/{self._list.template}/body.{ending}"
        try:
            segments = envelope.cut(words, nonce, expected=expected)
        except TemplateError as error:
            raise TemplateError(f"{where}: {error}") from None
        if strange := set(segments.slots) - set(expected):
            raise TemplateError(f"{where} prints {', '.join(sorted(strange))}")
        return segments

    def _check_head(self, rendered: Rendered, nonce: str) -> None:
        """Refuse a subject that would break every message once it is sent."""
        template = f"templates/email/{self._list.template}"
        if nonce in rendered.subject or nonce in rendered.preheader:
            raise TemplateError(
                f"{template}: subject and preheader are the same for everybody; they"
                " must not print what is one recipient's own"
            )
        if not rendered.subject.strip():
            raise TemplateError(f"{template}: the subject is empty")
        try:
            headers.header_text("subject", rendered.subject)
        except InputError as error:
            raise TemplateError(f"{template}: {error}") from None

    def _fitting(self, digest: Digest, slots: Mapping[str, str]) -> Rendered:
        """Render with as much in full as the size limit allows.

        What is to come gives way first, then the changes: of both the rest becomes
        one line with a link.
        """
        shown = min(SHOWN, len(digest.upcoming))
        changes = len(digest.changes)
        while True:
            rendered = self._composer.renderer.digest(
                digest,
                mailing_list=self._list,
                shown=shown,
                changes_shown=changes,
                slots=slots,
            )
            size = len(rendered.html.encode())
            if size <= HTML_LIMIT:
                return rendered
            if shown:
                shown = min(shown - 1, shown * HTML_LIMIT // size)
            elif changes:
                changes = min(changes - 1, changes * HTML_LIMIT // size)
            else:
                raise TemplateError(
                    f"templates/email/{self._list.template}: {size} bytes of HTML even"
                    " without a single action in full; at most"
                    f" {HTML_LIMIT} may be sent, or mailboxes cut it off"
                )


def _told(digest: Digest) -> Sequence[_Told]:
    told: dict[int, _Told] = {}
    for section in digest.sections:  # changes come first and say more
        for item in section.items:
            told.setdefault(
                item.action_id, (item.action_id, item.version, item.kind.value)
            )
    return list(told.values())
