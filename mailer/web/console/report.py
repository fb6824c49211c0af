"""What became of a mailing, as a table that any spreadsheet opens and none runs."""

from collections.abc import Iterable, Iterator, Mapping

from mailer.adapters.sheets import written
from mailer.ports import Fared, Standing
from mailer.web.console.showing import causes

KINDS = ("delivered", "deferred", "hard", "soft", "block", "complained")
_HEADER = ("by", "name", "people", *KINDS, "left")
_BLANK = ("",) * (len(KINDS) + 1)


def table(standing: Standing, fared: Fared) -> bytes:
    """Return all of it, then by state of delivery, reason, domain and region: CSV."""
    return b"".join(written(_HEADER, _rows(standing, fared)))


def _rows(standing: Standing, fared: Fared) -> Iterator[tuple[str, ...]]:
    yield (*_heard("all", standing.mailing, fared.sent, fared.heard), str(fared.left))
    yield from _counts("state", standing.deliveries.items())
    for state in standing.deliveries:
        yield from _counts("reason", causes(standing, state), f"{state}: ")
    for title, rows in (("domain", fared.domains), ("region", fared.regions)):
        for name, counts in rows:
            yield (*_heard(title, name, sum(counts.values()), counts), "")


def _heard(
    by: str, name: str, people: int, counts: Mapping[str, int]
) -> tuple[str, ...]:
    return (by, name, str(people), *(str(counts.get(kind, 0)) for kind in KINDS))


def _counts(
    by: str, rows: Iterable[tuple[str, int]], before: str = ""
) -> Iterator[tuple[str, ...]]:
    return ((by, f"{before}{name}", str(people), *_BLANK) for name, people in rows)
