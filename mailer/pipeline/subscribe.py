"""Imported rows → people and organizations, checked before anything is kept.

Without a consent basis a person is `pending` and gets nothing: an address in a file
is not a yes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mailer.core.errors import InputError
from mailer.core.model import Flag, Place, Rejection
from mailer.core.tables import LANGUAGES
from mailer.core.tokens import normalize
from mailer.pipeline import cells, consent
from mailer.pipeline.cells import CellError
from mailer.ports import Contacted, Organized

Row = tuple[int, Mapping[str, str]]
CheckAddress = Callable[[str], str]
ResolvePlace = Callable[[str, str | None, str], tuple[Place, Flag | None]]

# What other tools' exports say of a subscription, under our names for it.
_ELSEWHERE = (
    "confirmed_at",
    "subscribed_at",
    "status",
    "unsubscribed_at",
    "cleaned_at",
)
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
    "clean_time": "cleaned_at",
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


def contacts(
    rows: Sequence[Row],
    *,
    file: str,
    check_address: CheckAddress,
    resolve: ResolvePlace,
    default_language: str,
    now: datetime,
) -> Checked:
    """Read subscribers; the same address again in one file is rejected.

    Whoever left by one row of the file is not subscribed by another, and nobody can
    have agreed after `now`.
    """
    kept: list[Contacted] = []
    flags: list[Flag] = []
    seen: dict[str, int] = {}
    gone = {
        normalize(row.get("email") or ""): n for n, row in rows if consent.left(row)
    }

    def read(line: int, row: Mapping[str, str]) -> None:
        contact = _contact(line, row, check_address, default_language, now)
        place, flag = _place(line, row, resolve)
        if flag:
            flags.append(flag)
        key = normalize(contact.address)
        if key in gone:
            raise CellError(
                "email", f"the same address left according to line {gone[key]}"
            )
        if key in seen:
            raise CellError(
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
    now: datetime,
) -> Contacted:
    address = _address(row, check_address)
    consent.refuse_those_who_left(row)
    proof = consent.proven(row, now)
    return Contacted(
        line=line,
        address=address,
        given_name=cells.words(row, "given_name"),
        family_name=cells.words(row, "family_name"),
        organization=cells.words(row, "organization"),
        role=cells.choice("role", row.get("role"), ROLES, "primary"),
        language=cells.choice(
            "language", row.get("language"), LANGUAGES, default_language
        ),
        time_zone=cells.zone(row.get("time_zone")),
        consent_basis=proof.basis,
        consent_at=proof.at,
        consent_source=proof.source,
        consent_wording=cells.words(row, "consent_text", limit=cells.LONG),
    )


def _address(row: Mapping[str, str], check_address: CheckAddress) -> str:
    written = cells.words(row, "email", limit=cells.LONG)
    if not written:
        raise CellError("email", "is empty; write the address")
    try:
        return check_address(written)
    except InputError as error:
        raise CellError("email", str(error)) from None


def organizations(rows: Sequence[Row], *, file: str, resolve: ResolvePlace) -> Checked:
    """Read organizations."""
    kept: list[Organized] = []
    flags: list[Flag] = []

    def read(line: int, row: Mapping[str, str]) -> None:
        name = cells.words(row, "name")
        if not name:
            raise CellError("name", "is empty; every organization needs one")
        place, flag = _place(line, row, resolve)
        if flag:
            flags.append(flag)
        public = cells.choice("public", row.get("public"), ("yes", "no"), "yes")
        kept.append(
            Organized(
                line=line,
                name=name,
                aliases=cells.split(cells.words(row, "aliases", limit=cells.LONG)),
                parent=cells.words(row, "parent"),
                place=place,
                website=cells.website(row),
                endorses=cells.words(row, "endorses"),
                endorsed_on=cells.day("endorsed_on", row.get("endorsed_on")),
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
        kept.append(_address(row, check_address))

    return Checked(rows=kept, rejected=_each(rows, file, read))


def _each(
    rows: Sequence[Row], file: str, read: Callable[[int, Mapping[str, str]], None]
) -> Sequence[Rejection]:
    rejected: list[Rejection] = []
    for line, row in rows:
        try:
            read(line, row)
        except CellError as bad:
            rejected.append(
                Rejection(file=file, line=line, field=bad.column, message=str(bad))
            )
    return rejected


def _place(
    line: int, row: Mapping[str, str], resolve: ResolvePlace
) -> tuple[Place | None, Flag | None]:
    city = cells.words(row, "city")
    state, country = cells.words(row, "state"), cells.words(row, "country")
    if not city:
        return None, None
    place, flag = resolve(city, state, country or "US")
    if flag is None:
        return place, None
    return place, Flag(line=line, field="city", code=flag.code, message=flag.message)
