"""What was wrong and what is right, laid out for its templates."""

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from mailer.adapters.renderer.cleaning import cleaned
from mailer.adapters.renderer.rows import row_of
from mailer.adapters.renderer.view import Change
from mailer.core.digest import Digest, ItemKind, Section, SectionKind
from mailer.core.notices import Correction


def words(correction: Correction, base_url: str) -> dict[str, Any]:
    """Return what the templates of `correction` print: each action as a change."""
    items = tuple(
        replace(
            item,
            kind=ItemKind.CANCELLED if item.facts.status.is_off else ItemKind.CHANGED,
        )
        for item in correction.items
    )
    digest = Digest(
        list_slug=correction.list_slug,
        edition=correction.edition,
        language=correction.language,
        reader=None,
        week_of=correction.sent_on,
        as_of=datetime.combine(correction.sent_on, time(), UTC),
        first=False,
        sections=(Section(kind=SectionKind.CHANGES, items=items),),
    )
    rows = [row_of(item, digest, base_url) for item in items]
    return {
        "correction": cleaned(replace(correction, items=())),
        "changes": [Change(row=row, still=()) for row in rows],
        "places": list(dict.fromkeys(row.city for row in rows)),
    }
