"""Of which mailings somebody was suppressed: what the provider told of each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mailer.core.events import EventKind

_SUPPRESSING = {
    EventKind.HARD: ("bounced",),
    EventKind.COMPLAINED: ("complained",),
    EventKind.SOFT: ("unreachable",),
}


def behind(
    reason: str | None, deliveries: Iterable[Mapping[str, Any]]
) -> Sequence[str]:
    """Return the mailings, LIST/EDITION, of which this reason was told."""
    return [
        f"{row['slug']}/{row['edition']}"
        for row in deliveries
        if reason is not None and reason in _SUPPRESSING.get(row["heard"], ())
    ]
