"""States and provinces as they stand in addresses of pages: "us-ca"."""

import re
import unicodedata
from dataclasses import dataclass

_SEPARATORS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Region:
    """A part of a country."""

    country: str  # ISO 3166-1 alpha-2: "US"
    code: str  # as places have it: "CA", or a name where there is no code

    @property
    def slug(self) -> str:
        """Return it in small ASCII letters, digits and hyphens."""
        ascii_only = (
            unicodedata.normalize("NFKD", f"{self.country}-{self.code}")
            .encode("ascii", "ignore")
            .decode()
        )
        return _SEPARATORS.sub("-", ascii_only.lower()).strip("-")
