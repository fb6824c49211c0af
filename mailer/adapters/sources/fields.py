"""Single fields of an action, read from cells; what is wrong is dropped and told."""

import re
from dataclasses import replace
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailer.adapters.sources.row import RejectedError, Row
from mailer.adapters.sources.text import quoted
from mailer.core.model import (
    ActionStatus,
    Contact,
    LocationVisibility,
    Place,
    Sponsor,
    SponsorRole,
)
from mailer.core.sponsors import name_key, split

_YES = frozenset(("1", "y", "yes", "true", "t", "x", "si", "sí"))
_NO = frozenset(("", "0", "n", "no", "false", "f"))
_LANGUAGES = {
    "english": "en",
    "inglés": "en",
    "spanish": "es",
    "español": "es",
    "espanol": "es",
}
_STATUSES = {
    "canceled": "cancelled",
    "scheduled": "confirmed",
    "active": "confirmed",
    "rescheduled": "postponed",
    "confirmada": "confirmed",
    "cancelada": "cancelled",
    "aplazada": "postponed",
    "pospuesta": "postponed",
}


def zone_of(row: Row, place: Place, default_zone: str | None) -> str:
    """Return the zone the row names, else its place's, else the source's, flagged."""
    written = row.words("time_zone")
    if written is not None:
        if not is_zone(written):
            raise RejectedError(
                "time_zone",
                f'{quoted(written)} is no time zone; write one as "America/Chicago"',
            )
        return written
    if place.time_zone is not None:
        return place.time_zone
    if default_zone is None:
        raise RejectedError(
            "place",
            f"nobody knows the time zone of {quoted(place.label)}; write a city and its"
            ' state, as "Reno, NV", or a city for it under [places] in mailer.toml',
        )
    row.flag(
        "time_zone",
        "zone-assumed",
        f"the time zone of {quoted(place.label)} is not known; {default_zone}, the"
        " source's own, was taken",
    )
    return default_zone


def is_zone(name: str) -> bool:
    """Tell whether this is the name of a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def pinned(
    row: Row, place: Place, latitude: object, longitude: object, *, name: str
) -> Place:
    """Put the place where its own coordinates (degrees, WGS 84) say it is."""
    try:
        north, east = float(str(latitude)), float(str(longitude))
    except ValueError:
        north = east = float("nan")
    if not (abs(north) <= 90 and abs(east) <= 180):
        row.flag(
            name,
            "coordinates-dropped",
            "are no degrees of latitude and longitude, as 32.7157 and -117.1611; those of"
            " the city were taken",
        )
        return place
    return replace(place, latitude=north, longitude=east)


def link(row: Row) -> str | None:
    """Return the row's link; anything but http and https is dropped and told."""
    written = row.words("url")
    if written is None or is_link(written):
        return written
    problem = (  # not shown when it may hold a password
        "names a user or a password, or is no web address, and was left out; write"
        " it as https://example.org/…"
        if "@" in written
        else f"{quoted(written)} is no web address and was left out; write it with"
        " https://"
    )
    row.flag("url", "url-dropped", problem)
    return None


def is_link(words: str) -> bool:
    """Tell whether this is a web address that may stand in a mail."""
    try:
        parts = urlsplit(words)
    except ValueError:
        return False
    plain = not any(each.isspace() or each in '<>"\\' for each in words)
    # https://bank.example@evil.example leads to evil.example, and passwords leak.
    anonymous = "@" not in parts.netloc
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and anonymous
        and plain
    )


def status(row: Row) -> ActionStatus:
    """Return the status; rejects the row when it is none we know."""
    written = row.words("status")
    if written is None:
        return ActionStatus.CONFIRMED
    folded = _STATUSES.get(written.casefold(), written.casefold())
    try:
        return ActionStatus(folded)
    except ValueError:
        raise RejectedError(
            "status", f"{quoted(written)} is none of {', '.join(ActionStatus)}"
        ) from None


def visibility(row: Row) -> LocationVisibility:
    """Return who may read the address; rejects the row when it is not clear."""
    written = row.words("location_visibility")
    if written is None:
        return LocationVisibility.PUBLIC
    try:
        return LocationVisibility(written.casefold().replace(" ", "_"))
    except ValueError:
        # Not guessed: a wrong guess would print an address that is to stay private.
        raise RejectedError(
            "location_visibility",
            f"{quoted(written)} is none of {', '.join(LocationVisibility)}",
        ) from None


def language(row: Row) -> str | None:
    """Return the code of the language that people wrote in."""
    written = row.words("language")
    if written is None:
        return None
    folded = written.casefold().replace("_", "-")
    code = _LANGUAGES.get(folded, folded)
    if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}", code):
        return code
    row.flag(
        "language",
        "language-dropped",
        f'{quoted(written)} is no language code and was left out; write "en" or "es"',
    )
    return None


def sponsors(row: Row) -> tuple[Sponsor, ...]:
    """Read the lead and the others; names are parted by semicolons, not commas."""
    lead, written = row.words("lead_sponsor"), row.words("sponsors")
    line = split(f"{written or ''};")
    if written and "," in written and ";" not in written:
        row.flag(
            "sponsors",
            "sponsors-with-commas",
            "has commas but no semicolons and is taken for one name; part several"
            " names with semicolons",
        )
    others = (
        name for name in line.names if not lead or name_key(name) != name_key(lead)
    )
    leads = (Sponsor(name=lead, role=SponsorRole.LEAD),) if lead else ()
    return (*leads, *(Sponsor(name=name) for name in others))


def contact(row: Row) -> Contact:
    """Return who answers for the action."""
    email = row.words("contact_email")
    if email is not None and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", email):
        row.flag(
            "contact_email",
            "contact-email-dropped",
            "is no e-mail address and was left out",
        )
        email = None
    return Contact(
        name=row.words("contact_name"),
        email=email,
        phone=row.words("contact_phone"),
        public=_yes(row, "contact_public"),
        consent_connect=_yes(row, "consent_connect"),
    )


def _yes(row: Row, name: str) -> bool:
    written = (row.words(name) or "").casefold()
    if written in _YES:
        return True
    if written not in _NO:
        row.flag(
            name,
            "yes-or-no",
            f'{quoted(written)} is neither yes nor no and is taken for no; write "yes"',
        )
    return False
