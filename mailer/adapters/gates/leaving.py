"""Whether readers find the way out."""

from collections.abc import Iterator

from mailer.adapters.gates.message import Element, Finding, Gate, Message

_NEAR_THE_TOP = 800  # characters of text above it: a board, and a few lines


def leaving(message: Message) -> Iterator[Finding]:
    """Find a message that one cannot leave, or only after reading all of it.

    Large mailbox providers ask for List-Unsubscribe and a visible link (Gmail's and
    Yahoo's sender requirements, 2024), and readers who do not find it say "spam".
    """
    url = message.leave_url
    if url is None:
        return
    ways = [link for link in message.body.iter("a") if link.get("href") == url]
    above = _above(ways[0]) if ways else 0
    if not ways:
        yield Finding(
            gate=Gate.LEAVING,
            words="No link in the HTML leads where the List-Unsubscribe header does."
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


def _above(link: Element) -> int:
    """Return how many characters stand above a link."""
    texts = link.xpath("preceding::text()[ancestor::body]")
    return sum(len(" ".join(text.split())) for text in texts)
