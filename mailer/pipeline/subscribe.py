"""Imported rows → people and organizations, checked before anything is kept.

Without a consent basis a person is `pending` and gets nothing: an address in a file
is not a yes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailer.core.errors import InputError
from mailer.core.model import Flag, Place, Rejection
from mailer.core.tables import LANGUAGES
from mailer.ports import Contacted, Organized

Row = tuple[int, Mapping[str, str]]
CheckAddress = Callable[[str], str]
ResolvePlace = Callable[[str, str | None, str], tuple[Place, Flag | None]]

# What other tools' exports say of a subscription, under our names for it.
_ELSEWHERE = ("confirmed_at", "subscribed_at", "status", "unsubscribed_at")
# Headers of Mailchimp's and Action Network's exports, as read in 2026.
SYNONYMS = {
    "address": "email",
    "e_mail": "email",
    "email_address": "email",
    "first_name": "given_name",
    "last_name": "family_name",
    "org": "organization",
    "group": "organization",
    "locality": "city",
    "region": "state",
    "lang": "language",
    "timezone": "time_zone",
    "confirm_time": "confirmed_at",
    "unsub_time": "unsubscribed_at",
    "clean_time": "unsubscribed_at",
    "can2_user_city": "city",
    "can2_state_abbreviated": "state",
    "can2_subscription_status": "status",
    "can2_subscription_date": "subscribed_at",
}
SUBSCRIBER_COLUMNS = (
    "organization",
    "email",
    "given_name",
    "family_name",
    "role",
    "language",
    "time_zone",
    "city",
    "state",
    "country",
    "consent_basis",
    "consent_at",
    "consent_source",
    "consent_text",
    *_ELSEWHERE,
)
ORGANIZATION_COLUMNS = (
    "name",
    "aliases",
    "parent",
    "city",
    "state",
    "country",
    "website",
    "endorses",
    "endorsed_on",
    "public",
)
ROLES = ("primary", "comms", "regional")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Rows that can be kept, and those that cannot, with reasons."""

    rows: Sequence[Any]
    rejected: Sequence[Rejection]
    flagged: Sequence[Flag] = ()


class _CellError(Exception):
    """Carries a column to the rejection of its row."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def contacts(
    rows: Sequence[Row],
    *,
    file: str,
    check_address: CheckAddress,
    resolve: ResolvePlace,
    default_language: str,
) -> Checked:
    """Read subscribers; the same address twice in one file counts once, flagged."""
    kept: list[Contacted] = []
    flags: list[Flag] = []
    seen: dict[str, int] = {}

    def read(line: int, row: Mapping[str, str]) -> None:
        contact = _contact(line, row, check_address, default_language)
        place, flag = _place(line, row, resolve)
        if flag:
            flags.append(flag)
        key = contact.address.casefold()
        if key in seen:
            raise _CellError(
                "email",
                f"the same address as in line {seen[key]}; one row per person and file"
                " (several seats: import them from a second file)",
            )
        seen[key] = line
        kept.append(replace(contact, place=place))

    return Checked(rows=kept, rejected=_each(rows, file, read), flagged=flags)


def _contact(
    line: int,
    row: Mapping[str, str],
    check_address: CheckAddress,
    default_language: str,
) -> Contacted:
    written = row.get("email", "").strip()
    if not written:
        raise _CellError("email", "is empty; every subscriber needs an address")
    try:
        address = check_address(written)
    except InputError as error:
        raise _CellError("email", str(error)) from None
    consent = _consent(row)
    return Contacted(
        line=line,
        address=address,
        given_name=row.get("given_name") or None,
        family_name=row.get("family_name") or None,
        organization=row.get("organization") or None,
        role=_choice("role", row.get("role"), ROLES, "primary"),
        language=_choice("language", row.get("language"), LANGUAGES, default_language),
        time_zone=_zone(row.get("time_zone")),
        consent_basis=consent.basis,
        consent_at=consent.at,
        consent_source=consent.source,
        consent_wording=row.get("consent_text") or None,
    )


@dataclass(frozen=True, slots=True)
class _Consent:
    basis: str | None
    at: datetime | None
    source: str | None


def _consent(row: Mapping[str, str]) -> _Consent:
    """Return what the row proves: our own columns, else another tool's record."""
    _refuse_those_who_left(row)
    basis, source = row.get("consent_basis") or None, row.get("consent_source") or None
    at = _instant("consent_at", row.get("consent_at"))
    if basis and at is None:
        raise _CellError(
            "consent_at",
            "is empty although consent_basis is given; write when they agreed, as"
            " 2019-09-03, or leave both empty to import them as pending",
        )
    if basis is None and row.get("confirmed_at"):
        confirmed = _instant("confirmed_at", row["confirmed_at"])
        return _Consent("confirmed in another tool", confirmed, source or "export")
    if basis is None and (row.get("status") or "").strip().casefold() == "subscribed":
        since = _instant("subscribed_at", row.get("subscribed_at"))
        if since:
            return _Consent("subscribed in another tool", since, source or "export")
    return _Consent(basis, at, source)


