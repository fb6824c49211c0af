"""What an edition is called, and which day it is of."""

from datetime import UTC, date

from mailer.ports import Edition
from mailer.web.site import Site


def day_of(site: Site, edition: Edition) -> date:
    """Return the day of a digest, or the day on which a blast went out."""
    try:
        return date.fromisoformat(edition.edition)
    except ValueError:
        cadence = site.lists[edition.list_number].cadence
        return edition.as_of.astimezone(cadence.zone if cadence else UTC).date()


def edition_title(site: Site, edition: Edition, language: str) -> str:
    """Name an edition where no page stands around it."""
    return site.words(
        "edition-title.txt",
        language,
        list_title=site.lists[edition.list_number].title(language),
        day=day_of(site, edition),
        subject=dict(edition.subjects).get(language),
    )
