"""A folder of templates → a letter: subject, preheader, HTML and plain text."""

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from mailer.adapters.renderer import isolating, plain
from mailer.adapters.renderer.brand import Brand, in_language
from mailer.adapters.renderer.environment import environment
from mailer.adapters.renderer.folding import folded
from mailer.adapters.renderer.inline import Engine, inline
from mailer.adapters.renderer.locating import spelled
from mailer.adapters.renderer.proof import proofread
from mailer.adapters.renderer.templating import print_template
from mailer.core.errors import TemplateError
from mailer.core.tables import LANGUAGES
from mailer.ports import Rendered

_PREHEADER = 110  # characters; inboxes cut after about that many
_SHORT = 60  # what is shorter, they fill with the page's first words
# Each is written in its own language, for whoever cannot read the other one.
_OFFERS = {"en": "Get this in English", "es": "Recibir en español"}


Words = Mapping[str, Any]


class Press:
    """Prints letters by `templates/email/`; slots' markers come out as they went in."""

    def __init__(
        self,
        templates: Path,
        brand: Brand,
        base_url: str,
        engine: Engine = Engine.PREMAILER,
    ) -> None:
        self.templates, self.brand, self.base_url = templates, brand, base_url
        self._engine = engine
        self._environment = lru_cache(maxsize=None)(self._make_environment)

    def letter(
        self, folder: str, language: str, words: Words, slots: Mapping[str, str]
    ) -> Rendered:
        """Print the folder's templates with these words and what all letters share.

        Raises TemplateError naming the template's file and line.
        """
        folder = f"email/{folder}"
        common = {**self._common(language, slots), **words}
        headline = self.lines(f"{folder}/headline.txt", language, common)
        subject = self.lines(f"{folder}/subject.txt", language, common)
        preheader = self.lines(f"{folder}/preheader.txt", language, common)
        common |= {
            "headline": [plain.clean(line) for line in headline],
            "title": plain.clean(" ".join(subject)),
            "preheader": _preheader(preheader),
        }
        page = self.passage(
            f"{folder}/body.html", language, common | _of(slots, "html")
        )
        text = self.text(f"{folder}/body.txt", language, common | _of(slots, "text"))
        return Rendered(
            subject=common["title"],
            preheader=common["preheader"],
            html=self._inlined(page, slots, f"{folder}/body.html"),
            text=plain.tidied(text),
        )

    def text(self, name: str, language: str, words: Words) -> str:
        """Print one template as plain text."""
        return print_template(self._environment(language, html=False), name, words)

    def lines(self, name: str, language: str, words: Words) -> list[str]:
        """Print one template as plain text and return its lines that say something."""
        printed = self.text(name, language, words)
        return [line.strip() for line in printed.splitlines() if line.strip()]

    def passage(self, name: str, language: str, words: Words) -> Markup:
        """Print one template as HTML, everything in `words` escaped."""
        env = self._environment(language, html=True)
        return Markup(print_template(env, name, words))  # noqa: S704 - escaped by it

    def shared(self, language: str) -> dict[str, Any]:
        """Return what every template may print, whoever the reader is."""
        other = next(code for code in LANGUAGES if code != language)
        footer, footer_language = in_language(self.brand.own.footer, language)
        return {
            "brand": self.brand,
            "look": self.brand.palette,
            "logo_url": self.brand.logo_url(self.base_url),
            "share_url": f"{self.base_url}/share?lang={language}"
            if self.brand.takes_plans
            else None,
            "own_footer": footer,
            "own_footer_language": footer_language,
            "other_language": other,
            "in_other_language": _OFFERS[other],
        }

    def _common(self, language: str, slots: Mapping[str, str]) -> dict[str, Any]:
        common = self.shared(language)
        for slot, path in (("leave", "u"), ("preferences", "p"), ("confirm", "c")):
            if slot in slots:
                common[f"{slot}_url"] = f"{self.base_url}/{path}/{slots[slot]}"
        return common

    def _make_environment(self, language: str, *, html: bool) -> Environment:
        env = environment(self.templates, language=language, autoescape=html)
        for filter_ in (plain.wrapped, plain.underlined, plain.bound):
            env.filters[filter_.__name__] = filter_
        env.filters["isolated"] = isolating.isolated if html else list
        if html:
            env.filters["listed"] = isolating.in_html(env.filters["listed"])
        env.filters["capitalize_first"] = plain.capitalized
        return env

    def _inlined(self, page: str, slots: Mapping[str, str], file: str) -> str:
        file = spelled(file)
        if not page.strip():
            raise TemplateError(f"{file}: the page is empty")
        proofread(page, file)
        try:
            html = inline(page, self._engine)
        except TemplateError as error:
            raise TemplateError(f"{file}: {error}") from error
        marker = re.compile("|".join(map(re.escape, slots.values())) or r"(?!)")
        if Counter(marker.findall(page)) != Counter(marker.findall(html)):
            raise TemplateError(
                f"{file}: a slot was mangled while styles were put in place; print it"
                " as words or in href, and nowhere else"
            )
        return folded(html)


def _of(slots: Mapping[str, str], part: str) -> dict[str, str]:
    """Return the slots of one part by their bare names: `reason_html` as `reason`."""
    ending = f"_{part}"
    return {
        name.removesuffix(ending): marker
        for name, marker in slots.items()
        if name.endswith(ending)
    }


def _preheader(sentences: list[str]) -> str:
    """Return as many sentences as fit, the weightiest first."""
    chosen = ""
    for sentence in map(plain.clean, sentences):
        joined = f"{chosen} {sentence}".strip()
        if len(joined) <= _PREHEADER:
            chosen = joined
    if len(chosen) >= _SHORT:
        return chosen
    # Rather half of what comes next than room for the page's first words.
    whole = plain.clean(" ".join(sentences))
    return chosen if chosen == whole else plain.shortened(whole, _PREHEADER)
