"""What is left of a message in apps that darken it by themselves."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from mailer.adapters import specimens
from mailer.core.colours import Colour
from tests.browser.looking import opened
from tests.unit.gates.messages import TEMPLATES, good


@pytest.fixture(scope="module")
def darkening(chromium_path: str) -> Iterator[Browser]:
    """A Chromium that darkens pages which did not ask for it, as some apps do."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path,
            args=["--no-sandbox", "--blink-settings=forceDarkModeEnabled=true"],
        )
        yield browser
        browser.close()


def unasked(html: str) -> str:
    """The message as such an app takes it: nothing in it speaks of dark mode."""
    return html.replace("color-scheme", "colour-scheme")


# Boxes of words, by their text: where to look in the picture.
WORDS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.data.trim()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getClientRects()[0];
    if (box && box.width > 8 && box.height > 8)
      found.push([node.data.trim().slice(0, 30), box.x, box.y + scrollY, box.width, box.height]);
  }
  return found;
}"""


def legibility(page: Page) -> dict[str, float]:
    """The contrast of each run of words in the picture, lightest against darkest."""
    boxes = page.evaluate(WORDS)
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    found: dict[str, float] = {}
    for words, x, y, width, height in boxes:
        cut = picture.crop((int(x), int(y), int(x + width) + 1, int(y + height) + 1))
        ratio = _ends_apart(cut.tobytes())
        found[words] = min(ratio, found.get(words, 21.0))
    return found


def _ends_apart(octets: bytes) -> float:
    colours = set(zip(octets[::3], octets[1::3], octets[2::3], strict=True))
    return Colour(*min(colours, key=sum)).contrast(Colour(*max(colours, key=sum)))


@pytest.mark.parametrize("name", specimens.names(TEMPLATES))
def test_what_an_app_darkens_by_itself_can_still_be_read(
    darkening: Browser, name: str
) -> None:
    message = specimens.message(TEMPLATES, name, "es")
    with opened(darkening, unasked(message.html), width=375) as seen:
        found = legibility(seen.page)

    assert len(found) >= 6
    assert {words: ratio for words, ratio in found.items() if ratio < 4.5} == {}


def test_such_an_app_does_darken_and_illegible_words_are_noticed(
    darkening: Browser,
) -> None:
    grey = '<p style="color:#6E6E6E;background-color:#707070">lost words</p></body>'
    broken = good().html.replace("</body>", grey)
    with opened(darkening, unasked(broken), width=375) as seen:
        corner = Image.open(io.BytesIO(seen.page.screenshot())).convert("RGB")
        found = legibility(seen.page)

    assert found["lost words"] < 4.5
    assert sum(corner.getpixel((2, 700))) < 150  # type: ignore[arg-type]
