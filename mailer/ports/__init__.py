"""What the pipeline asks of the world: protocols, and the records they pass."""

from mailer.ports.composing import Rendered, Renderer
from mailer.ports.ledger import (
    Addressee,
    Batch,
    Composed,
    Intent,
    Ledger,
    Mailing,
    Standing,
)
from mailer.ports.pages import PublicActions, Reader, Readers
from mailer.ports.sending import (
    Accepted,
    Answered,
    Capabilities,
    Deferred,
    NotTaken,
    Outcome,
    Outgoing,
    Provider,
    Refused,
    Result,
    Unknown,
    Unsure,
)
from mailer.ports.sources import Gazetteer, Resolved, Source
from mailer.ports.store import (
    ActionChanges,
    ActionStore,
    Contacted,
    Enlisted,
    Organizations,
    Organized,
    People,
)

__all__ = [
    "Accepted",
    "ActionChanges",
    "ActionStore",
    "Addressee",
    "Answered",
    "Batch",
    "Capabilities",
    "Composed",
    "Contacted",
    "Deferred",
    "Enlisted",
    "Gazetteer",
    "Intent",
    "Ledger",
    "Mailing",
    "NotTaken",
    "Organizations",
    "Organized",
    "Outcome",
    "Outgoing",
    "People",
    "Provider",
    "PublicActions",
    "Reader",
    "Readers",
    "Refused",
    "Rendered",
    "Renderer",
    "Resolved",
    "Result",
    "Source",
    "Standing",
    "Unknown",
    "Unsure",
]
