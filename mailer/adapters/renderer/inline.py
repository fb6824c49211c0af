"""CSS into style attributes, by premailer kept inside its limits, or by css-inline."""

import logging
import os
from enum import StrEnum
from functools import lru_cache
from importlib import import_module
from threading import Lock
from typing import Any

# premailer reads this while it is imported. Its default, 128 entries shared by
# selectors, declarations and sheets, is too few for a sheet of about 64 rules.
os.environ.setdefault("PREMAILER_CACHE_MAXSIZE", "4096")

import cssutils
from lxml import etree
from premailer import Premailer

from mailer.core.errors import TemplateError

_ONE_AT_A_TIME = Lock()  # cssutils keeps its parser and its log in globals


class Engine(StrEnum):
    """Who puts the styles in place."""

    PREMAILER = "premailer"
    CSS_INLINE = "css-inline"  # not installed with mailer; the tests hold both together


def inline(html: str, engine: Engine = Engine.PREMAILER) -> str:
    """Move the rules of `<style>` into style attributes, without any network.

    A `<style data-premailer="ignore">` stays as it is: media queries and dark mode
    belong there, because premailer strips or loses them elsewhere. The other block
    may use only class, type and descendant selectors, no `!important`, no
    at-rules. Raises TemplateError if the page or its rules cannot be read, or the
    engine is not installed.
    """
    return _by_premailer(html) if engine is Engine.PREMAILER else _by_css_inline(html)


def _by_premailer(html: str) -> str:
    cssutils.log.setLevel(logging.CRITICAL)
    cssutils.ser.prefs.minimizeColorHash = False  # Outlook wants all six digits
    try:
        with _ONE_AT_A_TIME:
            page: str = _Inliner(
                html,
                strip_important=False,
                disable_validation=True,
                allow_network=False,
                allow_loading_external_files=False,
                disable_basic_attributes=["width", "height"],
                cssutils_logging_level=logging.CRITICAL,
            ).transform(pretty_print=False)
    except (etree.Error, ValueError, TypeError, AttributeError, LookupError) as error:
        raise TemplateError(f"the page cannot be inlined: {error}") from error
    return page


class _Inliner(Premailer):  # type: ignore[misc]  # it is published without types
    """Premailer, which reads each sheet once, not once for each page."""

    def _parse_style_rules(self, sheet: str, number: int) -> tuple[Any, Any]:
        rules, left = _rules(sheet, number)
        return [*rules], [*left]


@lru_cache(maxsize=64)  # sheets: a brand's own colour changes the templates'
def _rules(sheet: str, number: int) -> tuple[Any, Any]:
    parsed: tuple[Any, Any] = Premailer(  # noqa: SLF001 - what it did for each page
        "", disable_validation=True, strip_important=False
    )._parse_style_rules(sheet, number)
    return parsed


def _by_css_inline(html: str) -> str:
    try:
        css_inline = import_module("css_inline")
    except ImportError as error:
        raise TemplateError(
            "css-inline is not installed; pip install css-inline"
        ) from error
    try:
        # What could not be moved stays, and so do the ignored blocks.
        page: str = css_inline.CSSInliner(
            keep_style_tags=True,
            remove_inlined_selectors=True,
            load_remote_stylesheets=False,
        ).inline(html)
    except (css_inline.InlineError, ValueError) as error:
        raise TemplateError(f"the page cannot be inlined: {error}") from error
    return page