def _refuse_those_who_left(row: Mapping[str, str]) -> None:
    status = (row.get("status") or "").strip().casefold()
    if row.get("unsubscribed_at") or status not in ("", "subscribed"):
        raise _CellError(
            "status",
            f'they are "{status or "unsubscribed"}" in the other tool; keep them from'
            " ever being mailed with: mailer import suppressions FILE",
        )


def organizations(rows: Sequence[Row], *, file: str, resolve: ResolvePlace) -> Checked:
    """Read organizations."""
    kept: list[Organized] = []
    flags: list[Flag] = []

    def read(line: int, row: Mapping[str, str]) -> None:
        name = row.get("name", "").strip()
        if not name:
            raise _CellError("name", "is empty; every organization needs one")
        place, flag = _place(line, row, resolve)
        if flag:
            flags.append(flag)
        public = _choice("public", row.get("public"), ("yes", "no"), "yes")
        kept.append(
            Organized(
                line=line,
                name=name,
                aliases=_split(row.get("aliases")),
                parent=row.get("parent") or None,
                place=place,
                website=row.get("website") or None,
                endorses=row.get("endorses") or None,
                endorsed_on=_day("endorsed_on", row.get("endorsed_on")),
                public=public == "yes",
            )
        )

    return Checked(rows=kept, rejected=_each(rows, file, read), flagged=flags)


def addresses(
    rows: Sequence[Row], *, file: str, check_address: CheckAddress
) -> Checked:
    """Read a file of addresses that must never be mailed."""
    kept: list[str] = []

    def read(_line: int, row: Mapping[str, str]) -> None:
        try:
            kept.append(check_address(row.get("email", "")))
        except InputError as error:
            raise _CellError("email", str(error)) from None

    return Checked(rows=kept, rejected=_each(rows, file, read))


def _each(
    rows: Sequence[Row], file: str, read: Callable[[int, Mapping[str, str]], None]
) -> Sequence[Rejection]:
    rejected: list[Rejection] = []
    for line, row in rows:
        try:
            read(line, row)
        except _CellError as bad:
            rejected.append(
                Rejection(file=file, line=line, field=bad.column, message=str(bad))
            )
    return rejected


def _place(
    line: int, row: Mapping[str, str], resolve: ResolvePlace
) -> tuple[Place | None, Flag | None]:
    city = (row.get("city") or "").strip()
    if not city:
        return None, None
    place, flag = resolve(city, row.get("state") or None, row.get("country") or "US")
    if flag is None:
        return place, None
    return place, Flag(line=line, field="city", code=flag.code, message=flag.message)


def _choice(
    column: str, value: str | None, allowed: Sequence[str], default: str
) -> str:
    if not value or not value.strip():
        return default
    word = value.strip().casefold()
    word = {"true": "yes", "1": "yes", "false": "no", "0": "no"}.get(word, word)
    if word not in allowed:
        raise _CellError(column, f'"{value}" is none of {", ".join(allowed)}')
    return word


def _zone(value: str | None) -> str | None:
    if not value:
        return None
    try:
        return ZoneInfo(value.strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _CellError(
            "time_zone", f'"{value}" is no time zone; write one as America/Chicago'
        ) from None


def _instant(column: str, value: str | None) -> datetime | None:
    if not value or not value.strip():
        return None
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        raise _CellError(
            column, f'"{value}" is no date; write it as 2019-09-03'
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _day(column: str, value: str | None) -> date | None:
    at = _instant(column, value)
    return at.date() if at else None


def _split(value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(";") if part.strip())
