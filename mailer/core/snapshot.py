"""Facts as JSON values and back: how a version of an action is kept."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, time
from typing import Any

from mailer.core.model import (
    ActionStatus,
    Facts,
    LocationVisibility,
    Place,
    Sponsor,
    SponsorRole,
)

_DATES = ("start_date", "end_date")
_TIMES = ("start_time", "end_time")


def dump(facts: Facts) -> dict[str, Any]:
    """Return the facts as JSON values, leaving out what is not known."""
    values = {k: v for k, v in asdict(facts).items() if v is not None}
    for key in (*_DATES, *_TIMES):
        if key in values:
            values[key] = values[key].isoformat()
    values["place"] = {k: v for k, v in values["place"].items() if v is not None}
    values["sponsors"] = [[s.name, s.role.value] for s in facts.sponsors]
    values["status"] = facts.status.value
    values["location_visibility"] = facts.location_visibility.value
    return values


def load(values: Mapping[str, Any]) -> Facts:
    """Return the facts that `dump` wrote."""
    known = dict(values)
    for key in _DATES:
        if key in known:
            known[key] = date.fromisoformat(known[key])
    for key in _TIMES:
        if key in known:
            known[key] = time.fromisoformat(known[key])
    known["place"] = Place(**known["place"])
    known["sponsors"] = tuple(
        Sponsor(name=name, role=SponsorRole(role)) for name, role in known["sponsors"]
    )
    known["status"] = ActionStatus(known["status"])
    known["location_visibility"] = LocationVisibility(known["location_visibility"])
    return Facts(**known)


def differences(before: Facts | None, after: Facts) -> Mapping[str, tuple[Any, Any]]:
    """Return what changed, by the name of each fact: as it was, and as it is.

    Nothing for the first version, which changed nothing.
    """
    if before is None:
        return {}
    was, now = dump(before), dump(after)
    return {
        name: (was.get(name), now.get(name))
        for name in sorted(was.keys() | now.keys())
        if was.get(name) != now.get(name)
    }
