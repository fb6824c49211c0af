"""Which of the coalition's languages a page is in."""

from collections.abc import Sequence


def choose(
    offered: Sequence[str], *, asked: str | None, preferred: str | None, accepted: str
) -> str:
    """Return the first that is offered: asked for, preferred, the browser's, ours.

    `accepted` is an Accept-Language header (RFC 9110 §12.5.4), possibly broken.
    """
    for language in (asked, preferred, *_ranked(accepted)):
        if language in offered:
            return str(language)
    return offered[0]


def _ranked(header: str) -> list[str]:
    """Return primary language codes, most wanted first."""
    weighted = []
    for entry in header.split(",")[:20]:
        tag, _, parameters = entry.partition(";")
        name, _, value = parameters.partition("=")
        weight = _weight(value) if name.strip() == "q" else 1.0
        if weight > 0:
            weighted.append((weight, tag.strip().partition("-")[0].lower()))
    return [code for _, code in sorted(weighted, key=lambda pair: -pair[0])]


def _weight(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return 0.0
