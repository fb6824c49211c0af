"""What a vendor makes of a body that many share: one message for one reader."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(kw_only=True)
class Made:
    to: str
    sender: str  # as it stands in the header, in whatever letters
    reply_to: str
    subject: str
    headers: Mapping[str, str]
    html: str
    text: str
