"""Of which actions somebody wants to hear: of all, of those near them, of regions."""

import re
from dataclasses import dataclass

from mailer.core.assembly import distance_km
from mailer.core.errors import InputError
from mailer.core.model import Place
from mailer.core.regions import Region

LONGEST = 600  # characters; every state of the United States takes 345
_WITHIN = re.compile(r"within:([1-9][0-9]{0,4})")
_IN = re.compile(r"in:([a-z0-9-]+(?:,[a-z0-9-]+)*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Within so many kilometres of the reader, or in these regions, or everywhere."""

    km: int | None = None
    regions: tuple[str, ...] = ()  # slugs of `core.regions`, in order, each once

    def __str__(self) -> str:
        """Write it as it is kept: "", "within:160", "in:us-ca,us-nv"."""
        if self.km is not None:
            return f"within:{self.km}"
        return f"in:{','.join(self.regions)}" if self.regions else ""

    def covers(self, place: Place, reader: Place | None) -> bool:
        """Tell whether readers at `reader` want to hear of what is at `place`.

        Where the distance is not known, the region decides; where that is not known
        either, they hear of it: nobody misses what we cannot place.
        """
        if self.km is not None:
            return self._is_near(place, reader, self.km)
        return not self.regions or self._is_in(place)

    def _is_near(self, place: Place, reader: Place | None, km: int) -> bool:
        distance = distance_km(reader, place) if reader else None
        if distance is not None:
            return distance <= km
        if reader is None or place.country != reader.country:
            return reader is None
        return not (place.region and reader.region) or place.region == reader.region

    def _is_in(self, place: Place) -> bool:
        slug = region_of(place)
        if slug is not None:
            return slug in self.regions
        country = f"{place.country.lower()}-"
        return any(region.startswith(country) for region in self.regions)


EVERYWHERE = Scope()


def parse(written: str) -> Scope:
    """Read what `Scope` writes; raises InputError for anything else."""
    if written == "":
        return EVERYWHERE
    if found := _WITHIN.fullmatch(written):
        return Scope(km=int(found[1]))
    if len(written) <= LONGEST and (found := _IN.fullmatch(written)):
        return Scope(regions=tuple(sorted(set(found[1].split(",")))))
    raise InputError(
        f'scope: "{written[:40]}" is none; write "within:160" (kilometres),'
        ' "in:us-ca,us-nv", or nothing for everywhere'
    )


def region_of(place: Place) -> str | None:
    """Return the slug of a place's region; None if that is not known."""
    if not place.region:
        return None
    return Region(country=place.country, code=place.region).slug
