"""A letter as one reader gets it, laid before the gates."""

from collections.abc import Sequence

from mailer.adapters.gates import Message, Untranslated
from mailer.adapters.renderer.brand import Brand
from mailer.core import envelope
from mailer.ports import Composed, Outgoing


def as_read(
    variant: Composed,
    outgoing: Outgoing,
    *,
    brand: Brand,
    base_url: str,
    quoted: Sequence[str],
    untranslated: Sequence[Untranslated] = (),
) -> Message:
    """Return a variant filled for the first recipient; `quoted` is what people wrote."""
    letter, recipient = outgoing.letter, outgoing.recipients[0]
    html, text = envelope.filled(letter, recipient)
    return Message(
        language=variant.language,
        subject=variant.subject,
        preheader=variant.preheader,
        html=html,
        text=text,
        leave_url=None
        if letter.leave_prefix is None
        else letter.leave_prefix + recipient.leave,
        quoted=(*quoted, recipient.reason),
        postal_address=brand.postal_address,
        logo_kept_back=brand.logo_kept_back(base_url),
        untranslated=tuple(untranslated),
    )
