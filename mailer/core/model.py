"""The nouns: organizations, calls, actions, places, subscribers; frozen records."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from enum import StrEnum


class ActionStatus(StrEnum):
    """Whether an action takes place."""

    CONFIRMED = "confirmed"
    TENTATIVE = "tentative"
    CANCELLED = "cancelled"
    POSTPONED = "postponed"

    @property
    def is_off(self) -> bool:
        """Tell whether nobody should go."""
        return self in (ActionStatus.CANCELLED, ActionStatus.POSTPONED)


class SponsorRole(StrEnum):
    """What an organization does for an action."""

    LEAD = "lead"
    CO_SPONSOR = "co-sponsor"
    PROMOTER = "promoter"


class LocationVisibility(StrEnum):
    """Who may read the street address of an action."""

    PUBLIC = "public"
    RSVP_ONLY = "rsvp_only"
    CITY_ONLY = "city_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A city or region; coordinates (degrees, WGS 84) and zone only when resolved."""

    label: str  # as readers know it: "San Diego, CA", "New York City"
    locality: str  # "San Diego"
    region: str | None = None  # a state's code: "CA"
    country: str = "US"
    latitude: float | None = None
    longitude: float | None = None
    time_zone: str | None = None  # IANA name

    @property
    def key(self) -> str:
        """Name the place for comparison: case-folded locality, region and country."""
        return "|".join(
            part.casefold() for part in (self.locality, self.region or "", self.country)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sponsor:
    """An organization as an action's own list prints it."""

    name: str
    role: SponsorRole = SponsorRole.CO_SPONSOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What readers are told of an action; a version of an action is one of these.

    Dates and times are the wall clock of `time_zone`. `start_time` is None when
    nobody has said a time yet; it is never guessed.
    """

    start_date: date
    start_time: time | None = None
    end_date: date | None = None
    end_time: time | None = None
    time_zone: str
    place: Place
    venue: str | None = None
    address: str | None = None
    location_visibility: LocationVisibility = LocationVisibility.PUBLIC
    title: str | None = None
    kind: str | None = None  # "march", "vigil", "rally", "direct action"
    target: str | None = None
    description: str | None = None
    note: str | None = None  # editorial, from the source
    url: str | None = None
    status: ActionStatus = ActionStatus.CONFIRMED
    language: str | None = None  # of the words people wrote
    sponsors: tuple[Sponsor, ...] = ()

    @property
    def public(self) -> "Facts":
        """Return what everybody may read: the exact place only where it is public."""
        if self.location_visibility is LocationVisibility.PUBLIC:
            return self
        return replace(self, venue=None, address=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Who answers for an action; private unless they said otherwise."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    public: bool = False
    consent_connect: bool = False  # may we introduce them to others nearby?


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something in a source that was read, but that a person should look at."""

    line: int | None
    field: str
    code: str  # kebab-case, stable: "year-assumed", "place-respelled", …
    message: str  # one sentence: what was seen, what was done, the way out


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A row that could not be read; the rest goes on."""

    file: str
    line: int | None
    field: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An action as a source states it, before it meets what we already know."""

    line: int | None
    external_id: str | None = None  # the source's own identity, when it has one
    facts: Facts
    contact: Contact = field(default_factory=Contact)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDraft:
    """A call to action as a source states it, with who endorses it nationally."""

    slug: str
    title: str
    opens_on: date | None = None
    closes_on: date | None = None
    endorsers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that one source said at one moment."""

    drafts: tuple[Draft, ...]
    flags: tuple[Flag, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    call: CallDraft | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A dated local event as the store knows it; `version` counts what readers saw."""

    id: int
    public_id: str  # random, in links; never the row id
    source: str
    external_id: str | None
    version: int
    facts: Facts
    missing_since: datetime | None = None
