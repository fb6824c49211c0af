"""Everything that is looked at before a draft may be submitted: words, links, audience."""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.core import checks
from mailer.core.draft import Draft
from mailer.core.errors import MailerError
from mailer.core.findings import Finding, error, fine, warning
from mailer.core.lists import MailingList
from mailer.core.model import Action
from mailer.core.prose import Prose
from mailer.core.saying import Saying, says
from mailer.core.states import STATES
from mailer.pipeline.typeset import Typesetter
from mailer.ports import (
    Audiences,
    Blasts,
    Card,
    Composed,
    Landing,
    Links,
    NotAsked,
    Terms,
    Unanswered,
    Usual,
)

_TITLE = re.compile(rb"<title[^>]{0,200}>(.{1,400}?)</title", re.IGNORECASE | re.DOTALL)
_MOST_LINKS = 20  # that are asked
_GONE = (404, 410)
_ANSWERS = range(200, 300)
_FAR = 3  # times as many as usual, or a third of them

Proof = Callable[[Draft, Composed], Sequence[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Looks at drafts; `web` is None where nobody is to be asked."""

    blasts: Blasts
    typesetter: Typesetter
    audiences: Audiences
    list_of: Callable[[str], MailingList]  # by slug; raises NotFoundError
    terms: Callable[[Draft], Terms]
    proof: Proof  # what the gates find in a message
    linkable: Callable[[str], bool]  # whether an address may stand in a mail
    web: Links | None
    clock: Callable[[], datetime]

    def check(
        self, draft: Draft, lines: Mapping[str, int] | None = None
    ) -> Sequence[Finding]:
        """Return what is found, errors first; `lines` are those of the draft's keys."""
        if draft.unread is not None:
            return [error("unread", draft.unread)]
        found = [*self._written(draft, lines), *self._audience(draft)]
        return sorted(found, key=lambda each: _ORDER[each.severity.value])

    def _written(
        self, draft: Draft, lines: Mapping[str, int] | None
    ) -> Iterator[Finding]:
        prose = {
            each.language: self.typesetter.markdown.read(each.body)
            for each in draft.wordings
        }
        yield from checks.words(draft, prose, lines)
        try:
            action = self.typesetter.action(draft)
        except MailerError as trouble:
            yield error("no-action", trouble.words, "action")
            return
        yield from checks.moments(draft, action, self.clock())
        yield from self._links(draft, prose)
        yield from self._rendered(draft)

    def _rendered(self, draft: Draft) -> Iterator[Finding]:
        key = self.blasts.key(draft.name)
        try:
            mailing_list = self.list_of(draft.list_slug)
            typeset = self.typesetter.typeset(draft, mailing_list, key)
        except MailerError as trouble:
            yield error("rendering", trouble.words)
            return
        told: set[tuple[str, str]] = set()
        for variant in typeset.variants:
            for each in self.proof(draft, variant):
                if (each.name, each.words) not in told:
                    told.add((each.name, each.words))
                    yield each
        if not told:
            yield fine("gates", says("the message passes all gates"))

    # --- links

    def _links(self, draft: Draft, prose: Mapping[str, Prose]) -> Iterator[Finding]:
        found = checks.links(draft, prose)
        to_ask = [url for url in found if self.linkable(url)]
        for url in found:
            if url not in to_ask:
                yield error(
                    "link",
                    says(
                        "%(url)s may not stand in a mail: write a whole https address"
                        " in plain letters, without a name before the host",
                        url=url,
                    ),
                    found[url],
                )
        if self.web is None:
            return
        heard = self.web.ask(to_ask[:_MOST_LINKS])
        for url in to_ask:
            yield _led(url, heard.get(url, _TOO_MANY), found[url])

    # --- audience

    def _audience(self, draft: Draft) -> Iterator[Finding]:
        try:
            card = self.audiences.card(draft.audience, self.terms(draft))
        except MailerError as trouble:
            yield error("audience", trouble.words, "audience")
            return
        if not card.count:
            yield error("nobody", _nobody(sum(card.left_out.values())), "audience")
            return
        yield fine(
            "audience",
            says("one person would get it")
            if card.count == 1
            else says("%(people)s people would get it", people=card.count),
        )
        readers = {share.name: share.people for share in card.languages}
        yield from checks.languages(draft, readers)
        yield from _places(draft, card, self._action(draft))
        yield from _size(card)
        if card.mailed_lately:
            yield warning(
                "mailed-lately",
                says("one of them got mail from us within 24 hours")
                if card.mailed_lately == 1
                else says(
                    "%(people)s of them got mail from us within 24 hours",
                    people=card.mailed_lately,
                ),
                "audience",
            )

    def _action(self, draft: Draft) -> Action | None:
        try:
            return self.typesetter.action(draft)
        except MailerError:  # told already, by name
            return None


def _nobody(out: int) -> Saying:
    if not out:
        return says("nobody would get it")
    if out == 1:
        return says("nobody would get it: the one who is meant is left out")
    return says("nobody would get it: all %(out)s who are meant are left out", out=out)


def _led(url: str, heard: Landing | NotAsked | Unanswered, where: str) -> Finding:
    """Say where a link leads; what nobody could ask is told as that."""
    match heard:
        case NotAsked(why=why):
            words = says("%(url)s was not asked: %(why)s", url=url, why=why)
            return warning("link-not-asked", words, where)
        case Unanswered(why=why):
            words = says("%(url)s could not be asked: %(why)s", url=url, why=why)
            return warning("link-silent", words, where)
    on = _on(url, heard)
    if heard.status in _GONE:
        words = says(
            "%(url)s%(on)s answers %(status)s: nothing is there",
            url=url,
            on=on,
            status=heard.status,
        )
        return error("link-dead", words, where)
    if heard.status not in _ANSWERS:
        words = says(
            "%(url)s%(on)s answers %(status)s", url=url, on=on, status=heard.status
        )
        return warning("link-refused", words, where)
    words = says("%(url)s%(on)s is %(what)s", url=url, on=on, what=_what(heard))
    return fine("link", words, where)


def _on(url: str, heard: Landing) -> str:
    """Return where it leads on to, if it does."""
    if heard.url == url:
        return ""
    return says(" leads on to %(url)s, which", url=heard.url[:200])


_TOO_MANY = NotAsked(why=says("no more than %(most)s are", most=_MOST_LINKS))
_ORDER = {"error": 0, "warning": 1, "ok": 2}


def _what(landing: Landing) -> str:
    """Return what stands there says it is."""
    if landing.kind and "html" not in landing.kind:
        return says("no page but %(kind)s", kind=_printable(landing.kind))
    found = _TITLE.search(landing.beginning)
    if found is None:
        return says("a page without a title")
    words = " ".join(html.unescape(found[1].decode("utf-8", "replace")).split())
    return f"“{_printable(words)[:120]}”"


def _printable(words: str) -> str:
    return "".join(letter for letter in words if letter.isprintable())


def _places(draft: Draft, card: Card, action: Action | None) -> Iterator[Finding]:
    """Look for a state that is named, and in which nobody of the audience is."""
    there = {share.name for share in card.regions if share.people}
    said = " ".join(
        " ".join((each.subject, each.reason, each.body, each.where or ""))
        for each in draft.wordings
    )
    for code, name in STATES.items():
        if f"us-{code.lower()}" in there:
            continue
        if re.search(rf"\b{re.escape(name)}\b", said):
            yield warning(
                "other-place",
                says(
                    "%(state)s is named, and nobody of the audience is known to be"
                    " there",
                    state=name,
                ),
                "audience",
            )
    if action is None or action.facts.place.region is None:
        return
    place = action.facts.place
    if f"{place.country}-{place.region}".lower() not in there:
        yield warning(
            "other-place",
            says(
                "the action is in %(place)s, and nobody of the audience is known to be"
                " in that state",
                place=place.label,
            ),
            "audience",
        )


def _size(card: Card) -> Iterator[Finding]:
    usual = card.usual
    if usual is None or not usual.median:
        return
    if card.count > _FAR * usual.most or card.count * _FAR < usual.least:
        yield warning("unusual-size", _unusual(card.count, usual), "audience")


def _unusual(people: int, usual: Usual) -> Saying:
    if usual.mailings == 1:
        return says(
            "people: %(people)s; the last mailing of this list went to %(most)s",
            people=people,
            most=usual.most,
        )
    if usual.least == usual.most:
        return says(
            "people: %(people)s; the last %(mailings)s mailings of this list went to"
            " %(most)s each",
            people=people,
            mailings=usual.mailings,
            most=usual.most,
        )
    return says(
        "people: %(people)s; the last %(mailings)s mailings of this list went to"
        " %(least)s to %(most)s",
        people=people,
        mailings=usual.mailings,
        least=usual.least,
        most=usual.most,
    )
