"""The real gazetteer, loaded once for all tests that ask it."""

from functools import cache

from mailer.adapters.places import GeonamesGazetteer


@cache
def gazetteer() -> GeonamesGazetteer:
    """Return the gazetteer with one alias, as the sample settings have it."""
    return GeonamesGazetteer(aliases={"East Bay, CA": "Oakland, CA"})
