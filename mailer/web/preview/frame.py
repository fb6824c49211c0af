"""A message as its frame shows it: in one light, whatever the machine prefers."""

import re
from enum import StrEnum

from mailer.core.branding import LOGO_PATH

_PREFERS = re.compile(
    r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE
)
_SCHEMES = re.compile(
    r"((?:supported-)?color-schemes?\s*:\s*)light dark", re.IGNORECASE
)
_LOGO = re.compile(rf'(\bsrc="){re.escape("https://")}[^"]*{re.escape(LOGO_PATH)}(")')
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width: 0px)", "(max-width: 0px)"


class Look(StrEnum):
    """In which light a message is shown."""

    LIGHT = "light"
    DARK = "dark"


def framed(page: str, look: Look) -> str:
    """Return the page with its media queries answered for this light.

    For the preview only: `prefers-color-scheme` of this light becomes a query that
    always holds, the other one a query that never does. The coalition's logo comes
    from the preview, which alone the frame may ask. Links open nothing: they lead
    to a window of their own, which the frame's sandbox does not allow.
    """
    page = _PREFERS.sub(lambda found: _ALWAYS if found[1] == look else _NEVER, page)
    page = _LOGO.sub(rf"\g<1>{LOGO_PATH}\g<2>", page)
    page = _SCHEMES.sub(rf"\g<1>{look}", page)
    base = '<base target="_blank">'
    return _HEAD.sub(lambda found: f"{found[0]}{base}", page, count=1)
