"""A provider that was carrying mail, and is not in mailer.toml any more."""

from mailer.ports import Capabilities, NotTaken, Outgoing

_LOOK_AGAIN = 60.0  # seconds, in which somebody else is named


class Gone:
    """Takes nothing, and knows nothing of what it was given: a person must look."""

    capabilities = Capabilities(max_batch=1)

    def __init__(self, name: str) -> None:
        """Take the name under which it is on record."""
        self.name = name

    def send(self, _outgoing: Outgoing) -> NotTaken:
        """Take nothing."""
        return NotTaken(
            detail="mailer.toml does not describe it any more", retry_after=_LOOK_AGAIN
        )

    def close(self) -> None:
        """Have nothing to close."""
