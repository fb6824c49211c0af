"""Composing and sending from a command: with progress, and ending when told to."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from mailer.bootstrap import Project
from mailer.cli import output
from mailer.core.errors import InputError, MailerError, StoreError
from mailer.pipeline import plan, send
from mailer.ports import Mailing, Standing

_ENDING = (signal.SIGINT, signal.SIGTERM)
_IDLE = 2.0  # seconds between two looks


@contextmanager
def until_told() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C or SIGTERM sets; a second one ends at once.

    The call in hand is finished first, so that nothing of it stays unknown.
    """
    told = threading.Event()
    before = {number: signal.getsignal(number) for number in _ENDING}

    def end(_number: int, _frame: FrameType | None) -> None:
        told.set()
        for number, handler in before.items():
            signal.signal(number, handler)
        output.say("Ending after the call in hand; once more ends at once.")

    for number in _ENDING:
        signal.signal(number, end)
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def compose(project: Project, mailing: Mailing) -> None:
    """Compose a planned mailing, unless it has waited too long to go out unasked."""
    mailing_list = project.mailing_list(mailing.list_slug)
    now = project.clock()
    current = plan.current(mailing, mailing_list, project.ledger, now=now)
    if current is None:
        name = f"{mailing.list_slug}/{mailing.edition}"
        output.say(f"{name} is not planned any more: mailer status {name}")
        return
    with output.progress(f"Composing {mailing.list_slug}/{mailing.edition}") as bar:
        project.composer.compose(current, mailing_list, at=now, progress=bar)


def deliver(project: Project, mailing: Mailing) -> Standing:
    """Compose and send one mailing."""
    compose(project, mailing)
    with until_told() as told, output.progress("Sending") as bar:

        def tell() -> None:
            standing = project.ledger.standing(mailing.id)
            bar(*send.totals(standing.deliveries))

        project.sender().drain(
            mailing.id, sleep=told.wait, progress=tell, stopping=told.is_set
        )
    return project.ledger.standing(mailing.id)


def work(project: Project, *, until_idle: bool) -> Sequence[Standing]:
    """Compose what is planned and send what is open, until idle or told to end.

    Until idle, trouble is raised once the rest is done. A worker that goes on says it
    once, and tries again.
    """
    touched: dict[int, Mailing] = {}
    said: list[str] = []
    sender = project.sender()
    with until_told() as told:
        while not told.is_set():
            troubles: list[str] = []
            try:
                _round(project, sender, told, touched, troubles, wait=until_idle)
            except StoreError as error:
                troubles.append(str(error))
            if until_idle:
                if troubles:
                    raise InputError("; ".join(troubles))
                break
            if troubles and troubles != said:
                output.say("; ".join(troubles))
            said = troubles
            project.provider.close()  # what it buffers is read while this waits
            told.wait(_IDLE)
    return [project.ledger.standing(number) for number in touched]


def _round(
    project: Project,
    sender: send.Sender,
    told: threading.Event,
    touched: dict[int, Mailing],
    troubles: list[str],
    *,
    wait: bool,
) -> None:
    planned = project.ledger.planned()
    touched |= {mailing.id: mailing for mailing in planned}
    for mailing in planned:  # one that cannot be composed keeps no other
        try:
            compose(project, mailing)
        except MailerError as error:
            troubles.append(f"{mailing.list_slug}/{mailing.edition}: {error}")
    touched |= {m.id: m for m in project.ledger.every()[:20] if m.state == "sending"}
    sender.drain(sleep=told.wait, stopping=told.is_set, wait=wait)
