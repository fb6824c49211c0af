"""Whether this machine's clock is right, by what others answer."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mailer.core.diagnosis import About, Finding, Topic
from mailer.core.saying import Verbatim, says
from mailer.ports import Unanswered, Web

_OFF = 60.0  # seconds


def examine(
    web: Web, addresses: Sequence[str], now: Callable[[], datetime]
) -> Sequence[Finding]:
    """Compare the clock with the Date of the first address that tells one.

    `now` returns an aware datetime.
    """
    told = About(Topic.CLOCK, says("clock"))
    for address in addresses:
        answer = web.get(address)
        if isinstance(answer, Unanswered):
            continue
        theirs = _date(answer.headers.get("date", ""))
        if theirs is not None:
            return [_compared(told, (now() - theirs).total_seconds(), address)]
    return [told.unasked(says("nobody told the time"))]


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _compared(told: About, off: float, address: str) -> Finding:
    if abs(off) <= _OFF:
        return told.ok(
            says(
                "within %(off)s seconds of %(address)s",
                off=f"{_OFF:g}",
                address=address,
            )
        )
    apart = f"{abs(off):.0f}"
    return told.warn(
        says("%(off)s seconds ahead of %(address)s", off=apart, address=address)
        if off > 0
        else says("%(off)s seconds behind %(address)s", off=apart, address=address),
        says(
            "editions go out at the wrong time, and mail with a Date in the"
            " future or long past is filed as spam"
        ),
        says(
            "have the machine keep its time: %(command)s",
            command=Verbatim("timedatectl set-ntp true"),
        ),
    )
