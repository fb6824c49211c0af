"""Whether this machine's clock is right, by what others answer."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mailer.core.diagnosis import About, Finding, Topic
from mailer.ports import Unanswered, Web

_OFF = 60.0  # seconds


def examine(
    web: Web, addresses: Sequence[str], now: Callable[[], datetime]
) -> Sequence[Finding]:
    """Compare the clock with the Date of the first address that tells one.

    `now` returns an aware datetime.
    """
    told = About(Topic.CLOCK, "clock")
    for address in addresses:
        answer = web.get(address)
        if isinstance(answer, Unanswered):
            continue
        theirs = _date(answer.headers.get("date", ""))
        if theirs is not None:
            return [_compared(told, (now() - theirs).total_seconds(), address)]
    return [told.unasked("nobody told the time")]


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _compared(told: About, off: float, address: str) -> Finding:
    if abs(off) <= _OFF:
        return told.ok(f"within {_OFF:g} seconds of {address}")
    way = "ahead of" if off > 0 else "behind"
    return told.warn(
        f"{abs(off):.0f} seconds {way} {address}",
        "editions go out at the wrong time, and mail with a Date in the future or long"
        " past is filed as spam",
        "have the machine keep its time: timedatectl set-ntp true",
    )
