"""Facts as strangers may read them, wherever they are printed."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from mailer.adapters.renderer.cleaning import cleaned
from mailer.adapters.renderer.plain import clean
from mailer.core.model import Action, Facts


def shown(action: Action) -> Action:
    """Return the action with what is public of it, fit to print.

    No control characters and none that turn the direction of text; everything on one
    line but descriptions and notes, which keep their own.
    """
    facts = action.facts.public
    fit = cleaned(facts)
    place = fit.place
    label = place.label or place.locality or place.region or place.country
    return replace(
        action,
        facts=replace(
            fit,
            place=replace(place, label=label),
            description=_lines(facts.description),
            note=_lines(facts.note),
        ),
    )


def _lines(words: str | None) -> str | None:
    if words is None:
        return None
    return "\n".join(clean(line) for line in words.splitlines()).strip() or None


def web(url: str | None) -> str | None:
    """Return the address if it leads to the web; a source may hold anything."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def is_over(facts: Facts, at: datetime) -> bool:
    """Tell whether its last day has passed, where it takes place."""
    today = at.astimezone(ZoneInfo(facts.time_zone)).date()
    return (facts.end_date or facts.start_date) < today
