"""What an imported row proves: that somebody agreed and when, or that they left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.pipeline import cells
from mailer.pipeline.cells import CellError

_AHEAD = timedelta(hours=14)  # a date without a zone may be today's in Kiritimati
_HERE = frozenset(("", "subscribed", "active"))
_GONE = (
    ("unsubscribed_at", "they unsubscribed"),
    ("cleaned_at", "their mail bounced"),
)
LEAVING = ("status", "unsubscribed_at", "cleaned_at")  # the columns that tell who left
# What people write who have no consent, in place of nothing.
_NO_BASIS = frozenset(
    (
        "-",
        "?",
        "0",
        "denied",
        "f",
        "false",
        "n",
        "n/a",
        "na",
        "negative",
        "never",
        "ninguna",
        "ninguno",
        "no",
        "no consent",
        "none",
        "not given",
        "null",
        "pending",
        "refused",
        "revoked",
        "unknown",
        "unsubscribed",
        "withdrawn",
    )
)


@dataclass(frozen=True, slots=True)
class Consent:
    """Who let us mail them, how and when; all None when the row does not say."""

    basis: str | None
    at: datetime | None
    source: str | None


def proven(row: Mapping[str, str], now: datetime) -> Consent:
    """Return what the row proves: our own columns, else another tool's record.

    Raises CellError when it contradicts itself or lies after `now`.
    """
    basis, source = (
        cells.words(row, "consent_basis"),
        cells.words(row, "consent_source"),
    )
    at = _agreed("consent_at", row, now)
    if basis is not None and basis.casefold().rstrip(".!") in _NO_BASIS:
        raise CellError(
            "consent_basis",
            f"{cells.shown(basis)} says that nobody agreed; write how they agreed, as"
            ' "form", or leave it and consent_at empty to import them as pending',
        )
    if (basis is None) != (at is None):
        empty, given = ("consent_at", "consent_basis")
        if basis is None:
            empty, given = given, empty
        raise CellError(
            empty,
            f"is empty although {given} is given; write how they agreed and when, as"
            ' "form" and 2019-09-03, or leave both empty to import them as pending',
        )
    confirmed = _agreed("confirmed_at", row, now)
    since = _agreed("subscribed_at", row, now)
    if basis is None and confirmed:
        return Consent("confirmed in another tool", confirmed, source or "export")
    if basis is None and since and _status(row) == "subscribed":
        return Consent("subscribed in another tool", since, source or "export")
    return Consent(basis, at, source)


def _agreed(column: str, row: Mapping[str, str], now: datetime) -> datetime | None:
    """Return when somebody agreed; nobody agrees in the future."""
    at = cells.instant(column, row.get(column))
    if at is not None and at > now + _AHEAD:
        raise CellError(
            column,
            f"{at:%Y-%m-%d} is still to come; write when they agreed, as 2019-09-03",
        )
    return at


def _status(row: Mapping[str, str]) -> str:
    return (row.get("status") or "").strip().casefold()


def left(row: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the column that says they left or bounced, and what it says."""
    if _status(row) not in _HERE:
        return "status", f"they are {cells.shown(_status(row))}"
    for column, what in _GONE:
        if (row.get(column) or "").strip():
            return column, what
    return None


def refuse_those_who_left(row: Mapping[str, str]) -> None:
    """Raise CellError when the row says that they left or bounced."""
    if gone := left(row):
        column, what = gone
        raise CellError(
            column,
            f"{what} in the other tool, so they are not subscribed; to never mail them"
            " from any list: put them in a file for mailer import suppressions",
        )
