"""All questions at once, and no waiting for those that nobody answers."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from threading import Thread

from mailer.core.diagnosis import About, Finding
from mailer.core.errors import MailerError
from mailer.core.saying import says

Ask = Callable[[], Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to look at; `far`: it leaves this machine."""

    told: About
    ask: Ask
    far: bool = True


def ask_all(
    questions: Sequence[Question], *, seconds: float, offline: bool = False
) -> Sequence[Finding]:
    """Return every finding, in the order of the questions.

    What is not answered in so many seconds, or may not be asked, is a finding as
    well. Whoever is still waiting then is left behind: threads that end with the
    program.
    """
    asked: list[tuple[Question, Future[Sequence[Finding]]]] = []
    for question in questions:
        future: Future[Sequence[Finding]] = Future()
        asked.append((question, future))
        if offline and question.far:
            future.set_result([question.told.unasked(says("this run is --offline"))])
            continue
        Thread(target=_answer, args=(question, future), daemon=True).start()
    wait([future for _, future in asked], timeout=seconds)
    findings: list[Finding] = []
    for question, future in asked:
        if future.done():
            findings += future.result()
        else:
            findings.append(
                question.told.unasked(
                    says("no answer within %(seconds)s seconds", seconds=f"{seconds:g}")
                )
            )
    return findings


def _answer(question: Question, future: Future[Sequence[Finding]]) -> None:
    try:
        future.set_result(question.ask())
    except MailerError as error:
        future.set_result([question.told.fail(error.words)])
    except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
        future.set_exception(error)
