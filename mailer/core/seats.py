"""What a person does for the organization at which they have a seat."""

from enum import StrEnum


class Role(StrEnum):
    """The roles that seats come with."""

    PRIMARY = "primary"
    COMMS = "comms"
    REGIONAL = "regional"


ROLES = tuple(role.value for role in Role)
