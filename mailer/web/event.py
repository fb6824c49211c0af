"""One action as schema.org describes an Event (https://schema.org/Event, 2026-11)."""

from typing import Any

from mailer.adapters.calendar import location, span
from mailer.core.model import ActionStatus, Facts

_STATUS = {
    ActionStatus.CONFIRMED: "EventScheduled",
    ActionStatus.TENTATIVE: "EventScheduled",
    ActionStatus.CANCELLED: "EventCancelled",
    ActionStatus.POSTPONED: "EventPostponed",
}


def event(
    facts: Facts, *, name: str, url: str, more_url: str | None
) -> dict[str, object]:
    """Return JSON-LD of public facts; what nobody has said is left out."""
    start, _ = span(facts)
    described: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": name,
        "startDate": start.isoformat(),
        "endDate": _end(facts),
        "eventStatus": f"https://schema.org/{_STATUS[facts.status]}",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "location": {
            "@type": "Place",
            "name": facts.venue or location(facts),
            "address": _present(
                {
                    "@type": "PostalAddress",
                    "streetAddress": facts.address,
                    "addressLocality": facts.place.locality,
                    "addressRegion": facts.place.region,
                    "addressCountry": facts.place.country,
                }
            ),
        },
        "description": facts.description,
        "organizer": [
            {"@type": "Organization", "name": sponsor.name}
            for sponsor in facts.sponsors
        ],
        "url": url,
        "sameAs": more_url,
        "isAccessibleForFree": True,
        "inLanguage": facts.language,
    }
    return _present(described)


def _end(facts: Facts) -> str | None:
    """Return the last day or moment; schema.org's end is inclusive for days."""
    if facts.start_time is None or facts.end_time is None:
        return facts.end_date.isoformat() if facts.end_date else None
    _, end = span(facts)
    return end.isoformat() if end else None


def _present(pairs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in pairs.items() if value}
