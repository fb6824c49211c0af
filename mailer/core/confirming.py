"""Who vouches for a blast, as far as it is true when it goes out."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from mailer.core.blast import Confirmed
from mailer.core.draft import Draft
from mailer.core.model import Action, ActionStatus, SponsorRole
from mailer.core.proposal import Approval

_VOUCHING = (SponsorRole.LEAD, SponsorRole.CO_SPONSOR)  # who promotes, only passes on


def confirmed(
    draft: Draft, action: Action | None, zone: ZoneInfo, approval: Approval | None
) -> Confirmed | None:
    """Return who vouches for it, hours on the wall clock of the list's zone.

    Before an approval nobody does; and whoever approved alone does not vouch for
    themselves, only after an organization. An hour of another day is left out: readers would
    take it for one of today.
    """
    if approval is None:
        return None
    at, sponsor = approval.at.astimezone(zone), _sponsor(action)
    if sponsor is None and approval.coordinators == 1:
        return None
    return Confirmed(
        by=sponsor,
        coordinators=approval.coordinators,
        checked_at=at.time().replace(second=0, microsecond=0),
        again_before=_again(draft.not_after, at.date(), zone),
    )


def _sponsor(action: Action | None) -> str | None:
    """Return the organization that leads an action which is confirmed, or backs it."""
    if action is None or action.facts.status is not ActionStatus.CONFIRMED:
        return None
    sponsors = action.facts.sponsors
    for role in _VOUCHING:
        for each in sponsors:
            if each.role is role:
                return each.name
    return None


def _again(last: datetime | None, day: date, zone: ZoneInfo) -> time | None:
    if last is None or last.astimezone(zone).date() != day:
        return None
    return last.astimezone(zone).time().replace(second=0, microsecond=0)
