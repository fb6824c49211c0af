"""Composing and sending from a command: with progress, and ending when told to."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from mailer.adapters.database.gauges import held
from mailer.adapters.database.instance import Stop
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.core.errors import InputError, MailerError, RefusedError, StoreError
from mailer.core.lists import MailingList
from mailer.pipeline import plan
from mailer.pipeline.crew import Crew
from mailer.ports import Mailing, Standing

_ENDING = (signal.SIGINT, signal.SIGTERM)
_SOON = 60.0  # seconds: until the sweep, which looks at everything
_IDLE = 2.0  # seconds between two looks
_LONG = 3.0  # seconds after which waiting is explained


class Told(threading.Event):
    """Set when a person or the system wants the end."""

    code = 0  # what a command that was ended early answers, as shells have it


@contextmanager
def until_told() -> Iterator[Told]:
    """Yield an event that Ctrl-C or SIGTERM sets; a second one ends at once.

    The call in hand is finished first, so that nothing of it stays unknown.
    """
    told = Told()
    before = {number: signal.getsignal(number) for number in _ENDING}

    def end(ending: int, _frame: FrameType | None) -> None:
        told.code = 128 + ending
        told.set()
        for number, handler in before.items():
            signal.signal(number, handler)
        # Said by somebody else: who was interrupted may be in the middle of a word.
        words = "Ending after the call in hand; once more ends at once."
        threading.Thread(target=output.say, args=(words,)).start()

    for number in _ENDING:
        signal.signal(number, end)
    try:
        yield told
    except KeyboardInterrupt:
        output.say(
            "Ended at once. What was in a call may have arrived: mailer work finds out,"
            " within minutes, and sends none of it again before that."
        )
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def companions(count: int) -> Iterator[None]:
    """Run this very command in `count` further processes, which end when this does."""
    arguments = [word for word in sys.argv[1:] if word != "--json"]
    command = [sys.executable, "-m", "mailer", *arguments, "--processes", "1"]
    started = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - ourselves
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait()


def _patience(told: threading.Event) -> Callable[[float], object]:
    """Return a sleep that says once, when it gets long, what is waited for."""
    slept = 0.0

    def wait(seconds: float) -> None:
        nonlocal slept
        if slept <= _LONG < slept + seconds:
            output.say(
                "Waiting: what is left keeps to its pace, was put off by the provider, or"
                " was with a sender that stopped, which is looked into within minutes."
                " mailer status --watch says more. Ctrl-C ends; nothing is lost."
            )
        slept += seconds
        told.wait(seconds)

    return wait


def refuse_if_stopped(project: Project) -> None:
    """Raise RefusedError when nothing may be sent from this database."""
    project.instance.settle_in(at=project.clock())
    if stop := project.instance.stopped():
        raise RefusedError(f"sending is stopped: {_with_way_out(stop)}")


def say_if_stopped(project: Project) -> Stop | None:
    """Say so when nothing is sent, and why; a copy finds out here that it is one."""
    project.instance.settle_in(at=project.clock())
    stop = project.instance.stopped()
    if stop:
        output.say(
            f"Sending is stopped since {stop.since:%Y-%m-%d %H:%M} UTC:"
            f" {_with_way_out(stop)}"
        )
    return stop


def _with_way_out(stop: Stop) -> str:
    """Return the reason; a copy's says itself when to go on."""
    known = "mailer start" in stop.reason
    return stop.reason if known else f"{stop.reason}; to go on: mailer start"


def say_who_is_barred(project: Project) -> None:
    """Say which provider shuts us out while others carry its mail."""
    for each in held(project.ready):
        kind, _, name = each.name.partition(":")
        if kind == "barred":
            output.say(
                f"{name} takes nothing: {each.reason}. Others carry its mail; it is"
                f" tried again in {each.seconds / 60:.0f} minutes, or when sending is"
                " started anew."
            )


def is_fenced(project: Project) -> bool:
    """Return whether only some may be mailed, by somebody who mails at all."""
    settings = project.settings
    kinds = {settings.providers[name].kind for name in project.routing.names}
    return settings.allow_only is not None and kinds != {"outbox"}


def engage(project: Project, mailing_list: MailingList) -> None:
    """Make everybody who may carry this list; raises ConfigError if one cannot."""
    for name in project.settings.route_of(mailing_list).names:
        _ = project.fleet[name]


