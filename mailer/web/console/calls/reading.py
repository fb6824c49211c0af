"""What somebody has typed into the form of an urgent call, as a draft; and back."""

import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailer.core import rule as rules
from mailer.core.draft import Draft, Wording, parse
from mailer.core.errors import InputError
from mailer.core.rule import Rule
from mailer.core.tables import LANGUAGES
from mailer.web.console.calls.rows import (
    Context,
    Join,
    Kind,
    Row,
    RowError,
    of_rule,
    to_data,
)
from mailer.web.form import Fields

MOST_ROWS = 20  # of those included, and of those excluded
_FILE = "call"  # as errors of `parse` begin
_WORDS = ("reason", "preheader", "body", "where", "target", "bring", "answer")
_NAMED = re.compile(rf"{_FILE}: (?:\[?(\w+)\]?[ .])?(\w+):")
_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST_SLUG = 40
_FEW = 2  # rows that are there to be filled in


class NotReadError(Exception):
    """A form that is no draft yet: the fields to mend, and what is said of a rule.

    `state` is what somebody wrote for a state that there is not.
    """

    def __init__(
        self, fields: Sequence[str], words: str = "", *, state: str = ""
    ) -> None:
        super().__init__(words)
        self.fields, self.words, self.state = fields, words, state


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A form as it stands: every field, and the rows of the audience."""

    values: Mapping[str, str]
    include: Sequence[Row] = field(default_factory=lambda: [Row()] * _FEW)
    exclude: Sequence[Row] = field(default_factory=lambda: [Row()])

    @property
    def list_slug(self) -> str:
        """Return under which list it goes out."""
        return self.values.get("list", "")

    @property
    def is_urgent(self) -> bool:
        """Whether people are needed within two days."""
        return self.values.get("urgent") == "yes"

    def with_rows(self, more: str) -> "Typed":
        """Return it with one row more, among "include" or "exclude"."""
        include, exclude = [*self.include], [*self.exclude]
        rows = include if more == "include" else exclude
        if len(rows) < MOST_ROWS:
            rows.append(Row(join=Join.OR))
        return Typed(values=self.values, include=include, exclude=exclude)

    def rule(self) -> Rule:
        """Return the audience, its places not on the map yet; raises NotReadError."""
        return _audience(rules_data(self))


def typed(form: Fields) -> Typed:
    """Return what was posted."""
    return Typed(
        values=form,
        include=_rows(form, "include"),
        exclude=_rows(form, "exclude"),
    )


def _rows(form: Fields, name: str) -> Sequence[Row]:
    columns = [
        form.every(f"{name}-{part}")[:MOST_ROWS]
        for part in ("join", "kind", "value", "km")
    ]
    return [
        Row(
            join=Join(join) if join in set(Join) else Join.OR,
            kind=Kind(kind) if kind in set(Kind) else None,
            value=value,
            km=km.strip(),
        )
        for join, kind, value, km in zip(*columns, strict=False)
    ] or [Row()]


def rules_data(form: Typed) -> Mapping[str, Any] | Rule:
    """Return the audience as JSON has it, or as it is written in JSON."""
    written = form.values.get("rule", "").strip()
    if written:
        try:
            return rules.parse(written)
        except InputError as error:
            raise NotReadError(["rule"], error.words) from None
    context = Context(
        list_slug=form.list_slug, action=form.values.get("about", "").strip() or None
    )
    for name, rows in (("include", form.include), ("exclude", form.exclude)):
        try:
            to_data(rows, (), context)
        except RowError as error:
            raise NotReadError([f"{name}-{error.index}"], state=error.state) from None
    return to_data(form.include, form.exclude, context)


def _audience(data: Mapping[str, Any] | Rule) -> Rule:
    if isinstance(data, Rule):
        return data
    try:
        return rules.read(data)
    except InputError as error:
        raise NotReadError(["audience"], error.words) from None


def draft(form: Typed, *, taken: Collection[str], zone: ZoneInfo) -> Draft:
    """Return the draft; raises NotReadError with the fields to mend.

    `taken` are editions that a name made of the headline must differ from.
    """
    rule = form.rule()
    values = form.values
    data: dict[str, Any] = {
        "list": form.list_slug,
        "urgent": form.is_urgent,
        "both_languages": values.get("both") == "yes",
        "not_after": _until(values, zone),
        **_written(values, {"about": "action", "answer_url": "answer_url"}),
        **_written(values, {"despite": "despite_quiet_hours", "corrects": "corrects"}),
    }
    for language in LANGUAGES:
        if words := _wording(values, language):
            data[language] = words
    data["edition"] = values.get("edition", "").strip() or _slug(data, taken)
    data["audience"] = rules_json(rule)
    try:
        return parse({k: v for k, v in data.items() if v is not None}, file=_FILE)
    except InputError as error:
        raise NotReadError(_fields(str(error)), _bare(str(error))) from None


def _written(
    values: Mapping[str, str], names: Mapping[str, str]
) -> Mapping[str, str | None]:
    return {key: values.get(name, "").strip() or None for name, key in names.items()}


def _wording(values: Mapping[str, str], language: str) -> Mapping[str, Any]:
    headline = [
        line.strip()
        for line in values.get(f"{language}-headline", "").splitlines()
        if line.strip()
    ]
    words: dict[str, Any] = {}
    for key in _WORDS:
        said = values.get(f"{language}-{key}", "").replace("\r\n", "\n").strip()
        if said:
            words[key] = said if key == "body" else " ".join(said.split())
    if headline or words:
        words["headline"] = headline
    return words


def _until(values: Mapping[str, str], zone: ZoneInfo) -> datetime | None:
    day, hour = (values.get(f"until-{part}", "").strip() for part in ("day", "time"))
    if not day and not hour:
        return None
    try:
        return datetime.fromisoformat(f"{day}T{hour or '23:59'}").replace(tzinfo=zone)
    except ValueError:
        raise NotReadError(["until-day"]) from None


def _fields(words: str) -> Sequence[str]:
    """Return the field that an error of `parse` is about."""
    found = _NAMED.match(words)
    if found is None:
        return ["draft"]
    language, key = found.groups()
    if language in LANGUAGES:
        return [f"{language}-{key}"]
    if key in LANGUAGES:  # there are no words at all
        return [f"{key}-headline"]
    return [_OTHERWISE.get(key, key)]


def _bare(words: str) -> str:
    """Return an error of `parse` without its key: the page marks the field."""
    found = _NAMED.match(words)
    if found is None:
        return words
    return "" if found[2] in LANGUAGES else words[found.end() :].strip()


_OTHERWISE = {
    "action": "about",
    "despite_quiet_hours": "despite",
    "not_after": "until-day",
    "both_languages": "both",
}


def slug(words: str, taken: Collection[str]) -> str:
    """Return a name made of words, another than those that are taken."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    made = _NOT_IN_A_SLUG.sub("-", plain.lower()).strip("-")[:_LONGEST_SLUG].rstrip("-")
    made = made or "call"
    number, found = 1, made
    while found in taken:
        number += 1
        ending = f"-{number}"
        found = f"{made[: _LONGEST_SLUG - len(ending)].rstrip('-')}{ending}"
    return found


