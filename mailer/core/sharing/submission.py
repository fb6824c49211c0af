"""What a host says of an action: its facts, whom to ask, and who may know whom."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from mailer.core import snapshot
from mailer.core.model import Contact, Draft, Facts
from mailer.core.sponsors import name_key

SOURCE = "form"  # of the actions that came this way
_ABOUT = 300  # characters


class ShownTo(StrEnum):
    """Who may see how to reach a host."""

    NOBODY = "nobody"  # but the coordinators
    ORGANIZERS = "organizers"  # hosts of other actions as well
    EVERYBODY = "everybody"  # on the action's page


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An action as its host describes it.

    The contact holds no address: the host's own is kept with the host.
    """

    facts: Facts
    contact: Contact = field(default_factory=Contact, repr=False)
    shown_to: ShownTo = ShownTo.NOBODY

    @property
    def about(self) -> str:
        """Return what tells it from others of one host: sent twice, it is one."""
        facts = self.facts
        title = name_key(facts.title or "")
        return f"{facts.start_date} {facts.place.key} {title}"[:_ABOUT]

    @property
    def is_placed(self) -> bool:
        """Tell whether the place is one that we know."""
        return self.facts.place.latitude is not None

    def draft(self, external_id: str | None) -> Draft:
        """Return it as ingest takes actions."""
        return Draft(
            line=None, external_id=external_id, facts=self.facts, contact=self.contact
        )


def facts_of(submission: Submission) -> dict[str, Any]:
    """Return what a request keeps of it; the title is for those who decide."""
    facts = submission.facts
    said = facts.title or facts.kind or "action"
    title = f"{facts.start_date} {facts.place.label}: {said}"
    return {"title": title, "submission": dump(submission)}


def dump(submission: Submission) -> dict[str, Any]:
    """Return it as JSON values."""
    return {
        "facts": snapshot.dump(submission.facts),
        "contact": {k: v for k, v in asdict(submission.contact).items() if v},
        "shown_to": submission.shown_to.value,
    }


def load(values: Mapping[str, Any]) -> Submission:
    """Return the submission that `dump` wrote."""
    return Submission(
        facts=snapshot.load(values["facts"]),
        contact=Contact(**values["contact"]),
        shown_to=ShownTo(values["shown_to"]),
    )
