"""A project folder: its blasts, from a draft to everybody who is meant."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from mailer.adapters.database.accounts import SqlAccounts
from mailer.adapters.database.faring import SqlBlasts
from mailer.adapters.database.tracking import SqlTracking
from mailer.bootstrap.sending import Sending
from mailer.core import rule as rules
from mailer.core.changes import over_at
from mailer.core.draft import Draft
from mailer.core.errors import MailerError
from mailer.core.findings import Finding, error, warning
from mailer.core.lists import told_in
from mailer.core.proposal import Proposal
from mailer.pipeline.entitle import Entitlement
from mailer.pipeline.halt import Halter
from mailer.pipeline.propose import Proposer
from mailer.pipeline.release import Releaser
from mailer.pipeline.tell import Teller
from mailer.ports import (
    Addressee,
    Batch,
    Composed,
    Intent,
    Links,
    Mailing,
    Outgoing,
    Terms,
)

if TYPE_CHECKING:
    from mailer.adapters.gates import Message
    from mailer.pipeline.check import Checker
    from mailer.pipeline.typeset import Typeset, Typesetter


class Blasting(Sending):
    """Drafts, approvals, and what the clock does with them."""

    @cached_property
    def blasts(self) -> SqlBlasts:
        """The blasts, from draft to report."""
        _ = self.ledger  # which numbers the lists that they go out under
        return SqlBlasts(self.ready, self._derived("mailings"))

    @cached_property
    def typesetter(self) -> "Typesetter":
        """Sets drafts by the project's templates."""
        from mailer.adapters.markdown import CommonMark
        from mailer.pipeline.typeset import Typesetter

        return Typesetter(
            renderer=self.renderer,
            markdown=CommonMark(),
            actions=self.public_actions,
            secret=self._derived("slots"),
            base_url=self.settings.base_url,
            zone=told_in(self.lists.values()),
        )

    @cached_property
    def web(self) -> Links:
        """Follows the links of drafts: our own pages, and what is open to everybody."""
        from mailer.adapters.http.strangers import Reach, Strangers

        return Strangers(Reach(own=self.settings.base_url))

    def checker(self, web: Links | None) -> "Checker":
        """Return what looks at drafts; `web` is None where nobody is to be asked."""
        from mailer.adapters.renderer.plain import linkable
        from mailer.pipeline.check import Checker

        base_url = self.settings.base_url
        return Checker(
            blasts=self.blasts,
            typesetter=self.typesetter,
            audiences=self.audiences,
            list_of=self.mailing_list,
            terms=self._terms_of,
            proof=self.proof,
            linkable=lambda url: linkable(url, base_url) is not None,
            web=web,
            clock=self.clock,
        )

    @cached_property
    def coordinators(self) -> Entitlement:
        """Who may move blasts on: accounts, and whom mailer.toml names."""
        return Entitlement(
            accounts=SqlAccounts(self.ready, self._derived("addresses")),
            named=self.settings.coalition.coordinators,
        )

    @property
    def teller(self) -> Teller:
        """Asks coordinators for approvals, and tells them of a lone one."""
        return Teller(
            blasts=self.blasts,
            people=self.people,
            notifier=self.notifier,
            list_of=self.mailing_list,
            coordinators=self.coordinators,
            language=self.settings.coalition.languages[0],
            zone=told_in(self.lists.values()),
            clock=self.clock,
        )

    def proposer(self, web: Links | None = None) -> Proposer:
        """Return what people move blasts on with; `web` is asked for their links."""
        return Proposer(
            blasts=self.blasts,
            ledger=self.ledger,
            lists=self.lists,
            coordinators=self.coordinators,
            check=lambda proposal: self.checker(web).check(proposal.draft),
            audiences=self.audiences,
            terms=self._terms_of,
            words=self._words_of,
            located=self.located,
            teller=self.teller,
            clock=self.clock,
            counted_from=self.settings.counted_from,
        )

    def halter(self, actor: str, person: str = "") -> Halter:
        """Return what holds mailings and ends them in somebody's name.

        `person` is the address by which coordinators know them; none at the shell.
        """
        return Halter(
            ledger=self.ledger,
            proposer=self.proposer,
            clock=self.clock,
            actor=actor,
            person=person,
        )

    def releaser(self, trouble: Callable[[str], None]) -> Releaser:
        """Return what moves approved blasts on when their time has come."""
        return Releaser(
            blasts=self.blasts,
            ledger=self.ledger,
            tracking=SqlTracking(self.ready, self._derived("addresses")),
            typesetter=self.typesetter,
            teller=self.teller,
            coordinators=self.coordinators,
            list_of=self.mailing_list,
            route_of=self.settings.route_of,
            batch_size=self._batch_size,
            domains=self._domains_together,
            quiet_hours=self.settings.quiet_hours,
            terms=self._terms_of,
            clock=self.clock,
            trouble=trouble,
        )

    def located(self, draft: Draft) -> Draft:
        """Return a draft with its places on the map, and its end that of its action.

        Raises InputError for a place, and NotFoundError for an action, that is not
        there.
        """
        audience = rules.located(draft.audience, lambda words: self.locate(words)[0])
        not_after = draft.not_after
        if not_after is None and draft.action is not None:
            action = self.typesetter.action(draft)
            not_after = over_at(action.facts) if action else None
        return replace(draft, audience=audience, not_after=not_after)

    def typeset(self, proposal: Proposal) -> "Typeset":
        """Return a blast as its readers get it, with its approval once it has one."""
        draft = proposal.draft
        return self.typesetter.typeset(
            draft,
            self.mailing_list(draft.list_slug),
            self.blasts.key(draft.name),
            proposal.approval,
        )

    def mailing_of(self, draft: Draft) -> Mailing:
        """Return the mailing that a draft would become, without making it."""
        now = self.clock()
        numbers = self.ledger.register([draft.list_slug], at=now)
        return Mailing(
            id=0,
            key=self.blasts.key(draft.name),
            list_number=numbers[draft.list_slug],
            list_slug=draft.list_slug,
            edition=draft.edition,
            state="planned",
            due_at=now,
            planned_at=now,
            as_of=now,
            until=draft.not_after or now,
            kind="blast",
        )

    def letter(
        self, draft: Draft, variant: Composed, person: Addressee | None = None
    ) -> Outgoing:
        """Return a variant as it is sent to one person, or to links that lead nowhere."""
        mailing = self.mailing_of(draft)
        reader = person or Addressee(
            subscriber_id=0,
            uid=bytes(16),
            address="reader@example.org",
            organization=None,
            consented_on=mailing.as_of.date(),
        )
        return self.writer.outgoing(
            Intent(
                batch=Batch(mailing=mailing, variant_id=0, seq=0, epoch=0, attempt=1),
                key="",
                language=variant.language,
                subject=variant.subject,
                html=variant.html,
                text=variant.text,
                sent_at=mailing.as_of,
                addressees=[reader],
            )
        )

    def as_read(
        self, draft: Draft, variant: Composed, person: Addressee | None = None
    ) -> "Message":
        """Return a variant as one person reads it, or somebody whose links lead nowhere."""
        from mailer.adapters import proofing

        return proofing.as_read(
            variant,
            self.letter(draft, variant, person),
            brand=self.brand,
            base_url=self.settings.base_url,
            quoted=(),
        )

    def proof(self, draft: Draft, variant: Composed) -> Sequence[Finding]:
        """Return what the gates find in a variant as a reader gets it."""
        from mailer.adapters import gates, proofing
        from mailer.adapters.gates.quoting import strings

        try:
            outgoing = self.letter(draft, variant)
        except MailerError as trouble:
            return [error("letter", trouble.words)]
        action = self.typesetter.action(draft)
        said = self.typesetter.message(draft, action, variant.language)
        message = proofing.as_read(
            variant,
            outgoing,
            brand=self.brand,
            base_url=self.settings.base_url,
            quoted=(*strings(self.brand), *strings(draft), *strings(said)),
        )
        return [
            (error if each.severity is gates.Severity.ERROR else warning)(
                f"gate-{each.gate.value}",
                each.words,
                f"{variant.language}: {each.where}",
            )
            for each in gates.check(message)
        ]

    def _words_of(self, draft: Draft) -> bytes:
        return self.typesetter.typeset(
            draft, self.mailing_list(draft.list_slug), self.blasts.key(draft.name)
        ).words

    def _terms_of(self, draft: Draft) -> Terms:
        return self.terms(draft.list_slug, urgent=draft.is_urgent)
