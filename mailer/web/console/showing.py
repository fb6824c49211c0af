"""Mailings as pages of the console name and describe them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from starlette.exceptions import HTTPException

from mailer.core.errors import NotFoundError
from mailer.pipeline.follow import Progress
from mailer.ports import Mailing, Standing
from mailer.web.console.door import Visit
from mailer.web.log import redact

PATH = "/console/mailings"
_NOT_FOUND = 404
_MOST_DIGITS = 18  # of a number that a database holds
BLAST = "blast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A mailing, how far it is, and how it is called."""

    mailing: Mailing
    progress: Progress
    list_title: str
    day: date | None  # of a digest; None: it is called by its edition
    headline: str | None = None  # of an urgent call, in the page's language

    @property
    def standing(self) -> Standing:
        """Return its counts."""
        return self.progress.standing

    @property
    def state(self) -> str:
        """Return its state when it was counted."""
        return self.progress.standing.state

    @property
    def is_urgent_call(self) -> bool:
        """Whether coordinators wrote it, and approved it."""
        return self.mailing.kind == BLAST

    @property
    def causes(self) -> Sequence[tuple[str, int]]:
        """Return why messages failed, the most frequent cause first; no address."""
        return causes(self.standing, "failed")

    @property
    def left_out(self) -> Sequence[tuple[str, int]]:
        """Return why people do not get it."""
        return causes(self.standing, "skipped", "suppressed")

    @property
    def name(self) -> str:
        """Return how commands name it."""
        return f"{self.mailing.list_slug}/{self.mailing.edition}"


def causes(standing: Standing, *states: str) -> Sequence[tuple[str, int]]:
    """Return the reasons of deliveries in these states, as often as they occur.

    Providers quote the address that they speak of; that is cut.
    """
    found: Counter[str] = Counter()
    for name, count in standing.reasons.items():
        state, _, reason = name.partition(": ")
        if state in states:
            found[redact(reason)] += count
    return found.most_common()


def asked(visit: Visit, written: str | None = None) -> Mailing:
    """Return the mailing of an address; raises HTTPException 404."""
    words = str(visit.request.path_params["number"]) if written is None else written
    if not (words.isascii() and words.isdigit() and len(words) <= _MOST_DIGITS):
        raise HTTPException(_NOT_FOUND)
    try:
        return visit.desk.work.following.mailing(int(words))
    except NotFoundError:
        raise HTTPException(_NOT_FOUND) from None


def of(visit: Visit, mailing: Mailing, progress: Progress | None = None) -> Shown:
    """Return a mailing as it is shown."""
    found = visit.desk.site.lists.get(mailing.list_number)
    return Shown(
        mailing=mailing,
        progress=progress or visit.desk.work.meter.look(mailing.id),
        list_title=found.title(visit.language) if found else mailing.list_slug,
        day=day(mailing.edition),
        headline=_headline(visit, mailing),
    )


def _headline(visit: Visit, mailing: Mailing) -> str | None:
    """Return what an urgent call is called; None: it is none, or nobody wrote it."""
    if mailing.kind != BLAST:
        return None
    try:
        written = visit.desk.work.blast(mailing)
    except NotFoundError:
        return None
    return written.draft.wording(visit.language).subject


def day(edition: str) -> date | None:
    """Return the day that a digest is called by; None: it has a name."""
    try:
        return date.fromisoformat(edition)
    except ValueError:
        return None
