"""What a coordinator writes: a blast before it is one, as a file, a form or the API say it.

All of them give the same mapping. `parse` reads it with errors that name the key, and
the line where there are lines; `dump` writes it back, so that it can be kept and hashed.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mailer.core import rule as rules
from mailer.core.blast import Urgency
from mailer.core.errors import ConfigError, InputError
from mailer.core.lists import SLUG
from mailer.core.rule import Rule
from mailer.core.tables import LANGUAGES, Table

LONGEST_BODY = 20_000  # characters; a mail of 90 KB is cut off
LONGEST_LINE = 80  # of a headline
MOST_LINES = 4
_LONGEST = 300  # of whatever else is one line
_LONGEST_REASON = 1_000
_NOWHERE = re.compile(r"[\x00\ud800-\udfff]")  # what no database and no UTF-8 holds
_WORDS = ("preheader", "where", "target", "bring", "answer")
_OF_A_WORDING = ("headline", "reason", "body", *_WORDS)
_OF_A_DRAFT = (
    "list",
    "edition",
    "urgent",
    "both_languages",
    "action",
    "answer_url",
    "not_after",
    "despite_quiet_hours",
    "corrects",
    "audience",
    *LANGUAGES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of a draft in one language; what is None comes from the action."""

    language: str
    headline: tuple[str, ...]  # an instruction with place and hour; the subject
    preheader: str | None = None  # None: the day, the place and the reason
    reason: str = ""  # why, in a sentence or two
    body: str = ""  # Markdown
    where: str | None = None
    target: str | None = None
    bring: str | None = None
    answer: str | None = None  # the button's words

    @property
    def subject(self) -> str:
        """Return the headline on one line."""
        return " ".join(self.headline)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One message to one audience, and until when it makes sense."""

    list_slug: str
    edition: str
    wordings: tuple[Wording, ...]  # one or two languages, the first for whoever else
    audience: Rule = field(default_factory=Rule)  # nobody, unless it says whom
    urgency: Urgency = Urgency.PLAIN
    both_languages: bool = False  # in one mail, the reader's own first
    action: str | None = None  # its public id: date, place, button and calendar
    answer_url: str | None = None  # where the button leads; None: the action's page
    not_after: datetime | None = None  # nothing of it leaves from then on
    despite_quiet_hours: str | None = None  # why people may be woken
    corrects: str | None = None  # LIST/EDITION whose readers were told otherwise
    unread: str | None = None  # why what is kept of it is not known, and not sent

    @property
    def name(self) -> str:
        """Return LIST/EDITION."""
        return f"{self.list_slug}/{self.edition}"

    @property
    def is_urgent(self) -> bool:
        """Whether people are needed within two days."""
        return self.urgency is Urgency.URGENT

    def wording(self, language: str) -> Wording:
        """Return the words for readers of a language, or the first ones there are."""
        for each in self.wordings:
            if each.language == language:
                return each
        return self.wordings[0]


def unread(
    list_slug: str, edition: str, why: str, *, not_after: datetime | None = None
) -> Draft:
    """Return what stands for a kept draft that cannot be read: for nobody, never sent.

    Another version may have written it. It is listed, ended, and written anew.
    """
    return Draft(
        list_slug=list_slug,
        edition=edition,
        wordings=tuple(
            Wording(language=language, headline=(words,))
            for language, words in _UNREAD.items()
        ),
        not_after=not_after,
        unread=why,
    )


_UNREAD = {
    "en": "This call cannot be read",
    "es": "Este llamado no se puede leer",
}


def parse(
    data: Mapping[str, Any],
    *,
    file: str,
    lines: Mapping[str, int] | None = None,
) -> Draft:
    """Read a draft; raises InputError naming the file, the line, the key, the way out."""
    try:
        return _parsed(Table(data, file, lines=lines))
    except ConfigError as error:
        raise InputError(str(error)) from None


def _only(table: Table, keys: Collection[str]) -> None:
    """Refuse a misspelt key before another is missed for its sake."""
    table.known.update(keys)
    table.refuse_unknown()


def _parsed(table: Table) -> Draft:
    _only(table, _OF_A_DRAFT)
    draft = Draft(
        list_slug=_slug(table, "list"),
        edition=_slug(table, "edition"),
        urgency=Urgency.URGENT
        if table.flag("urgent", default=False)
        else Urgency.PLAIN,
        both_languages=table.flag("both_languages", default=False),
        action=_line(table, "action"),
        answer_url=_line(table, "answer_url"),
        not_after=_moment(table, "not_after"),
        despite_quiet_hours=_line(table, "despite_quiet_hours"),
        corrects=_line(table, "corrects"),
        audience=_audience(table),
        wordings=_wordings(table),
    )
    if draft.both_languages and len(draft.wordings) < len(LANGUAGES):
        only = draft.wordings[0].language
        other = next(code for code in LANGUAGES if code != only)
        table.fail("both_languages", f"there is no [{other}]; write it, or remove this")
    return draft


def _slug(table: Table, key: str) -> str:
    slug: str = table.text(key)
    if not SLUG.fullmatch(slug):
        table.fail(
            key,
            "use small letters, digits and hyphens, at most 40, as in otay-mesa-tonight",
        )
    return slug


def _line(table: Table, key: str, longest: int = _LONGEST) -> str | None:
    words: str | None = table.line(key, None)
    if words is not None and len(words) > longest:
        table.fail(key, f"has {len(words)} characters; at most {longest} fit")
    return words


# Beyond these some zone has no such instant; "never" is the day before the last.
_FIRST = datetime(1, 1, 3, tzinfo=UTC)
_LAST = datetime(9999, 12, 29, tzinfo=UTC)


def _moment(table: Table, key: str) -> datetime | None:
    value = table.raw(key, None)
    hint = 'write a date, an hour and its offset: "2019-10-10T19:00:00-07:00"'
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            table.fail(key, hint)
    if not isinstance(value, datetime):
        table.fail(key, hint)
    if value.utcoffset() is None:
        table.fail(key, f"nobody knows of which zone; {hint}")
    if not _FIRST <= value <= _LAST:
        table.fail(key, f"no calendar has the year {value.year} everywhere; {hint}")
    return value.astimezone(UTC)


def _audience(table: Table) -> Rule:
    value = table.raw("audience", None)
    if value is None:
        return Rule()
    line = table.lines.get("audience")
    return rules.read(
        value, name=f"{table.file}{f', line {line}' if line else ''}: audience"
    )


def _wordings(table: Table) -> tuple[Wording, ...]:
    wordings = tuple(
        _wording(within, language)
        for language in LANGUAGES
        if (within := table.table(language)) is not None
    )
    if not wordings:
        table.fail("en", "there are no words; write [en] or [es] with a headline")
    return wordings


def _wording(table: Table, language: str) -> Wording:
    _only(table, _OF_A_WORDING)
    words = {key: _line(table, key) for key in _WORDS}
    body = table.text("body", "-")
    if len(body) > LONGEST_BODY:
        table.fail("body", f"has {len(body)} characters; at most {LONGEST_BODY} fit")
    if _NOWHERE.search(body):
        table.fail("body", "contains a character that no mail can hold; retype it")
    return Wording(
        language=language,
        headline=_headline(table),
        reason=_line(table, "reason", _LONGEST_REASON) or "",
        body=body if "body" in table.data else "",
        **words,
    )


def _headline(table: Table) -> tuple[str, ...]:
    value = table.raw("headline", None)
    lines = [value] if isinstance(value, str) else value
    if (
        not isinstance(lines, list)
        or not all(isinstance(line, str) and line.strip() for line in lines)
        or not 0 < len(lines) <= MOST_LINES
    ):
        table.fail(
            "headline",
            'write ["Come to Otay Mesa", "tonight at 6"]: one to four short lines',
        )
    inner = Table({str(n): line for n, line in enumerate(lines, 1)}, table.file)
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            table.fail(
                "headline", f"line {number} has more than {LONGEST_LINE} letters"
            )
        try:
            inner.line(str(number))
        except ConfigError:
            table.fail(
                "headline", f"line {number} holds a line break or a control mark"
            )
    return tuple(line.strip() for line in lines)


def dump(draft: Draft) -> dict[str, Any]:
    """Return the mapping that `parse` reads, fit for JSON, without what is not said."""
    said: dict[str, Any] = {
        "list": draft.list_slug,
        "edition": draft.edition,
        "urgent": draft.is_urgent,
        "both_languages": draft.both_languages,
        "action": draft.action,
        "answer_url": draft.answer_url,
        "not_after": draft.not_after and draft.not_after.isoformat(),
        "despite_quiet_hours": draft.despite_quiet_hours,
        "corrects": draft.corrects,
        "audience": json.loads(rules.dump(draft.audience)),
    }
    for each in draft.wordings:
        words = {"headline": list(each.headline), "reason": each.reason}
        words |= {"body": each.body}
        words |= {key: getattr(each, key) for key in _WORDS}
        said[each.language] = {key: value for key, value in words.items() if value}
    return {key: value for key, value in said.items() if value is not None}


def content_hash(draft: Draft) -> bytes:
    """Return what an approval is bound to: SHA-256 over all of it, the rule included."""
    canonical = json.dumps(
        dump(draft), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).digest()
