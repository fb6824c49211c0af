"""The line by which people decide whether to open."""

from collections.abc import Iterator

from mailer.adapters.gates.message import Finding, Gate, Message, Severity

_SHOWN, _LONGEST = 70, 250  # characters


def subject(message: Message) -> Iterator[Finding]:
    """Find a subject that is empty, or longer than inboxes show it.

    The names of cities and organizations are in it, so what is somewhat too long is
    only worth a look; a whole paragraph is a mistake.
    """
    length = len(message.subject.strip())
    if not length:
        yield _found("The subject is empty: filters distrust that. Write subject.txt.")
    elif length > _LONGEST:
        yield _found(
            f"The subject has {length} characters; inboxes show {_SHOWN} at most, and"
            " some servers refuse what is that long. Shorten subject.txt."
        )
    elif length > _SHOWN:
        yield _found(
            f"The subject has {length} characters, and inboxes show {_SHOWN} at most,"
            " phones about 40. Put what counts first, or shorten subject.txt.",
            Severity.WARNING,
        )


def _found(words: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(gate=Gate.SUBJECT, words=words, where="Subject", severity=severity)
