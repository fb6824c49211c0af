"""The form in which hosts describe an action, as the pages show and read it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from mailer.core.errors import InputError
from mailer.core.model import Action, Facts
from mailer.core.sharing import reading
from mailer.core.sharing.fields import KINDS, LASTS, LIMITS, ZONES, Field, Form, Trouble
from mailer.core.sharing.reading import Read
from mailer.core.sharing.submission import SOURCE, Submission
from mailer.core.states import STATES
from mailer.web.facts import shown, web
from mailer.web.site import Site

LIMIT = 65_536  # bytes that such a form may post: fifty sponsors take a quarter
_WEST = timedelta(hours=12)  # where it is still yesterday
_STATES = sorted(STATES.items(), key=lambda state: state[1])
CHOICES = [(f"us-{code.lower()}", name) for code, name in _STATES]


def read(site: Site, form: Form, language: str, known: Facts | None = None) -> Read:
    """Read what was posted; the address must be one that can be mailed."""
    answer = reading.read(
        form, place_of=site.place_of, now=site.now(), language=language, known=known
    )
    if answer.address is None or Field.ADDRESS in answer.troubles:
        return answer
    try:
        return replace(answer, address=site.check_address(answer.address))
    except InputError:
        wrong = {**answer.troubles, Field.ADDRESS: Trouble.UNREADABLE}
        troubles = {each: wrong[each] for each in Field if each in wrong}
        return replace(answer, submission=None, troubles=troubles)


def asked(
    site: Site, form: Form, troubles: Mapping[Field, Trouble]
) -> Mapping[str, object]:
    """Return what the templates need to ask, with what is to be mended."""
    written = {name: form.get(name, "") for name in Field}
    return {
        "form": written,
        "troubles": {each.value: trouble.value for each, trouble in troubles.items()},
        "kinds": _with(KINDS, written[Field.KIND]),
        "states": CHOICES,
        "zones": _with(ZONES, written[Field.ZONE]),
        "lengths": _lengths(written[Field.LASTS]),
        "limits": LIMITS,
        "earliest": (site.now() - _WEST).date(),
    }


def drawn(submission: Submission) -> Mapping[str, object]:
    """Return what the templates need to show it as readers will see it."""
    action = Action(
        id=0,
        public_id="",
        source=SOURCE,
        external_id=None,
        version=1,
        facts=submission.facts,
    )
    facts = shown(action).facts
    return {
        "facts": facts,
        "contact": submission.contact,
        "shown_to": submission.shown_to.value,
        "is_placed": submission.is_placed,
        "more_url": web(facts.url),
    }


def _with(usual: tuple[str, ...], chosen: str) -> tuple[str, ...]:
    """Return the usual ones, and what is chosen among them."""
    return usual if chosen in ("", *usual) else (*usual, chosen)


def _lengths(chosen: str) -> list[int]:
    more = {int(chosen)} if chosen.isascii() and chosen.isdecimal() else set()
    return sorted({*LASTS, *more})
