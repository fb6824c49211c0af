"""Who speaks in a mail: what a coalition says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """A coalition's name and standing words; mappings go from language to words."""

    name: str
    postal_address: str | None = None
    reply_to: str | None = None  # where readers report an action
    note: Mapping[str, str] = field(default_factory=dict)  # by the coordinators
    signature: Mapping[str, str] = field(default_factory=dict)  # under the note
