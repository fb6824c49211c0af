"""Who is on a list and gets nothing, and why."""

from collections.abc import Iterator, Mapping

from mailer.bootstrap import Project
from mailer.core.audience import Resting
from mailer.ports import Mailing

_STATES = {
    "pending": (
        "pending: no consent on record, so nothing is sent until they confirm, or until"
        " a file with a consent_basis is imported"
    ),
    "ended": "gone from the list: they left, or were taken off",
}

_RESTING: Mapping[str, str] = {
    Resting.PAUSED: "paused: they asked for a rest",
    Resting.URGENT_ONLY: "not written to: they want only what is urgent",
    Resting.NOT_THEIR_WEEK: "not written to: it is not their week, as they chose",
    Resting.MUTED: "muted with their organization; mailer organizations unmute NAME",
}


def sentences(project: Project, mailing: Mailing) -> Iterator[str]:
    """Say who is left out of a mailing's audience, one reason a sentence."""
    by_state = project.people.count().get(mailing.list_slug, {})
    if not any(by_state.values()):
        yield (
            f"Nobody is on {mailing.list_slug} yet; mailer import subscribers FILE"
            f" --list {mailing.list_slug}"
        )
    for state, words in _STATES.items():
        if number := by_state.get(state, 0):
            yield f"{_counted(number)} {words}."
    for reason, number in project.ledger.left_out(mailing).items():
        if reason in _RESTING:
            yield f"{_counted(number)} {_RESTING[reason]}."
        else:
            yield f"{_counted(number)} suppressed: nobody may mail them ({reason})."


def _counted(number: int) -> str:
    return "One subscriber is" if number == 1 else f"{number:,} subscribers are"
