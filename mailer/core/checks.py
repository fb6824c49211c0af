"""What the words of a draft give away before anybody is asked: pure, one look each."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from mailer.core.changes import over_at
from mailer.core.draft import Draft, Wording
from mailer.core.findings import Finding, error, fine, warning
from mailer.core.model import Action, ActionStatus
from mailer.core.proposal import hold_of
from mailer.core.prose import Bullets, Prose
from mailer.core.saying import says

_SUBJECT = 60  # characters; phones show about 40
_REASON = 60  # words
_TOLD = ("body", "where", "target", "bring", "answer")  # what both languages owe
_FIELDS = {
    "body": says("body"),
    "where": says("where"),
    "target": says("target"),
    "bring": says("bring"),
    "answer": says("answer"),
}
_OFF = {
    ActionStatus.CANCELLED: says("the action is cancelled"),
    ActionStatus.POSTPONED: says("the action is postponed"),
}
_LANGUAGES = {"en": says("English"), "es": says("Spanish")}
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
            return says("%(key)s, line %(line)s of it", key=name, line=within)
        return f"{name}, line {line}" if line else name


def _subject(wording: Wording, at: _Place) -> Iterator[Finding]:
    length = len(wording.subject)
    if length > _SUBJECT:
        yield warning(
            "long-subject",
            says(
                "the subject has %(length)s characters; phones show about 40: put place"
                " and hour first",
                length=length,
            ),
            at("headline"),
        )
    if _FALSE.match(wording.subject):
        yield error(
            "false-reply",
            says("the subject claims to be an answer; leave Re: and Fwd: out"),
            at("headline"),
        )
    if len(wording.reason.split()) > _REASON:
        yield warning(
            "long-reason",
            says(
                "the reason has more than %(most)s words; the rest belongs into the"
                " body",
                most=_REASON,
            ),
            at("reason"),
        )


def _body(prose: Prose, at: _Place) -> Iterator[Finding]:
    for each in prose.unsaid:
        make = error if each.lost else warning
        name = "not-sayable" if each.lost else "plain-looks"
        words = says("mail cannot say %(what)s", what=each.words)
        yield make(name, words, at("body", each.line))


def _spam(wording: Wording, at: _Place) -> Iterator[Finding]:
    shouted = _CAPITALS.findall(wording.subject)
    if _SHOUT.search(wording.subject) or len(shouted) > 1:
        yield warning(
            "shouting",
            says("the subject shouts; filters count capitals and marks against it"),
            at("headline"),
        )
    for key in ("subject", "preheader", "reason", "body"):
        said = getattr(wording, key) or ""
        if found := _SPAM.search(said):
            yield warning(
                "spammy",
                says(
                    "“%(words)s” is what filters look for; say it in other words",
                    words=found[0],
                ),
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
                says(
                    "in %(language)s it says nothing for %(fields)s, and in the other"
                    " language it does; its readers are told less",
                    language=_named(wording.language),
                    fields=tuple(_FIELDS[key] for key in missing),
                ),
                ", ".join(f"{wording.language}.{key}" for key in missing),
            )


def _named(language: str | None) -> str:
    if language is None:
        return says("no language we know of")
    return _LANGUAGES.get(language, language)


def moments(draft: Draft, action: Action | None, at: datetime) -> Iterator[Finding]:
    """Look at what has passed already, or is off."""
    if draft.not_after is not None and draft.not_after <= at:
        yield error(
            "past",
            says("its last moment has passed; nothing would go out"),
            "not_after",
        )
    else:
        yield from _in_time(draft, at)
    if draft.despite_quiet_hours:
        yield warning(
            "wakes-people",
            says(
                "it goes out in quiet hours as well, because: “%(reason)s”; who may"
                " sleep, if that can wait?",
                reason=draft.despite_quiet_hours,
            ),
            "despite_quiet_hours",
        )
    if action is None:
        return
    if action.facts.status.is_off:
        yield error("action-off", _OFF[action.facts.status], "action")
    over = over_at(action.facts)
    if over <= at:
        yield error("past", says("the action is over"), "action")
    elif draft.not_after is not None and draft.not_after > over:
        yield warning(
            "late-end",
            says(
                "it may still go out when the action is over; end it before: not_after"
                ' = "%(over)s"',
                over=over.isoformat(),
            ),
            "not_after",
        )


def _in_time(draft: Draft, at: datetime) -> Iterator[Finding]:
    """Look whether its last moment leaves time for the hold, and for the first few."""
    hold, last = hold_of(draft), draft.not_after
    minutes = hold // timedelta(minutes=1)
    if last is not None and last <= at + hold:
        yield error(
            "past",
            says(
                "its last moment comes before the %(minutes)s minutes of the hold are"
                " over; nothing would go out",
                minutes=minutes,
            ),
            "not_after",
        )
    elif last is not None and last <= at + 2 * hold:
        yield warning(
            "little-time",
            says(
                "only the first few would get it: between them and the rest are"
                " %(minutes)s minutes, and so is the hold before; set a later"
                " not_after",
                minutes=minutes,
            ),
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
        other = _named(draft.wordings[0].language)
        who = tuple(
            says("one person reads %(language)s", language=_named(code))
            if n == 1
            else says("%(people)s read %(language)s", people=n, language=_named(code))
            for code, n in sorted(missing.items(), key=str)
        )
        yield warning(
            "missing-language",
            says(
                "%(who)s, and gets it in %(other)s; write it in their language as well",
                who=who,
                other=other,
            )
            if sum(missing.values()) == 1
            else says(
                "%(who)s, and get it in %(other)s; write it in their language as well",
                who=who,
                other=other,
            ),
            "/".join(str(code) for code in missing),
        )
    elif not missing:
        yield fine("languages", says("everybody gets it in their own language"))
