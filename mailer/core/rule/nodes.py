"""What a rule is made of: conditions that hold of a person or do not.

Of several values in one condition any one will do. What is not known of a person does
not hold of them: nobody comes in by our ignorance.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every one of these holds; there is at least one."""

    of: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """At least one of these holds."""

    of: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Something that must not hold."""

    of: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class InRegion:
    """Their place, or else that of their first seat, is in a state or province."""

    regions: tuple[str, ...]  # slugs, as `core.regions` writes them: "us-ca"


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """That place is within so many kilometres of this one, on a great circle."""

    place: str  # as people say it: "San Diego, CA"
    km: int
    latitude: float | None = None  # degrees, WGS 84; None until it is looked up
    longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seated:
    """They have a seat of which all that is said here holds; one attribute at least."""

    organizations: tuple[str | int, ...] = ()  # a name, an alias, or a number
    kinds: tuple[str, ...] = ()  # of organizations: "union", "faith", "student"
    roles: tuple[str, ...] = ()  # `core.seats.ROLES`
    endorses: tuple[str, ...] = ()  # slugs of calls that the organization endorses
    sponsors: tuple[str, ...] = ()  # public ids of actions that it sponsors


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """They read one of these languages."""

    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnList:
    """They have an active subscription to one of these lists, paused or not."""

    lists: tuple[str | int, ...]  # a slug or a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """One of these mailings was sent to them: the provider took it."""

    mailings: tuple[str, ...]  # LIST/EDITION


@dataclass(frozen=True, slots=True, kw_only=True)
class Knows:
    """They were told of an action: of any version, or of this one and of no later."""

    action: str  # its public id
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """They have one of these tags."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """They are one of these subscribers, by number."""

    subscribers: tuple[int, ...]


Leaf = InRegion | Near | Seated | Reads | OnList | Got | Knows | Tagged | Numbered
Condition = AllOf | AnyOf | Not | Leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Whoever meets a condition of `include`, and none of `exclude`.

    Without a condition to include, it is nobody.
    """

    include: tuple[Condition, ...] = ()
    exclude: tuple[Condition, ...] = ()
