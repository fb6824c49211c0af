"""Who speaks in the samples of a preview: the coalition of `mailer.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mailer import config
from mailer.adapters.renderer.brand import Brand
from mailer.bootstrap.definitions import brand_of
from mailer.config import Settings
from mailer.core.branding import UnreadableColourError
from mailer.core.colours import Colour, Neighbours
from mailer.core.errors import MailerError


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A coalition as its settings have it, as far as they can be read."""

    settings: Settings | None = None  # None: unreadable, and samples speak for others
    offered: Neighbours | None = None  # instead of a colour that takes no letters
    trouble: str | None = None  # why the settings cannot be used

    @property
    def brand(self) -> Brand | None:
        """Return the coalition's name, words and looks."""
        return brand_of(self.settings) if self.settings else None

    @property
    def logo(self) -> bytes | None:
        """Return the logo's file."""
        own = self.settings.branding.logo if self.settings else None
        return own.png if own else None


def speaker(
    folder: Path, environment: Mapping[str, str], colour: Colour | None = None
) -> Speaker:
    """Read who speaks, with another colour if one is given.

    Where the settings' own is refused, with the nearest that will do.
    """
    try:
        wanted = str(colour) if colour else None
        return Speaker(settings=config.load(folder, environment, colour=wanted))
    except UnreadableColourError as error:
        nearest = speaker(folder, environment, error.offered.nearer)
        return Speaker(
            settings=nearest.settings, offered=error.offered, trouble=str(error)
        )
    except MailerError as error:
        return Speaker(trouble=str(error))
