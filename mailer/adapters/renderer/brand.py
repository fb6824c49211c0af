"""Who speaks in a mail: what a coalition says of itself, and its colours."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailer.adapters.renderer.plain import clean
from mailer.core.branding import LOGO_PATH, Branding
from mailer.core.colours import BRICK, INK, WHITE, Colour, text_on

_OURS = "#FFD054"  # marigold
_LIKE_BRICK = 25  # degrees of hue
_DIMMED = 8  # points of lightness that a light board loses in dark mode
_STRIPED = 13  # points between a light board and the stripe beneath it


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours that a coalition's own one decides, as six-digit hex."""

    board: str
    on_board: str
    stripe: str
    dark_board: str
    dark_stripe: str
    dark_button: str
    has_edge: bool = False  # a dark board needs a line against dark paper
    is_like_brick: bool = False  # urgent calls need a bar, or digests look like alarms


OURS = Palette(
    board=_OURS,
    on_board=str(INK),
    stripe="#F3A81D",
    dark_board="#EDB740",
    dark_stripe="#CF8A17",
    dark_button="#EDB740",
)


def palette(colour: Colour | None) -> Palette:
    """Return the board's colours for light and dark.

    `colour` is one that takes ink or white, as `[brand]` has checked.
    """
    if colour is None or str(colour) == _OURS:
        return OURS
    if text_on(colour) == WHITE:
        return Palette(
            board=str(colour),
            on_board=str(WHITE),
            stripe=OURS.stripe,
            dark_board=str(colour),
            dark_stripe=OURS.stripe,
            dark_button="#F5F0E8",
            has_edge=True,
            is_like_brick=colour.is_tinted and colour.apart(BRICK) <= _LIKE_BRICK,
        )
    dimmed = colour.at(colour.lightness - _DIMMED)
    return Palette(
        board=str(colour),
        on_board=str(INK),
        stripe=str(colour.at(colour.lightness - _STRIPED)),
        dark_board=str(dimmed),
        dark_stripe=str(dimmed.at(dimmed.lightness - _STRIPED)),
        dark_button="#F5F0E8",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """A coalition's name and standing words; mappings go from language to words."""

    name: str
    postal_address: str | None = None
    reply_to: str | None = None  # where readers report an action
    note: Mapping[str, str] = field(default_factory=dict)  # by the coordinators
    signature: Mapping[str, str] = field(default_factory=dict)  # under the note
    own: Branding = field(default_factory=Branding)  # colour, logo, footer
    takes_plans: bool = False  # readers report an action by the form on our pages

    @property
    def palette(self) -> Palette:
        """Return the colours of its mail."""
        return palette(self.own.colour)

    def logo_url(self, base_url: str) -> str | None:
        """Return where the logo is fetched from; none where that is not https."""
        if self.own.logo is None or self.logo_kept_back(base_url):
            return None
        return f"{base_url}{LOGO_PATH}"

    def logo_kept_back(self, base_url: str) -> str | None:
        """Return the base URL if the logo is left out because of it."""
        has_none = self.own.logo is None
        return None if has_none or base_url.startswith("https://") else base_url


def in_language(
    words: Mapping[str, str], language: str
) -> tuple[str | None, str | None]:
    """Return words and, if they are not in the reader's language, which they are in."""
    if language in words:
        return clean(words[language]) or None, None
    other = next(iter(words), None)
    return (clean(words[other]), other) if other else (None, None)
