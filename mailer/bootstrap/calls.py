"""A project folder: what coordinators write, look at and move on in the console."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from mailer.adapters import addresses
from mailer.bootstrap.blasting import Blasting
from mailer.core import rule as rules
from mailer.core.draft import Draft
from mailer.core.findings import Finding
from mailer.core.lists import MailingList
from mailer.core.proposal import Proposal
from mailer.core.rule import Rule
from mailer.pipeline.entitle import Entitlement
from mailer.pipeline.propose import Proposer
from mailer.ports import Addressee, Blasts, Card, Composed, Links

if TYPE_CHECKING:
    from mailer.adapters.gates import Message

_GOOD_FOR = 600.0  # seconds: what a link answered
_TEST = {"en": "Test", "es": "Prueba"}  # before the subject of what is tried out


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A subscriber for whom a preview is filled."""

    number: int
    person: Addressee
    language: str


class Calls:
    """The blasts of a project as its coordinators work on them."""

    def __init__(self, project: Blasting) -> None:
        """Take the project."""
        self._project = project

    @property
    def blasts(self) -> Blasts:
        """The blasts."""
        return self._project.blasts

    @property
    def coordinators(self) -> Entitlement:
        """Who may move them on."""
        return self._project.coordinators

    @property
    def lists(self) -> Mapping[str, MailingList]:
        """All lists by slug."""
        return self._project.lists

    @property
    def counted_from(self) -> int:
        """Above how many people an approver types how many."""
        return self._project.settings.counted_from

    @property
    def has_quiet_hours(self) -> bool:
        """Whether there are hours in which readers are not woken."""
        return self._project.settings.quiet_hours is not None

    @cached_property
    def _web(self) -> Links:
        from mailer.adapters.remembering import Remembering

        return Remembering(self._project.web, seconds=_GOOD_FOR)

    @cached_property
    def proposer(self) -> Proposer:
        """Moves blasts on; their links are asked, each once in ten minutes."""
        return self._project.proposer(self._web)

    def findings(self, proposal: Proposal) -> Sequence[Finding]:
        """Return what a check finds now."""
        return self.proposer.check(proposal)

    def located(self, rule: Rule) -> Rule:
        """Return a rule with its places on the map; raises InputError."""
        return rules.located(rule, lambda words: self._project.locate(words)[0])

    def card(
        self, rule: Rule, list_slug: str, *, urgent: bool, besides: int | None = None
    ) -> Card:
        """Return whom a located rule reaches now; `besides` is the blast's mailing."""
        terms = self._project.terms(list_slug, urgent=urgent)
        return self._project.audiences.card(rule, replace(terms, besides=besides))

    def variants(self, proposal: Proposal) -> Sequence[Composed]:
        """Return a blast as it will be sent, one variant for each language."""
        return self._project.typeset(proposal).variants

    def recipient(self, draft: Draft, subscriber: int) -> Recipient | None:
        """Return a subscriber of the draft's list; None: they are not on it."""
        mailing = self._project.mailing_of(draft)
        found = self._project.ledger.reader(mailing, subscriber)
        if found is None:
            return None
        person, group = found
        return Recipient(number=subscriber, person=person, language=group.language)

    def subscriber(self, address: str) -> int | None:
        """Return the number of whoever has this address."""
        return self._project.people.find(addresses.spelled(address))

    def message(
        self, proposal: Proposal, language: str, reader: Recipient | None = None
    ) -> "Message":
        """Return what readers of a language get, to the byte; or what one of them gets."""
        variant = self._project.typeset(proposal).of(
            reader.language if reader else language
        )
        person = reader.person if reader else None
        return self._project.as_read(proposal.draft, variant, person)

    def try_out(self, proposal: Proposal, to: str) -> int:
        """Put each language of it on its way to one address, marked as a test.

        Returns how many letters that are. Raises InputError for what is no address.
        """
        project, at = self._project, self._project.clock()
        address = addresses.checked(to)
        mailing_list = project.mailing_list(proposal.draft.list_slug)
        variants = self.variants(proposal)
        for variant in variants:
            uid = project.people.known_as(address, language=variant.language, at=at)
            project.notes.post(
                replace(variant, subject=_tried(variant), items=()),
                to=uid,
                name=f"test {proposal.name} {variant.language} {at.isoformat()}"
                f" {uid.hex()}",
                list_number=proposal.list_number,
                link=None,
                route=project.settings.route_of(mailing_list),
                at=at,
            )
        return len(variants)


def _tried(variant: Composed) -> str:
    """Return the subject of a test, marked as one in its language."""
    mark = _TEST.get(variant.language, _TEST["en"])
    return f"{mark}: {variant.subject}"
