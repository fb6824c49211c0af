"""Whether readers find the way out."""

from collections.abc import Iterator, Mapping

from mailer.adapters.gates.media import DESK, Look
from mailer.adapters.gates.message import Element, Finding, Gate, Message, words_of
from mailer.adapters.gates.setting import Setting, settings

_NEAR_THE_TOP = 800  # characters of text above it: a board, and a few lines


def leaving(message: Message) -> Iterator[Finding]:
    """Find a message that one cannot leave, or only after reading all of it.

    Large mailbox providers ask for List-Unsubscribe and a visible link (Gmail's and
    Yahoo's sender requirements, 2024), and readers who do not find it say "spam".
    """
    url = message.leave_url
    if url is None:
        return
    shown = settings(message.page, Look.LIGHT, DESK)
    ways = [
        link
        for link in message.body.iter("a")
        if link.get("href") == url and words_of(link) and not shown[link].hidden
    ]
    above = _above(ways[0], shown) if ways else 0
    if not ways:
        yield Finding(
            gate=Gate.LEAVING,
            words="No link that one can see leads where the List-Unsubscribe header does."
            " Print the slot `leave`, as {{ leave_url }}, near the top and at the"
            " bottom.",
            where="HTML",
        )
    elif above > _NEAR_THE_TOP:
        yield Finding(
            gate=Gate.LEAVING,
            words=f"The first leave link comes after {above:,} characters. Who does not"
            " find it at once reports the message as spam: put one beside the language"
            " link.",
            where="HTML",
        )
    elif len(ways) < 2:
        yield Finding(
            gate=Gate.LEAVING,
            words="There is only one leave link. People look for it at the top and at"
            " the bottom: print it in both places.",
            where="HTML",
        )
    if url not in message.text.split():
        yield Finding(
            gate=Gate.LEAVING,
            words="The plain text has no leave link, on a line of its own or between"
            " spaces. Print {{ leave_url }}.",
            where="Text",
        )


def _above(link: Element, shown: Mapping[Element, Setting]) -> int:
    """Return how many characters one sees above a link."""
    count = 0
    for text in link.xpath("preceding::text()[ancestor::body]"):
        node = text.getparent()
        within = shown.get(node.getparent() if text.is_tail else node)
        if within is not None and not within.hidden:
            count += len(" ".join(text.split()))
    return count
