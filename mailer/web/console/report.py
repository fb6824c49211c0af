"""What became of a mailing, as a table that any spreadsheet opens and none runs."""

import csv
import io
from collections.abc import Iterable, Mapping

from mailer.core.formulas import guarded
from mailer.ports import Fared, Standing

KINDS = ("delivered", "deferred", "hard", "soft", "block", "complained")
_MARK = "\ufeff"  # by which spreadsheets know UTF-8
_HEADER = ("by", "name", "people", *KINDS, "left")


def csv_of(standing: Standing, fared: Fared) -> str:
    """Return the report: all of it, then by state of delivery, reason, domain, region."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(_HEADER)
    writer.writerow(_row("all", standing.mailing, fared.sent, fared.heard, fared.left))
    writer.writerows(_counts("state", standing.deliveries.items()))
    writer.writerows(_counts("reason", standing.reasons.items()))
    for title, rows in (("domain", fared.domains), ("region", fared.regions)):
        for name, counts in rows:
            writer.writerow(_row(title, name, sum(counts.values()), counts))
    return _MARK + written.getvalue()


def _row(
    by: str,
    name: str,
    people: int,
    counts: Mapping[str, int],
    left: int | str = "",
) -> list[str | int]:
    heard = [counts.get(kind, 0) for kind in KINDS]
    return [by, guarded(name), people, *heard, left]


def _counts(by: str, rows: Iterable[tuple[str, int]]) -> Iterable[list[str | int]]:
    blank = [""] * (len(KINDS) + 1)
    return ([by, guarded(name), people, *blank] for name, people in rows)
