"""One action as schema.org describes an Event (https://schema.org/Event, 2026-11)."""

from collections.abc import Sequence
from typing import Any

from mailer.adapters.calendar import location, span
from mailer.core.model import ActionStatus, Facts, SponsorRole

_SCHEMA = "https://schema.org"
_STATUS = {
    ActionStatus.CONFIRMED: "EventScheduled",
    ActionStatus.TENTATIVE: "EventScheduled",
    ActionStatus.CANCELLED: "EventCancelled",
    ActionStatus.POSTPONED: "EventPostponed",
}


def event(
    facts: Facts,
    *,
    name: str,
    url: str,
    more_url: str | None,
    description: str,
    versions: Sequence[Facts] = (),
) -> dict[str, object]:
    """Return JSON-LD of public facts; what nobody has said is left out.

    `versions` are all that the action was told to be, oldest first: one that was
    moved says from when. One that is off keeps the day that it had
    (https://developers.google.com/search/docs/appearance/structured-data/event).
    """
    start, _ = span(facts)
    moved_from = None if facts.status.is_off else _moved_from(versions, facts)
    status = "EventRescheduled" if moved_from else _STATUS[facts.status]
    described: dict[str, Any] = {
        "@context": _SCHEMA,
        "@type": "Event",
        "@id": f"{url}#event",
        "name": name,
        "startDate": start.isoformat(),
        "previousStartDate": span(moved_from)[0].isoformat() if moved_from else None,
        "endDate": _end(facts),
        "eventStatus": f"{_SCHEMA}/{status}",
        "eventAttendanceMode": f"{_SCHEMA}/OfflineEventAttendanceMode",
        "location": _place(facts),
        "description": facts.description or description,
        "organizer": _organizers(facts),
        "url": url,
        "sameAs": more_url,
        "isAccessibleForFree": True,
        "inLanguage": facts.language,
    }
    return _present(described)


def _place(facts: Facts) -> dict[str, Any]:
    """Return the place; of one that is not public, only the city."""
    address = {
        "@type": "PostalAddress",
        "streetAddress": facts.address,
        "addressLocality": facts.place.locality or facts.place.label,
        "addressRegion": facts.place.region,
        "addressCountry": facts.place.country,
    }
    return {
        "@type": "Place",
        "name": facts.venue or location(facts),
        "address": _present(address),
    }


def _organizers(facts: Facts) -> list[dict[str, str]]:
    leads_first = sorted(
        facts.sponsors, key=lambda sponsor: sponsor.role is not SponsorRole.LEAD
    )
    names = (sponsor.name for sponsor in leads_first)
    return [{"@type": "Organization", "name": name} for name in names if name]


def _moved_from(versions: Sequence[Facts], now: Facts) -> Facts | None:
    """Return the latest version that began on another day or at another hour."""
    for was in reversed(versions):
        hours = (was.start_time, now.start_time)
        # An hour that nobody had said before is news, not a move.
        is_later_hour = None not in hours and was.start_time != now.start_time
        if was.start_date != now.start_date or is_later_hour:
            return was
    return None


def _end(facts: Facts) -> str | None:
    """Return the last day or moment; schema.org's end is inclusive for days."""
    if facts.start_time is None or facts.end_time is None:
        return facts.end_date.isoformat() if facts.end_date else None
    _, end = span(facts)
    return end.isoformat() if end else None


def _present(pairs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in pairs.items() if value}