def _slug(data: Mapping[str, Any], taken: Collection[str]) -> str:
    for language in LANGUAGES:
        if headline := data.get(language, {}).get("headline"):
            return slug(" ".join(headline), taken)
    return slug("", taken)


def rules_json(rule: Rule) -> Any:
    """Return a rule as the mapping that JSON has of it."""
    return json.loads(rules.dump(rule))


def of_draft(draft: Draft, *, zone: ZoneInfo) -> Typed:
    """Return the form that a draft is changed with."""
    until = draft.not_after and draft.not_after.astimezone(zone)
    values = {
        "list": draft.list_slug,
        "edition": draft.edition,
        "urgent": "yes" if draft.is_urgent else "",
        "both": "yes" if draft.both_languages else "",
        "about": draft.action or "",
        "answer_url": draft.answer_url or "",
        "until-day": f"{until:%Y-%m-%d}" if until else "",
        "until-time": f"{until:%H:%M}" if until else "",
        "despite": draft.despite_quiet_hours or "",
        "corrects": draft.corrects or "",
    }
    for wording in draft.wordings if draft.unread is None else ():
        values |= _values(wording)
    rows = of_rule(draft.audience)
    if rows is None:
        values["rule"] = json.dumps(
            rules_json(draft.audience), ensure_ascii=False, indent=1
        )
        return Typed(values=values)
    include, exclude = rows
    return Typed(values=values, include=[*include, Row()], exclude=[*exclude, Row()])


def _values(wording: Wording) -> Mapping[str, str]:
    said = {key: getattr(wording, key) or "" for key in _WORDS}
    said["headline"] = "\n".join(wording.headline)
    return {f"{wording.language}-{key}": words for key, words in said.items()}
