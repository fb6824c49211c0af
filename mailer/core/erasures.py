"""Somebody asked to be erased: what is remembered of it, and what came of it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """That the owner of an address was erased, known by its keyed hash alone."""

    address_hash: bytes  # 16 bytes
    at: datetime  # aware


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure did."""

    held: bool  # whether anything was there
    waits: bool  # for calls with a message to them whose outcome nobody knows yet
