"""Whether the mail says where the coalition can be written to."""

from collections.abc import Iterator

from mailer.adapters.gates.message import Finding, Gate, Message, words_of


def postal(message: Message) -> Iterator[Finding]:
    """Find a part without the coalition's postal address.

    The law asks for it in the United States (CAN-SPAM, 15 U.S.C. §7704(a)(5)), and
    filters look for it.
    """
    address = " ".join((message.postal_address or "").split())
    if not address:
        return
    parts = {"HTML": words_of(message.body), "Text": " ".join(message.text.split())}
    for part, words in parts.items():
        if words and address not in words:  # an empty text is another gate's
            yield Finding(
                gate=Gate.POSTAL,
                words="The postal address from mailer.toml is not there, and the law"
                " asks for it: print the footer, as {{ draw.digest_footer(…) }} in"
                " body.html and digest_foot(…) in body.txt do.",
                where=part,
            )
