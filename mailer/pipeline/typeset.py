"""A draft → what its readers get: one variant per language, slots still open.

What is previewed, tested and sent is made here and nowhere else, from the same words
under the same key: the same bytes.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from zoneinfo import ZoneInfo

from mailer.core import envelope, headers
from mailer.core.blast import Blast, Occasion, Version
from mailer.core.confirming import confirmed
from mailer.core.draft import Draft, Wording
from mailer.core.errors import InputError, NotFoundError, TemplateError
from mailer.core.limits import HTML_LIMIT
from mailer.core.lists import Kind, MailingList
from mailer.core.model import Action, Facts
from mailer.core.proposal import Approval
from mailer.core.saying import says
from mailer.ports import BlastRenderer, Composed, Markdown, PublicActions, Rendered

TOLD = "blast"  # how readers of a blast know its action
_EXPECTED_HTML = ("leave", "preferences", "reason_html")
_EXPECTED_TEXT = ("leave", "preferences", "reason_text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typeset:
    """A draft as it will be sent."""

    variants: Sequence[Composed]
    by_language: Mapping[str, bytes]  # readers' language → content hash
    otherwise: bytes  # of the variant for every other language

    @property
    def words(self) -> bytes:
        """Return what an approval is bound to: a hash of all that readers get.

        Of the action, the templates and the brand as well as of the draft.
        """
        known = [self.otherwise, *(each.content_hash for each in self.variants)]
        return hashlib.sha256(b"".join(known)).digest()

    def of(self, language: str) -> Composed:
        """Return what readers of a language get."""
        wanted = self.by_language.get(language, self.otherwise)
        return next(each for each in self.variants if each.content_hash == wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typesetter:
    """Sets drafts by the project's templates."""

    renderer: BlastRenderer
    markdown: Markdown
    actions: PublicActions
    secret: bytes  # makes the slots' markers unforgeable
    base_url: str  # without a slash at the end
    zone: ZoneInfo  # where neither list nor action names one

    def typeset(
        self,
        draft: Draft,
        mailing_list: MailingList,
        key: bytes,
        approval: Approval | None = None,
    ) -> Typeset:
        """Set a draft under its mailing's key; once approved, it says so.

        What an approval is bound to is set without one: its moment is not known before.
        Raises TemplateError, and NotFoundError if its action is not there.
        """
        action = self.action(draft)
        vouched = confirmed(draft, action, self._zone(mailing_list, action), approval)
        made: dict[str, Composed] = {}
        for wording in draft.wordings:
            blast = self.message(draft, action, wording.language)
            blast = replace(blast, confirmed=vouched)
            made[wording.language] = self._composed(
                draft, mailing_list, blast, action, key
            )
        first = draft.wordings[0].language
        return Typeset(
            variants=list(made.values()),
            by_language={code: each.content_hash for code, each in made.items()},
            otherwise=made[first].content_hash,
        )

    def _zone(self, mailing_list: MailingList, action: Action | None) -> ZoneInfo:
        """Return on whose clock hours are told: the list's own, else the action's."""
        if mailing_list.timezone or mailing_list.cadence:
            return mailing_list.zone
        return ZoneInfo(action.facts.time_zone) if action else self.zone

    def action(self, draft: Draft) -> Action | None:
        """Return the action that a draft names; raises NotFoundError."""
        if draft.action is None:
            return None
        found = self.actions.posted(draft.action)
        if found is None:
            raise NotFoundError(
                says(
                    "%(name)s: action: there is no action %(action)s; mailer actions"
                    " shows them",
                    name=draft.name,
                    action=draft.action,
                )
            )
        return found.action

    def message(self, draft: Draft, action: Action | None, language: str) -> Blast:
        """Return what readers of a language are told."""
        wording = draft.wording(language)
        others = [each for each in draft.wordings if each is not wording]
        public = action.facts.public if action else None
        page = f"{self.base_url}/actions/{action.public_id}" if action else None
        return Blast(
            version=self._version(wording, public),
            translation=self._version(others[0], public)
            if others and draft.both_languages
            else None,
            urgency=draft.urgency,
            occasion=_occasion(public, page) if public and page else None,
            answer_url=draft.answer_url or page,
        )

    def _version(self, wording: Wording, facts: Facts | None) -> Version:
        return Version(
            language=wording.language,
            headline=wording.headline,
            preheader=wording.preheader,
            reason=wording.reason,
            where=wording.where or (_where(facts) if facts else None),
            target=wording.target or (facts.target if facts else None),
            bring=wording.bring,
            body=self.markdown.read(wording.body).blocks,
            answer=wording.answer,
        )

    def _composed(
        self,
        draft: Draft,
        mailing_list: MailingList,
        blast: Blast,
        action: Action | None,
        key: bytes,
    ) -> Composed:
        template = _template(mailing_list)
        told = [(action.id, action.version, TOLD)] if action else []
        content = json.dumps([asdict(blast), told], default=str, sort_keys=True)
        known = f"{self.renderer.fingerprint(template)}\n{content}"
        content_hash = hashlib.sha256(known.encode()).digest()
        nonce = hmac.digest(self.secret, key + content_hash, "sha256").hex()[:16]
        rendered = self.renderer.blast(
            blast, template=template, slots=envelope.markers(nonce)
        )
        _check(rendered, draft, template)
        return Composed(
            content_hash=content_hash,
            language=blast.version.language,
            place=None,
            subject=rendered.subject,
            preheader=rendered.preheader,
            html=envelope.cut(rendered.html, nonce, expected=_EXPECTED_HTML),
            text=envelope.cut(rendered.text, nonce, expected=_EXPECTED_TEXT),
            items=told,
        )


def _template(mailing_list: MailingList) -> str:
    """Return the folder of a blast's templates: a digest's list has none of its own."""
    is_blast = mailing_list.kind is Kind.BLAST
    return mailing_list.template if is_blast else Kind.BLAST.value


def _check(rendered: Rendered, draft: Draft, template: str) -> None:
    """Refuse what no mailbox would take."""
    size = len(rendered.html.encode())
    if size > HTML_LIMIT:
        raise TemplateError(
            says(
                "%(name)s: %(size)s bytes of HTML; at most %(most)s may be sent, or"
                " mailboxes cut it off; shorten the body",
                name=draft.name,
                size=size,
                most=HTML_LIMIT,
            )
        )
    try:
        headers.header_text("subject", rendered.subject)
    except InputError as error:
        raise TemplateError(f"templates/email/{template}: {error}") from None


def _occasion(facts: Facts, page: str) -> Occasion:
    return Occasion(
        day=facts.start_date,
        starts=facts.start_time,
        ends=facts.end_time,
        calendar=f"{page}.ics",
        # No map of others, who would learn who looked; and mail programs drop geo:.
        directions=f"{page}#where" if facts.venue or facts.address else None,
    )


def _where(facts: Facts) -> str:
    parts = (facts.venue, facts.address, facts.place.label)
    return ", ".join(part for part in parts if part)
