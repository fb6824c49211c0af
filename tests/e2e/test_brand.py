"""A coalition's own colour, logo and footer, from mailer.toml to the mailbox."""

import struct
import zlib
from pathlib import Path

from mailer import config
from tests.e2e import plain
from tests.e2e.conftest import MONDAY, Shell
from tests.fakes.site import a_site, served


def branded(shell: Shell, *lines: str) -> None:
    shell.edit(
        "mailer.toml", "[sender]", "\n".join(["[brand]", *lines, "", "[sender]"])
    )


def picture(file: Path) -> bytes:
    """A real PNG of 240 by 96 pixels."""
    rows = (b"\0" + b"\x40" * 240) * 96
    png = b"\x89PNG\r\n\x1a\n"
    for kind, data in (
        (b"IHDR", struct.pack(">IIBBBBB", 240, 96, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ):
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        png += struct.pack(">I", len(data)) + kind + data + checksum
    file.write_bytes(png)
    return png


def test_colour_logo_and_footer_stand_in_what_is_sent(filled: Shell) -> None:
    picture(filled.folder / "logo.png")
    branded(
        filled,
        'colour = "#174F6B"',
        'logo = "logo.png"',
        'footer = "Member of the statewide network."',
    )
    out = filled.folder / "preview"
    filled(
        *("preview", "weekly", "--for", "ben@aft.example", "--as-of", MONDAY),
        *("--out", str(out)),
        MAILER_BASE_URL="https://mail.example.org",
    )
    (page,) = out.glob("*.html")
    html = page.read_text("utf-8")
    assert "#174F6B" in html
    assert "#FFD054" not in html.split("</style>")[-1].split('class="rule"')[0]
    assert '<img src="https://mail.example.org/brand/logo.png" width="120"' in html
    assert "Member of the statewide network." in html
    (text,) = out.glob("*.txt")
    assert "Member of the statewide network." in text.read_text("utf-8")


def test_a_colour_that_cannot_be_read_on_stops_everything_and_names_two_that_can(
    filled: Shell,
) -> None:
    branded(filled, 'colour = "#D9622B"')
    answer = filled("lists", check=False)
    assert answer.code == 1
    assert "mailer.toml: [brand] colour: on #D9622B neither" in answer.err
    assert answer.err.count('"#') == 3
    assert answer.out == ""


def test_the_logo_is_served_to_other_sites_and_may_be_kept_for_a_day(
    shell: Shell,
) -> None:
    png = picture(shell.folder / "logo.png")
    branded(shell, 'logo = "logo.png"')
    logo = config.load(shell.folder, {}).branding.logo
    with served(a_site(logo=logo)) as site, plain.Client(base_url=site.url) as client:
        answer = client.get("/brand/logo.png")
        assert answer.content == png
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == "public, max-age=86400"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        # Nothing else of ours may be taken into another site's pages.
        actions = client.get("/actions").headers
        assert actions["cross-origin-resource-policy"] == "same-origin"


def test_without_a_logo_there_is_no_such_address() -> None:
    with served(a_site()) as site, plain.Client(base_url=site.url) as client:
        assert client.get("/brand/logo.png").status_code == 404
