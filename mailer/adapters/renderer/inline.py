"""CSS into style attributes, by premailer kept inside its limits."""

import logging
import os
from threading import Lock

# premailer reads this while it is imported. Its default, 128 entries shared by
# selectors, declarations and sheets, is too few for a sheet of about 64 rules.
os.environ.setdefault("PREMAILER_CACHE_MAXSIZE", "4096")

import cssutils
from lxml import etree
from premailer import Premailer

from mailer.core.errors import TemplateError

_ONE_AT_A_TIME = Lock()  # cssutils keeps its parser and its log in globals


def inline(html: str) -> str:
    """Move the rules of `<style>` into style attributes, without any network.

    A `<style data-premailer="ignore">` stays as it is: media queries and dark mode
    belong there, because premailer strips or loses them elsewhere. The other block
    may use only class, type and descendant selectors, no `!important`, no
    at-rules. Raises TemplateError if the page or its rules cannot be read.
    """
    cssutils.log.setLevel(logging.CRITICAL)
    cssutils.ser.prefs.minimizeColorHash = False  # Outlook wants all six digits
    try:
        with _ONE_AT_A_TIME:
            page: str = Premailer(
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
