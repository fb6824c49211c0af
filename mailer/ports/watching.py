"""What a sender tells those who watch it; never an address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A provider was called, and what came of it."""

    provider: str
    mailing: str  # LIST/EDITION
    purpose: str  # "send", "replay" or "search"
    outcome: str  # "answered", "not taken" or "unknown"
    results: Mapping[str, int]  # accepted, refused, deferred, unsure → messages
    seconds: float
    detail: str = ""  # what the provider said when it took nothing


Watch = Callable[[Called], None]
