"""A coordinator's message laid out for its templates, in one language or two."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mailer.adapters.renderer.cleaning import cleaned
from mailer.adapters.renderer.plain import linkable
from mailer.adapters.renderer.press import Press
from mailer.adapters.renderer.prose import as_text, linked
from mailer.core.blast import Blast, Occasion, Version
from mailer.core.prose import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One language's words, with the links of all."""

    version: Version
    body: tuple[Block, ...]
    body_text: str
    is_second: bool  # it follows the same message in another language


def words(
    blast: Blast, press: Press, *, folder: str, slots: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the templates print; the translation is printed already.

    Links that are neither https nor our own are left out.
    """
    blast = _fit(cleaned(blast), press.base_url)
    shared = {"blast": blast, "slots": slots}
    result = {
        **shared,
        "told": _told(blast.version, press, is_second=False),
        "translation_html": "",
        "translation_text": "",
        "translated_into": None,
    }
    if blast.translation is not None:
        language = blast.translation.language
        told = _told(blast.translation, press, is_second=True)
        second = {**press.shared(language), **shared, "told": told}
        here = f"email/{folder}/message"
        result["translated_into"] = language
        result["translation_html"] = press.passage(f"{here}.html", language, second)
        result["translation_text"] = press.text(f"{here}.txt", language, second)
    return result


def _told(version: Version, press: Press, *, is_second: bool) -> Told:
    body = linked(version.body, press.base_url)
    return Told(
        version=version, body=body, body_text=as_text(body), is_second=is_second
    )


def _fit(blast: Blast, base_url: str) -> Blast:
    occasion = blast.occasion
    return replace(
        blast,
        answer_url=linkable(blast.answer_url, base_url),
        occasion=_linkable(occasion, base_url) if occasion else None,
    )


def _linkable(occasion: Occasion, base_url: str) -> Occasion:
    return replace(
        occasion,
        calendar=linkable(occasion.calendar, base_url),
        directions=linkable(occasion.directions, base_url),
    )
