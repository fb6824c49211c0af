"""A coalition's own colour, logo and footer: the table `[brand]`, checked."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from mailer.core.colours import Colour, Neighbours, neighbours, text_on
from mailer.core.errors import ConfigError
from mailer.core.tables import Table

LOGO_PATH = "/brand/logo.png"  # beneath our base URL
_LOGO_BYTES = 60 * 1024
_LOGO_SIDES = (400, 96)  # pixels; shown at half, so that it is sharp on phones
_LEAST = 16  # pixels
_HEAD = struct.Struct(">8s4x4sII")  # signature, length, "IHDR", width, height
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class UnreadableColourError(ConfigError):
    """Neither black nor white letters can be read on the colour; two others serve."""

    def __init__(self, words: str, offered: Neighbours) -> None:
        super().__init__(words)
        self.offered = offered


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture beside the coalition's written name."""

    png: bytes = field(repr=False)
    width: int  # as shown, in CSS pixels: half of what the file has
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Branding:
    """What a coalition sets in `[brand]`; without it, everything is as we drew it."""

    colour: Colour | None = None  # of the board; takes ink or white
    logo: Logo | None = None
    footer: Mapping[str, str] = field(default_factory=dict)  # language → words


def parse(table: Table, read: Callable[[str], bytes]) -> Branding:
    """Read `[brand]`; `read` returns a file of the project folder, or raises OSError.

    Raises ConfigError naming file and key, and for a colour that no text can be read
    on the two nearest that will do.
    """
    branding = Branding(
        colour=_colour(table),
        logo=_logo(table, read),
        footer=table.by_language("footer") if "footer" in table.data else {},
    )
    table.known.add("footer")
    table.refuse_unknown()
    return branding


def _colour(table: Table) -> Colour | None:
    words = table.text("colour", None)
    if words is None:
        return None
    colour = Colour.read(words)
    if colour is None:
        table.fail("colour", 'write six hexadecimal digits, such as "#174F6B"')
    if text_on(colour) is None:
        offered = neighbours(colour)
        raise UnreadableColourError(
            f"{table.file}: {table.shown('colour')}: on {colour} neither black nor white letters can be read well; of the"
            f' same hue, "{offered.lighter}" takes black letters and'
            f' "{offered.darker}" white ones (nearer: "{offered.nearer}"); mailer'
            " preview --serve shows both",
            offered,
        )
    return colour


def _logo(table: Table, read: Callable[[str], bytes]) -> Logo | None:
    name = table.text("logo", None)
    if name is None:
        return None
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name:
        table.fail(
            "logo",
            f"{name} is not in the project folder, and everybody can fetch the logo;"
            " copy it beside the toml",
        )
    try:
        png = read(name)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        table.fail("logo", f"cannot read {name}: {reason}; name a file beside the toml")
    if len(png) > _LOGO_BYTES:
        table.fail(
            "logo",
            f"{name} has {len(png)} bytes; at most {_LOGO_BYTES} are sent to every"
            " reader: save it with fewer colours",
        )
    width, height = _size(png)
    if not width or not height:
        table.fail("logo", f"{name} is no PNG; export it as one, twice the size shown")
    most_wide, most_high = _LOGO_SIDES
    if not (_LEAST <= width <= most_wide and _LEAST <= height <= most_high):
        table.fail(
            "logo",
            f"{name} is {width} pixels wide and {height} high; at most {most_wide} by"
            f" {most_high}, at least {_LEAST} each: it is shown at half its size",
        )
    return Logo(png=png, width=(width + 1) // 2, height=(height + 1) // 2)


def _size(png: bytes) -> tuple[int, int]:
    """Return width and height as the file's first chunk says; (0, 0) for no PNG.

    The layout is PNG's, third edition (https://www.w3.org/TR/png-3/#11IHDR, read
    2026-11-20).
    """
    if len(png) < _HEAD.size:
        return 0, 0
    signature, kind, width, height = _HEAD.unpack_from(png)
    return (width, height) if (signature, kind) == (_SIGNATURE, b"IHDR") else (0, 0)
