"""`[brand]` in mailer.toml: a coalition's own colour, logo and footer."""

import struct
import zlib
from pathlib import Path

import pytest

from mailer.core.branding import Branding, parse
from mailer.core.colours import Colour, text_on
from mailer.core.errors import ConfigError
from mailer.core.tables import Table


def png(width: int, height: int, *, filler: int = 0) -> bytes:
    """A real picture, grey, with as many bytes of comment as asked for."""
    rows = (b"\0" + b"\x80" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    if filler:
        chunks.insert(1, (b"tEXt", b"Comment\0" + b"x" * filler))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def branding(folder: Path, **table: object) -> Branding:
    return parse(
        Table(table, "mailer.toml", "brand."),
        lambda name: (folder / name).read_bytes(),
    )


def test_without_anything_everything_is_as_we_drew_it(tmp_path: Path) -> None:
    assert branding(tmp_path) == Branding()


def test_a_colour_that_text_can_be_read_on_is_taken_as_it_is(tmp_path: Path) -> None:
    assert branding(tmp_path, colour="#174f6b").colour == Colour(0x17, 0x4F, 0x6B)


def test_a_colour_between_light_and_dark_is_refused_with_two_that_will_do(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError) as refused:
        branding(tmp_path, colour="#D9622B")
    words = str(refused.value)
    assert words.startswith("mailer.toml: [brand] colour: on #D9622B neither")
    offered = [Colour.read(part) for part in words.split('"')[1::2]]
    assert len(offered) == 3
    assert all(colour and text_on(colour) for colour in offered)


@pytest.mark.parametrize("words", ["teal", "#FFF", 7, ""])
def test_what_is_no_colour_is_refused_by_its_key(tmp_path: Path, words: object) -> None:
    with pytest.raises(ConfigError, match=r"mailer\.toml: \[brand\] colour: "):
        branding(tmp_path, colour=words)


def test_a_logo_is_shown_at_half_its_size(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(png(400, 96))
    logo = branding(tmp_path, logo="logo.png").logo
    assert logo is not None
    assert (logo.width, logo.height) == (200, 48)
    assert logo.png == png(400, 96)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (png(401, 96), "401 pixels wide and 96 high"),
        (png(400, 97), "at most 400 by 96"),
        (png(1, 1), "at least 16"),  # a pixel that tracks is no logo
        (png(200, 90, filler=61_440), "at most 61440"),
        (b"\xff\xd8\xff\xe0 JFIF, called .png" + b"\0" * 40, "is no PNG"),
        (b"\x89PNG\r\n\x1a\n", "is no PNG"),
        (b"", "is no PNG"),
    ],
)
def test_a_logo_that_mailboxes_would_not_show_well_is_refused(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    (tmp_path / "logo.png").write_bytes(content)
    with pytest.raises(ConfigError, match=complaint):
        branding(tmp_path, logo="logo.png")


@pytest.mark.parametrize("name", ["missing.png", ".", "a\0b.png"])
def test_a_logo_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"\[brand\] logo: cannot read"):
        branding(tmp_path, logo=name)


@pytest.mark.parametrize("name", ["../logo.png", "a/../../logo.png", "..\\logo.png"])
def test_a_logo_outside_the_project_is_never_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "logo.png").write_bytes(png(200, 48))
    for asked in (name, str(tmp_path / "logo.png"), "/dev/zero", "C:\\logo.png"):
        with pytest.raises(ConfigError, match=r"\[brand\] logo: .*copy it beside"):
            branding(folder, logo=asked)


def test_a_footer_may_be_written_in_both_languages(tmp_path: Path) -> None:
    assert branding(tmp_path, footer="Together.").footer == {"en": "Together."}
    both = {"en": "Together.", "es": "Unidos."}
    assert branding(tmp_path, footer=both).footer == both


def test_a_misspelt_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[brand\] color: is not known here"):
        branding(tmp_path, color="#174F6B")
