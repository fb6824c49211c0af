"""Whether every sentence is there in every language of the coalition."""

from collections.abc import Iterator

from mailer.adapters.gates.message import Finding, Gate, Message

_MOST = 12  # told one by one


def translation(message: Message) -> Iterator[Finding]:
    """Find sentences of the templates that another language does not have.

    The English words are the key by which the others are looked up: whoever changes
    them loses the rest, and readers get English.
    """
    for one in message.untranslated[:_MOST]:
        yield Finding(gate=Gate.TRANSLATION, words=one.words, where=one.where)
    more = len(message.untranslated) - _MOST
    if more > 0:
        yield Finding(
            gate=Gate.TRANSLATION,
            words=f"{more} more sentences are not translated.",
            where=message.untranslated[_MOST].where,
        )
