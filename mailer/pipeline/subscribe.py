"""Imported rows → people and organizations, checked before anything is kept.

Without a consent basis a person is `pending` and gets nothing: an address in a file
is not a yes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from mailer.core.errors import InputError
from mailer.core.model import Flag, Place, Rejection
from mailer.core.seats import ROLES
from mailer.core.sponsors import name_key
from mailer.core.tables import LANGUAGES
from mailer.core.tags import LONGEST_KIND, LONGEST_TAG
from mailer.core.tokens import normalize
from mailer.pipeline import cells, consent
from mailer.pipeline.cells import CellError
from mailer.pipeline.findings import Findings
from mailer.pipeline.repeats import Repeats, Row
from mailer.ports import Contacted, Organized

Kept = TypeVar("Kept")
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
    "tags",
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
    "kind",
)
# How people write the countries whose places are known.
_COUNTRIES = {
    "usa": "US",
    "united states": "US",
    "united states of america": "US",
    "estados unidos": "US",
    "eeuu": "US",
    "canada": "CA",
    "canadá": "CA",
    "mexico": "MX",
    "méxico": "MX",
}
# As long as the store has room for them.
_NAME, _BASIS, _CITY, _STATE, _ORGANIZATION = 120, 60, 150, 40, 300  # characters


def contacts(
    rows: Iterable[Row],
    *,
    file: str,
    repeats: Repeats,
    findings: Findings,
    check_address: CheckAddress,
    resolve: ResolvePlace,
    default_language: str,
    now: datetime,
) -> Iterator[Contacted]:
    """Read subscribers one by one; the same address again in one file is rejected.

    Whoever left by one row of the file is not subscribed by another, as `repeats`
    knows, and nobody can have agreed after `now`.
    """
    seen: dict[str, int] = {}

    def read(line: int, row: Mapping[str, str]) -> Contacted:
        address = _address(row, check_address)
        consent.refuse_those_who_left(row)
        proof = consent.proven(row, now)
        place, flag = _place(line, row, resolve)
        contact = Contacted(
            line=line,
            address=address,
            given_name=cells.words(row, "given_name", limit=_NAME),
            family_name=cells.words(row, "family_name", limit=_NAME),
            organization=_organization(row),
            role=cells.choice("role", row.get("role"), ROLES, "primary"),
            language=cells.choice(
                "language", row.get("language"), LANGUAGES, default_language
            ),
            time_zone=cells.zone(row.get("time_zone")),
            place=place,
            consent_basis=proof.basis,
            consent_at=proof.at,
            consent_source=proof.source,
            consent_wording=cells.words(row, "consent_text", limit=cells.LONG),
            tags=cells.tags(row.get("tags"), limit=LONGEST_TAG),
        )
        key = normalize(address)
        if repeats.suspected(key):
            _refuse_again(key, line, repeats.gone, seen)
        if flag:
            findings.flag(flag)
        return contact

    return _each(rows, file, read, findings)


def _refuse_again(
    key: str, line: int, gone: Mapping[str, int], seen: dict[str, int]
) -> None:
    if key in gone:
        raise CellError("email", f"the same address left according to line {gone[key]}")
    if key in seen:
        raise CellError(
            "email",
            f"the same address as in line {seen[key]}; one row per person and file"
            " (several seats: import them from a second file)",
        )
    seen[key] = line


def _address(row: Mapping[str, str], check_address: CheckAddress) -> str:
    written = cells.words(row, "email", limit=cells.LONG)
    if not written:
        raise CellError("email", "is empty; write the address")
    try:
        return check_address(written)
    except InputError as error:
        raise CellError("email", str(error)) from None


def _organization(row: Mapping[str, str]) -> str | None:
    name = cells.words(row, "organization")
    if name and not name.isascii() and len(name_key(name)) > _ORGANIZATION:
        raise CellError("organization", "is too long; shorten it")
    return name


def organizations(
    rows: Iterable[Row], *, file: str, resolve: ResolvePlace, findings: Findings
) -> Iterator[Organized]:
    """Read organizations one by one."""

    def read(line: int, row: Mapping[str, str]) -> Organized:
        name = cells.words(row, "name")
        if not name:
            raise CellError("name", "is empty; every organization needs one")
        place, flag = _place(line, row, resolve)
        public = cells.choice("public", row.get("public"), ("yes", "no"), "yes")
        organized = Organized(
            line=line,
            name=name,
            aliases=cells.split(cells.words(row, "aliases", limit=cells.LONG)),
            parent=cells.words(row, "parent"),
            place=place,
            website=cells.website(row),
            endorses=cells.words(row, "endorses"),
            endorsed_on=cells.day("endorsed_on", row.get("endorsed_on")),
            public=public == "yes",
            kind=cells.kind(row, limit=LONGEST_KIND),
        )
        if flag:
            findings.flag(flag)
        return organized

    return _each(rows, file, read, findings)


def addresses(
    rows: Iterable[Row],
    *,
    file: str,
    check_address: CheckAddress,
    findings: Findings,
) -> Iterator[str]:
    """Read addresses that must never be mailed, one by one."""

    def read(_line: int, row: Mapping[str, str]) -> str:
        return _address(row, check_address)

    return _each(rows, file, read, findings)


def _each(
    rows: Iterable[Row],
    file: str,
    read: Callable[[int, Mapping[str, str]], Kept],
    findings: Findings,
) -> Iterator[Kept]:
    for line, row in rows:
        try:
            kept = read(line, row)
        except CellError as bad:
            findings.reject(
                Rejection(file=file, line=line, field=bad.column, message=str(bad))
            )
        else:
            yield kept


def _place(
    line: int, row: Mapping[str, str], resolve: ResolvePlace
) -> tuple[Place | None, Flag | None]:
    city = cells.words(row, "city", limit=_CITY)
    if not city:
        return None, None
    state, country = cells.words(row, "state", limit=_STATE), _country(row)
    place, flag = resolve(city, state, country)
    if flag is None:
        return place, None
    return place, Flag(line=line, field="city", code=flag.code, message=flag.message)


def _country(row: Mapping[str, str]) -> str:
    written = cells.words(row, "country")
    if written is None or written == "US":
        return "US"
    code = _COUNTRIES.get(written.casefold().replace(".", ""), written.upper())
    if not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise CellError(
            "country",
            f"{cells.shown(written)} is no country's code; write its two letters, as"
            " MX (ISO 3166)",
        )
    return code
