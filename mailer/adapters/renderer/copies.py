"""Letters as everybody may read them: nobody's links in them, styles in one sheet.

The pages' policy allows styles from our own stylesheets alone, so each style
attribute becomes a class, named after what it says: an old sheet fits a new page.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lxml import etree, html as lxml_html

from mailer.adapters.renderer.mail import MailRenderer
from mailer.core.digest import Digest
from mailer.core.envelope import Segments, markers
from mailer.core.errors import TemplateError
from mailer.core.lists import MailingList

_PREFIX = "m-"  # so that the mail's classes and the pages' do not meet
_MARKERS = markers("copy")
_REASON = _MARKERS["reason_html"]
_CLASS = re.compile(r"\.([a-zA-Z][\w-]*)(?=[^{}]*\{)")
_NEVER = "//script|//iframe|//object|//embed|//form|//base|//link|//meta|//img"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One letter: a passage of HTML to stand in a page, and its stylesheet."""

    title: str
    html: str
    css: str

    @property
    def version(self) -> str:
        """Return what changes with the stylesheet."""
        return hashlib.sha256(self.css.encode()).hexdigest()[:12]


class Copies:
    """Makes copies of letters for the archive."""

    def __init__(self, renderer: MailRenderer) -> None:
        self._renderer = renderer

    def digest(
        self, digest: Digest, *, mailing_list: MailingList, instead: str
    ) -> Copy:
        """Render a digest in full; `instead` is said where the reader's reason stood.

        Raises TemplateError.
        """
        rendered = self._renderer.digest(
            digest,
            mailing_list=replace(mailing_list, archive=False),  # no link to itself
            shown=len(digest.upcoming),
            slots=_MARKERS,
        )
        return _copy(rendered.subject, rendered.html, instead)

    def letter(self, subject: str, html: Segments, *, instead: str) -> Copy:
        """Return a letter that was sent, by what the ledger keeps of it."""
        blanks: Mapping[str, str] = dict.fromkeys(html.slots, "") | _MARKERS
        return _copy(subject, html.fill(blanks), instead)


def _copy(title: str, letter: str, instead: str) -> Copy:
    try:
        page = lxml_html.document_fromstring(letter)
    except (etree.Error, ValueError) as error:
        raise TemplateError(f"the letter cannot be read again: {error}") from error
    sheets = [_prefixed(style.text or "") for style in page.iter("style")]
    _clear(page)
    _anonymize(page, instead)
    rules = _classes(page)
    body = page.find("body")
    body.tag = "div"
    words = lxml_html.tostring(body, encoding="unicode")
    css = "\n".join([*(f".{name}{{{rule}}}" for name, rule in rules.items()), *sheets])
    return Copy(title=title, html=words, css=css)


def _clear(page: Any) -> None:
    """Remove what is for mail programs alone, and all that a letter never needs."""
    for plate in page.xpath("//td[contains(concat(' ', @class, ' '), ' logo ')]"):
        _drop(next(plate.iterancestors("table")))
    for element in page.xpath(f"{_NEVER}|//style|//*[contains(@class, 'preheader')]"):
        _drop(element)
    for comment in page.xpath("//comment()"):
        _drop(comment)
    for element in page.iter():
        for name in [name for name in element.attrib if name.startswith("on")]:
            del element.attrib[name]


def _anonymize(page: Any, instead: str) -> None:
    """Take out every link that was one reader's own, and the reason they got it."""
    for link in page.xpath("//a[@href]"):
        if _is_personal(link.get("href")):
            around = link.getparent()
            _drop(link)
            if around.tag == "p" and not around.text_content().strip():
                _drop(around)
    for element in page.iter():
        for part in ("text", "tail"):
            words = getattr(element, part)
            if words and any(marker in words for marker in _MARKERS.values()):
                setattr(element, part, _without(words.replace(_REASON, instead)))
        for name, value in element.attrib.items():
            if any(marker in value for marker in _MARKERS.values()):
                del element.attrib[name]


def _is_personal(address: str) -> bool:
    # A robot that reads the archive must not find whom to write to, either.
    return address.startswith("mailto:") or any(
        marker in address for marker in _MARKERS.values()
    )


def _without(words: str) -> str:
    for marker in _MARKERS.values():
        words = words.replace(marker, "")
    return words


def _drop(element: Any) -> None:
    """Remove an element and leave the words that follow it."""
    if element.getparent() is None:
        return
    element.drop_tree()


def _classes(page: Any) -> Mapping[str, str]:
    """Turn style attributes into classes; returns class → declarations."""
    rules: dict[str, str] = {}
    for element in page.iter():
        if not isinstance(element.tag, str):
            continue
        names = [f"{_PREFIX}{name}" for name in (element.get("class") or "").split()]
        style = element.attrib.pop("style", None)
        if style:
            name = f"{_PREFIX}{hashlib.sha256(style.encode()).hexdigest()[:10]}"
            rules[name] = style
            names.append(name)
        if names:
            element.set("class", " ".join(names))
    return rules


def _prefixed(css: str) -> str:
    return _CLASS.sub(rf".{_PREFIX}\1", css)
