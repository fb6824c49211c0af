"""Digests as mail: words from the project's templates, styles put in place."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment

from mailer.adapters.renderer import plain
from mailer.adapters.renderer.brand import Brand
from mailer.adapters.renderer.environment import environment
from mailer.adapters.renderer.folding import folded
from mailer.adapters.renderer.inline import inline
from mailer.adapters.renderer.templating import print_template
from mailer.adapters.renderer.view import view
from mailer.core.digest import Digest
from mailer.core.errors import TemplateError
from mailer.core.lists import MailingList
from mailer.core.tables import LANGUAGES
from mailer.ports import Rendered

_PREHEADER = 110  # characters; inboxes cut after about that many
# Each is written in its own language, for whoever cannot read the other one.
_OFFERS = {"en": "Get this in English", "es": "Recibir en español"}
_SOMEBODY = "zqorganizationqz"  # stands for any name while the sentence is printed
_ENGINES = ("jinja2", "babel", "premailer", "cssutils", "lxml")


class MailRenderer:
    """Renders by `templates/email/`; the slots' markers come out as they went in."""

    def __init__(self, templates_folder: Path, brand: Brand, base_url: str) -> None:
        self._folder = templates_folder
        self._brand = brand
        self._base_url = base_url.rstrip("/")
        self._environment = lru_cache(maxsize=None)(self._make_environment)
        self._reason = lru_cache(maxsize=65_536)(self._fill_reason)
        self._sentence = lru_cache(maxsize=8_192)(self._print_reason)

    def fingerprint(self, template: str) -> str:
        """Return a hash of all but the content: templates, words, engines, brand."""
        known = hashlib.sha256()
        for part in (repr(self._brand), self._base_url, *map(version, _ENGINES)):
            known.update(part.encode() + b"\0")
        for file in self._shaping(template):
            known.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
        return known.hexdigest()

    def digest(
        self,
        digest: Digest,
        *,
        mailing_list: MailingList,
        shown: int,
        changes_shown: int | None = None,
        slots: Mapping[str, str],
    ) -> Rendered:
        """Render a digest; after `shown` upcoming actions comes one line with a link.

        Raises TemplateError naming the template's file and line.
        """
        folder = f"email/{mailing_list.template}"
        text_env = self._environment(digest.language, html=False)
        words = self._context(digest, slots, shown, changes_shown)

        def lines(name: str, **more: Any) -> list[str]:
            printed = print_template(text_env, f"{folder}/{name}", words | more)
            return [line.strip() for line in printed.splitlines() if line.strip()]

        headline = lines("headline.txt")
        subject = plain.clean(" ".join(lines("subject.txt")))
        preheader = _preheader(lines("preheader.txt"))
        words |= {"headline": headline, "title": subject, "preheader": preheader}
        html_words = words | {"reason": slots["reason_html"]}
        html_env = self._environment(digest.language, html=True)
        page = print_template(html_env, f"{folder}/body.html", html_words)
        text_words = words | {"reason": slots["reason_text"]}
        return Rendered(
            subject=subject,
            preheader=preheader,
            html=_inlined(page, slots, f"{folder}/body.html"),
            text=plain.tidied(
                print_template(text_env, f"{folder}/body.txt", text_words)
            ),
        )

    def reason(
        self, language: str, organization: str | None, consented_on: date | None
    ) -> str:
        """Say in one sentence why this person gets the mail; plain text."""
        return self._reason(language, organization, consented_on)

    def _fill_reason(
        self, language: str, organization: str | None, consented_on: date | None
    ) -> str:
        # Days are few and organizations many: one template per day, not per pair.
        name = plain.clean(organization or "")
        sentence = self._sentence(language, name and _SOMEBODY, consented_on)
        if name and _SOMEBODY not in sentence:  # the template does something to it
            return self._print_reason(language, name, consented_on)
        return sentence.replace(_SOMEBODY, name)

    def _print_reason(
        self, language: str, organization: str, consented_on: date | None
    ) -> str:
        words = {"organization": organization, "consented_on": consented_on}
        env = self._environment(language, html=False)
        return print_template(env, "email/_design/reason.txt", words).strip()

    def _make_environment(self, language: str, *, html: bool) -> Environment:
        env = environment(self._folder, language=language, autoescape=html)
        env.filters["wrapped"] = plain.wrapped
        env.filters["underlined"] = plain.underlined
        env.filters["capitalize_first"] = plain.capitalized
        return env

    def _context(
        self,
        digest: Digest,
        slots: Mapping[str, str],
        shown: int,
        changes_shown: int | None,
    ) -> dict[str, Any]:
        other = next(code for code in LANGUAGES if code != digest.language)
        return {
            "view": view(
                digest,
                brand=self._brand,
                base_url=self._base_url,
                shown=shown,
                changes_shown=changes_shown,
            ),
            "leave_url": f"{self._base_url}/u/{slots['leave']}",
            "preferences_url": f"{self._base_url}/p/{slots['preferences']}",
            "other_language": other,
            "in_other_language": _OFFERS[other],
        }

    def _shaping(self, template: str) -> list[Path]:
        """Return every file whose change may change the output."""
        email = self._folder / "email"
        if not (email / template).is_dir():
            raise TemplateError(
                f"{email / template}: there is no such folder; the list's template"
                f" must be one of {', '.join(sorted(_templates(email)))}"
            )
        files = [
            *(email / template).rglob("*"),
            *(email / "_design").rglob("*"),
            *(self._folder / "translations").rglob("*.po"),
            *Path(__file__).parent.glob("*.py"),
        ]
        return sorted(
            file for file in files if file.is_file() and file.suffix != ".json"
        )


def _templates(email: Path) -> list[str]:
    return [folder.name for folder in email.glob("[!_]*") if folder.is_dir()]


def _preheader(sentences: list[str]) -> str:
    """Return as many sentences as fit, the weightiest first."""
    chosen = ""
    for sentence in map(plain.clean, sentences):
        joined = f"{chosen} {sentence}".strip()
        if len(joined) <= _PREHEADER:
            chosen = joined
    return chosen or plain.shortened(plain.clean(" ".join(sentences)), _PREHEADER)


def _inlined(page: str, slots: Mapping[str, str], file: str) -> str:
    marker = re.compile("|".join(map(re.escape, slots.values())))
    if not page.strip():
        raise TemplateError(f"{file}: the page is empty")
    try:
        html = inline(page)
    except TemplateError as error:
        raise TemplateError(f"{file}: {error}") from error
    if Counter(marker.findall(page)) != Counter(marker.findall(html)):
        raise TemplateError("a slot was mangled while styles were put in place")
    return folded(html)
