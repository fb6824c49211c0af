"""Free words by which coordinators sort people and organizations, written one way."""

import unicodedata

LONGEST_TAG = 60  # characters
LONGEST_KIND = 40


def word(written: str) -> str:
    """Return a tag or a kind as it is kept: folded, without needless white space."""
    composed = unicodedata.normalize("NFC", written.casefold())
    return " ".join(composed.split())
