"""Plain functions that make records; every argument has a sensible default."""

from datetime import UTC, date, datetime, time
from typing import Any

from mailer.core.model import Action, Draft, Facts, Place, Sponsor
from mailer.ports import Batch, Contacted, Mailing

MONDAY = datetime(2019, 10, 7, 15, 0, tzinfo=UTC)  # 8:00 in Los Angeles

MAILING = Mailing(
    id=1,
    key=b"m" * 16,
    list_number=7,
    list_slug="weekly",
    edition="2019-10-07",
    state="sending",
    due_at=MONDAY,
    planned_at=MONDAY,
    as_of=MONDAY,
    until=MONDAY,
)
PLACES = {
    "San Diego": (32.7157, -117.1647, "CA", "America/Los_Angeles"),
    "Chula Vista": (32.6401, -117.0842, "CA", "America/Los_Angeles"),
    "Los Angeles": (34.0522, -118.2437, "CA", "America/Los_Angeles"),
    "Newark": (40.7357, -74.1724, "NJ", "America/New_York"),
    "Denver": (39.7392, -104.9847, "CO", "America/Denver"),
    "Anchorage": (61.2181, -149.9003, "AK", "America/Anchorage"),
}


def place(name: str = "San Diego") -> Place:
    """Return a real place."""
    latitude, longitude, region, zone = PLACES[name]
    return Place(
        label=f"{name}, {region}",
        locality=name,
        region=region,
        latitude=latitude,
        longitude=longitude,
        time_zone=zone,
    )


def facts(where: str = "San Diego", day: int = 12, **changes: Any) -> Facts:
    """Return an action's facts on a day of October 2019."""
    values: dict[str, Any] = {
        "start_date": date(2019, 10, day),
        "time_zone": PLACES[where][3],
        "place": place(where),
        "sponsors": (Sponsor(name="Unión del Barrio"),),
    }
    return Facts(**{**values, **changes})


def draft(where: str = "San Diego", day: int = 12, **changes: Any) -> Draft:
    """Return what a source says."""
    line = changes.pop("line", 1)
    external_id = changes.pop("external_id", None)
    return Draft(line=line, external_id=external_id, facts=facts(where, day, **changes))


def action(
    number: int, where: str = "San Diego", day: int = 12, **changes: Any
) -> Action:
    """Return a stored action."""
    version = changes.pop("version", 1)
    return Action(
        id=number,
        public_id=f"public-{number}",
        source="page",
        external_id=None,
        version=version,
        facts=facts(where, day, **changes),
    )


def contact(number: int, **changes: Any) -> Contacted:
    """Return a person who has agreed to be mailed."""
    values: dict[str, Any] = {
        "line": number,
        "address": f"reader{number}@example.org",
        "organization": "Unión del Barrio",
        "place": place("San Diego"),
        "consent_basis": "form",
        "consent_at": datetime(2019, 9, 3, tzinfo=UTC),
    }
    return Contacted(**{**values, **changes})


def batch_of(attempt: int = 1, seq: int = 0) -> Batch:
    """Return a batch of that mailing, claimed once."""
    return Batch(mailing=MAILING, variant_id=3, seq=seq, epoch=1, attempt=attempt)


NINE = time(9, 0)
