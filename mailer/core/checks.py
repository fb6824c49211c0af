"""What the words of a draft give away before anybody is asked: pure, one look each."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from mailer.core.changes import over_at
from mailer.core.draft import Draft, Wording
from mailer.core.findings import Finding, error, fine, warning
from mailer.core.model import Action
from mailer.core.proposal import hold_of
from mailer.core.prose import Bullets, Prose

_SUBJECT = 60  # characters; phones show about 40
_REASON = 60  # words
_TOLD = ("body", "where", "target", "bring", "answer")  # what both languages owe
_LANGUAGES = {"en": "English", "es": "Spanish"}
_SHOUT = re.compile(r"[!?¡¿]{2,}")
_CAPITALS = re.compile(r"\b[A-ZÁÉÍÓÚÑ]{4,}\b")
_FALSE = re.compile(r"^\s*(re|fwd?|rv)\s*:", re.IGNORECASE)
_SPAM = re.compile(
    r"\b(click here|act now|100 ?% free|free money|limited time|no obligation|winner"
    r"|haga clic aqu[ií]|gratis|dinero r[aá]pido|ganador[ae]?|oferta)\b|\${2,}",
    re.IGNORECASE,
)


def words(
    draft: Draft, prose: Mapping[str, Prose], lines: Mapping[str, int] | None = None
) -> Iterator[Finding]:
    """Look at the words of each language; `prose` are their bodies."""
    for wording in draft.wordings:
        at = _Place(wording.language, lines or {})
        yield from _subject(wording, at)
        yield from _body(prose[wording.language], at)
        yield from _spam(wording, at)
    yield from _uneven(draft)


class _Place:
    """Says where something stands: "en.body", with its line where it is known."""

    def __init__(self, language: str, lines: Mapping[str, int]) -> None:
        self._language, self._lines = language, lines

    def __call__(self, key: str, within: int | None = None) -> str:
        name = f"{self._language}.{key}"
        line = self._lines.get(name)
        if within is not None:
            return f"{name}, line {within} of it"
        return f"{name}, line {line}" if line else name


def _subject(wording: Wording, at: _Place) -> Iterator[Finding]:
    length = len(wording.subject)
    if length > _SUBJECT:
        yield warning(
            "long-subject",
            f"the subject has {length} characters; phones show about 40: put place and"
            " hour first",
            at("headline"),
        )
    if _FALSE.match(wording.subject):
        yield error(
            "false-reply",
            "the subject claims to be an answer; leave Re: and Fwd: out",
            at("headline"),
        )
    if len(wording.reason.split()) > _REASON:
        yield warning(
            "long-reason",
            f"the reason has more than {_REASON} words; the rest belongs into the body",
            at("reason"),
        )


def _body(prose: Prose, at: _Place) -> Iterator[Finding]:
    for each in prose.unsaid:
        make = error if each.lost else warning
        name = "not-sayable" if each.lost else "plain-looks"
        yield make(name, f"mail cannot say {each.words}", at("body", each.line))


def _spam(wording: Wording, at: _Place) -> Iterator[Finding]:
    shouted = _CAPITALS.findall(wording.subject)
    if _SHOUT.search(wording.subject) or len(shouted) > 1:
        yield warning(
            "shouting",
            "the subject shouts; filters count capitals and marks against it",
            at("headline"),
        )
    for key in ("subject", "preheader", "reason", "body"):
        said = getattr(wording, key) or ""
        if found := _SPAM.search(said):
            yield warning(
                "spammy",
                f"“{found[0]}” is what filters look for; say it in other words",
                at("headline" if key == "subject" else key),
            )


def _uneven(draft: Draft) -> Iterator[Finding]:
    """Look for what readers of one language are told, and those of another are not."""
    for wording in draft.wordings:
        said = {
            key
            for other in draft.wordings
            for key in _TOLD
            if getattr(other, key) and not getattr(wording, key)
        }
        if said:
            missing = [key for key in _TOLD if key in said]
            yield warning(
                "uneven-languages",
                f"in {_named(wording.language)} it says nothing for"
                f" {', '.join(missing)}, and in the other language it does; its"
                " readers are told less",
                ", ".join(f"{wording.language}.{key}" for key in missing),
            )


def _named(language: str | None) -> str:
    return _LANGUAGES.get(language or "", language or "no language we know of")


def moments(draft: Draft, action: Action | None, at: datetime) -> Iterator[Finding]:
    """Look at what has passed already, or is off."""
    if draft.not_after is not None and draft.not_after <= at:
        yield error(
            "past", "its last moment has passed; nothing would go out", "not_after"
        )
    else:
        yield from _in_time(draft, at)
    if draft.despite_quiet_hours:
        yield warning(
            "wakes-people",
            "it goes out in quiet hours as well, because: “"
            f"{draft.despite_quiet_hours}”; who may sleep, if that can wait?",
            "despite_quiet_hours",
        )
    if action is None:
        return
    if action.facts.status.is_off:
        yield error(
            "action-off", f"the action is {action.facts.status.value}", "action"
        )
    over = over_at(action.facts)
    if over <= at:
        yield error("past", "the action is over", "action")
    elif draft.not_after is not None and draft.not_after > over:
        yield warning(
            "late-end",
            "it may still go out when the action is over; end it before: not_after ="
            f' "{over.isoformat()}"',
            "not_after",
        )


def _in_time(draft: Draft, at: datetime) -> Iterator[Finding]:
    """Look whether its last moment leaves time for the hold, and for the first few."""
    hold, last = hold_of(draft), draft.not_after
    minutes = hold // timedelta(minutes=1)
    if last is not None and last <= at + hold:
        yield error(
            "past",
            f"its last moment comes before the {minutes} minutes of the hold are over;"
            " nothing would go out",
            "not_after",
        )
    elif last is not None and last <= at + 2 * hold:
        yield warning(
            "little-time",
            f"only the first few would get it: between them and the rest are {minutes}"
            " minutes, and so is the hold before; set a later not_after",
            "not_after",
        )


def links(draft: Draft, prose: Mapping[str, Prose]) -> Mapping[str, str]:
    """Return every address that a coordinator wrote, with where it stands."""
    found: dict[str, str] = {}
    if draft.answer_url:
        found[draft.answer_url] = "answer_url"
    for wording in draft.wordings:
        for block in prose[wording.language].blocks:
            items = block.items if isinstance(block, Bullets) else (block,)
            for span in (span for item in items for span in item.spans):
                if span.url:
                    found.setdefault(span.url, f"{wording.language}.body")
    return found


def languages(draft: Draft, readers: Mapping[str | None, int]) -> Iterator[Finding]:
    """Look for readers whose language it is not written in."""
    written = {each.language for each in draft.wordings}
    missing = {code: n for code, n in readers.items() if code not in written and n}
    if missing and not draft.both_languages:
        who = ", ".join(
            f"{n:,} read {_named(code)}" for code, n in sorted(missing.items(), key=str)
        )
        other = _named(draft.wordings[0].language)
        yield warning(
            "missing-language",
            f"{who}, and get it in {other}; write it in their language as well",
            "/".join(str(code) for code in missing),
        )
    elif not missing:
        yield fine("languages", "everybody gets it in their own language")
