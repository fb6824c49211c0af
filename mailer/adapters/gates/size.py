"""How much there is of it: bytes in all, and bytes in a line."""

from collections.abc import Iterator

from mailer.adapters.gates.message import Finding, Gate, Message
from mailer.core.limits import HTML_LIMIT

_LINE = 998  # octets, RFC 5322 §2.1.1


def size(message: Message) -> Iterator[Finding]:
    """Find HTML that mailboxes cut off.

    Counted as it is shown: what quoted-printable or base64 add on the way is
    apart, because Gmail's limit of about 102 KB has room for it.
    """
    octets = len(message.html.encode("utf-8", "replace"))
    if octets > HTML_LIMIT:
        yield Finding(
            gate=Gate.SIZE,
            words=f"The HTML has {octets:,} bytes; Gmail cuts a message off at about"
            f" 102,000, with the leave link below the cut. Show less, so that it is at"
            f" most {HTML_LIMIT:,}.",
            where="HTML",
        )


def lines(message: Message) -> Iterator[Finding]:
    """Find lines longer than mail may have.

    Quoted-printable, which SMTP gets, folds them; a provider that passes our HTML on
    as 8bit does not, and servers then break the line in the middle of a word.
    """
    for part, content in (("HTML", message.html), ("Text", message.text)):
        for number, line in enumerate(content.split("\n"), start=1):
            octets = len(line.encode("utf-8", "replace"))
            if octets > _LINE:
                yield Finding(
                    gate=Gate.LINES,
                    words=f"A line of {octets:,} bytes; mail servers may break what is"
                    f" longer than {_LINE}, in the middle of a word or a link. Put"
                    " line breaks between the elements of the template.",
                    where=f"{part}, line {number}",
                )
