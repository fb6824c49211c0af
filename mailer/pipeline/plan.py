"""Which editions are due: each becomes one mailing, by a UNIQUE key and no lock.

Any number of tickers may run this at once and as often as they like.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from mailer.core import editions
from mailer.core.editions import Occurrence, Timing
from mailer.core.errors import InputError, RefusedError
from mailer.core.lists import Kind, MailingList
from mailer.ports import Ledger, Mailing

_FAR = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An edition that this call has made."""

    mailing: Mailing
    timing: Timing
    reason: str | None = None  # why it was missed, and the way out


def due(
    lists: Iterable[MailingList], ledger: Ledger, *, now: datetime
) -> Sequence[Planned]:
    """Make the newest due edition of every list that has none yet.

    Editions missed before it are not made up for: their actions are in this one.
    What fell due before the list was known to this project is not sent. An edition
    too late, or the second of its week since the cadence was edited, is made missed.
    """
    planned: list[Planned] = []
    for mailing_list in lists:
        if mailing_list.kind is not Kind.DIGEST or mailing_list.cadence is None:
            continue
        occurrence = editions.last_due(mailing_list.cadence, now)
        if occurrence.due_at < ledger.first_seen(mailing_list.slug):
            continue
        made = _make(mailing_list, occurrence, ledger, now=now)
        if made is not None:
            planned.append(made)
    return planned


def _make(
    mailing_list: MailingList, occurrence: Occurrence, ledger: Ledger, *, now: datetime
) -> Planned | None:
    edition = occurrence.edition.isoformat()
    reason = _held_back(mailing_list, occurrence, ledger, now=now)
    mailing = ledger.make(
        list_slug=mailing_list.slug,
        edition=edition,
        kind=mailing_list.kind.value,
        state="missed" if reason else "planned",
        reason=reason,
        due_at=occurrence.due_at,
        as_of=now,
        until=now + mailing_list.horizon,
        planned_at=now,
    )
    if mailing is None:
        return None
    timing = Timing.MISSED if reason else Timing.SEND
    return Planned(mailing=mailing, timing=timing, reason=reason)


def _held_back(
    mailing_list: MailingList, occurrence: Occurrence, ledger: Ledger, *, now: datetime
) -> str | None:
    """Return why a person must decide whether a due edition is sent."""
    slug, edition = mailing_list.slug, occurrence.edition.isoformat()
    if editions.timing(mailing_list, occurrence, now) is Timing.MISSED:
        return _too_late(slug, edition, occurrence.due_at, now)
    if mailing_list.cadence is None:
        return None
    # Whoever moves a list from Monday to Thursday on a Tuesday means next week.
    first, last = editions.period(mailing_list.cadence, occurrence.edition)
    for other in ledger.between(mailing_list.slug, first.isoformat(), last.isoformat()):
        if other.state != "missed" and other.edition != edition:
            return (
                f"{slug}/{other.edition} is for the same time; to send both:"
                f" mailer send {slug} --edition {edition}"
            )
    return None


def _too_late(slug: str, edition: str, due_at: datetime, now: datetime) -> str:
    return (
        f"due {due_at:%Y-%m-%d %H:%M} UTC, found {now:%Y-%m-%d %H:%M} UTC;"
        f" to send it now: mailer send {slug} --edition {edition}"
    )


def current(
    mailing: Mailing, mailing_list: MailingList, ledger: Ledger, *, now: datetime
) -> Mailing | None:
    """Return a planned mailing as of now, or None: it has waited too long, or is gone.

    A plan that could not be composed for a while (a broken template, a host that was
    down) must not tell of what is over by then, nor go out days late unasked.
    """
    late = now - max(mailing.due_at, mailing.planned_at)
    if late > mailing_list.late_limit:
        reason = _too_late(mailing.list_slug, mailing.edition, mailing.due_at, now)
        ledger.miss(mailing.id, reason=reason)
        return None
    return ledger.refresh(mailing.id, as_of=now, until=now + mailing_list.horizon)


def now(
    mailing_list: MailingList, ledger: Ledger, *, edition: str | None, now: datetime
) -> Mailing:
    """Make an edition because a person asks for it; refuses to make one twice.

    Without `edition` it is the one of the current cadence: sent on Monday by the
    scheduler, it is refused on Wednesday.
    """
    occurrence = chosen(mailing_list, edition, now)
    key = occurrence.edition.isoformat()
    if edition is None:
        _refuse_to_go_back(mailing_list.slug, key, ledger)
    mailing = ledger.make(
        list_slug=mailing_list.slug,
        edition=key,
        kind=mailing_list.kind.value,
        state="planned",
        reason=None,
        due_at=occurrence.due_at,
        as_of=now,
        until=now + mailing_list.horizon,
        planned_at=now,
    )
    if mailing is not None:
        return mailing
    existing = ledger.mailing(mailing_list.slug, key)
    if existing is None:
        raise AssertionError
    if existing.state == "missed" and ledger.revive(
        existing.id, as_of=now, until=now + mailing_list.horizon
    ):
        return ledger.mailing(mailing_list.slug, key) or existing
    if existing.state == "planned":
        return existing  # made by a ticker a moment ago, not composed yet
    raise RefusedError(
        f"{mailing_list.slug}/{key} exists already and is {existing.state}: nobody is"
        f" mailed twice. See mailer status {mailing_list.slug}/{key}; for an extra"
        " edition give it a date of its own with --edition"
    )


def _refuse_to_go_back(slug: str, edition: str, ledger: Ledger) -> None:
    """Refuse to make last week's edition after this week's, unless it is named."""
    for other in ledger.between(slug, edition, date.max.isoformat()):
        if other.edition > edition and other.state in _GONE_OUT:
            raise RefusedError(
                f"{slug}/{other.edition} exists already, and is newer than the one that"
                f" is current at this moment; if you mean the older one, name it:"
                f" --edition {edition}"
            )


_GONE_OUT = ("planned", "sending", "paused", "finished", "unresolved")


def chosen(mailing_list: MailingList, edition: str | None, now: datetime) -> Occurrence:
    """Return the occurrence that an edition names, or the current one."""
    if mailing_list.kind is not Kind.DIGEST:
        raise RefusedError(
            f"{mailing_list.slug} is a list for urgent calls, not for digests"
        )
    cadence = mailing_list.cadence
    if edition is None and cadence is not None:
        return editions.last_due(cadence, now)
    if edition is None:
        raise InputError(
            f"{mailing_list.slug} has no [cadence]: name the edition, --edition"
            f" {now:%Y-%m-%d}"
        )
    try:
        day = date.fromisoformat(edition)
    except ValueError:
        raise InputError(
            f'--edition: "{edition}" is no date; write it as {now:%Y-%m-%d}'
        ) from None
    if abs(day - now.date()) > _FAR:
        raise InputError(
            f"--edition: {edition} is years away from {now:%Y-%m-%d}; check the year"
        )
    if cadence is not None:
        due_at = editions.instant(cadence, day)
    else:
        due_at = datetime.combine(day, time(), tzinfo=now.tzinfo)
    if due_at > now + timedelta(days=7):
        raise InputError(
            f"--edition: {edition} is more than a week ahead of {now:%Y-%m-%d}; what"
            " is sent today would be wrong by then"
        )
    return Occurrence(day, due_at)