def say_if_fenced(project: Project) -> None:
    """Say so when only some may be mailed; not who, since this is kept in logs."""
    allowed = project.settings.allow_only
    if allowed is None or not is_fenced(project):
        return
    several = "addresses and domains"
    output.say(
        "Test mode: mail goes only to the"
        f" {output.counted(len(allowed.entries), 'address or domain', several)}"
        " of [delivery] allow_only; everyone else's is written to the outbox."
    )


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


def deliver(project: Project, mailing: Mailing) -> tuple[Standing, int]:
    """Compose and send one mailing; the code to exit with if it was ended, else 0."""
    compose(project, mailing)
    return drain(project, mailing)


def drain(project: Project, mailing: Mailing) -> tuple[Standing, int]:
    """Send one mailing that is composed; the code to exit with if it was ended."""
    with until_told() as told, output.progress("Sending") as bar:

        def tell() -> None:
            standing = project.ledger.standing(mailing.id)
            parked = standing.deliveries.get("parked", 0)
            doubtful = parked + standing.deliveries.get("unknown", 0)
            note = f"{doubtful:,} in doubt" if doubtful else ""
            bar(standing.settled - parked, standing.due, note)

        project.crew(output.say).drain(
            mailing.id,
            sleep=_patience(told),
            progress=_seldom(tell),
            stopping=told.is_set,
        )
        tell()
    return project.ledger.standing(mailing.id), told.code


def _seldom(act: Callable[[], None]) -> Callable[[], None]:
    """Return what acts at most every second, and spends a twentieth of the time on it.

    Counting a million deliveries after every batch would take longer than sending.
    """
    due = 0.0

    def tell() -> None:
        nonlocal due
        began = time.monotonic()
        if began < due:
            return
        act()
        ended = time.monotonic()
        due = ended + max(1.0, 20.0 * (ended - began))

    return tell


def work(
    project: Project, *, until_idle: bool, threads: int | None = None
) -> tuple[Mapping[int, Standing], int]:
    """Compose what is planned and send what is open, until idle or told to end.

    Returns the mailings it worked on, and the code to exit with if it was ended.

    A mailing that cannot be composed keeps no other from being sent; its error is
    raised at the end, or told once by a worker that goes on.
    """
    touched: set[int] = set()
    told_before: set[str] = set()
    crew = project.crew(output.say, threads)
    say_if_stopped(project)
    say_if_fenced(project)
    with until_told() as told:
        if project.waker and not until_idle:
            project.waker.run(
                lambda number: _look(project, crew, number, told), told, output.say
            )
        while not told.is_set():
            troubles = _round(project, crew, touched, told, wait=until_idle)
            if until_idle:
                if troubles:
                    raise InputError("; ".join(troubles))
                break
            for trouble in troubles:
                if trouble not in told_before:
                    output.say(trouble)
            told_before = set(troubles)
            project.fleet.close()  # what it buffers can be read while this waits
            told.wait(_IDLE)
    standings = {number: project.ledger.standing(number) for number in sorted(touched)}
    return standings, told.code


def _look(
    project: Project, crew: Crew, mailing_id: int | None, told: threading.Event
) -> None:
    """Send what a job speaks of; without a mailing, compose and send everything."""
    if mailing_id is None:
        for trouble in _round(project, crew, set(), told, wait=False, soon=_SOON):
            output.say(trouble)
        project.fleet.close()
        return
    try:
        crew.drain(mailing_id, sleep=told.wait, stopping=told.is_set, wait=False)
        # What keeps to a pace is due again in a moment, of whichever mailing; no job
        # will come for it, and the sweep only in a minute.
        crew.drain(sleep=told.wait, stopping=told.is_set, wait=False, soon=_SOON)
    except MailerError as error:
        output.say(str(error))


def _round(
    project: Project,
    crew: Crew,
    touched: set[int],
    told: threading.Event,
    *,
    wait: bool,
    soon: float = 0.0,
) -> list[str]:
    """Compose and send once over all that is open; returns what went wrong."""
    troubles: list[str] = []
    try:
        for mailing in project.ledger.planned():
            touched.add(mailing.id)
            try:
                compose(project, mailing)
            except StoreError:
                raise
            except MailerError as error:
                troubles.append(f"{mailing.list_slug}/{mailing.edition}: {error}")
        project.releaser(troubles.append).release(told.is_set)
        recent = project.ledger.every()[:20]
        touched |= {mailing.id for mailing in recent if mailing.state == "sending"}
        crew.drain(sleep=_patience(told), stopping=told.is_set, wait=wait, soon=soon)
    except MailerError as error:
        troubles.append(str(error))
    return troubles
