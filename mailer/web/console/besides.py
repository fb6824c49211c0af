"""What the log knows besides of what was done: every key and closed value has words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailer.core.audience import FOREVER
from mailer.core.proposal import Stage
from mailer.core.saying import says
from mailer.ports import Record

Words = Mapping[str, str]

_KEYS: Words = {
    "acknowledged": says("warnings seen"),
    "added": says("added"),
    "address": says("address"),
    "addresses": says("addresses"),
    "alias": says("name"),
    "alone": says("by one person alone"),
    "asked": says("asked for"),
    "before": says("before"),
    "by link": says("by a link for"),
    "change": says("change"),
    "created": says("new"),
    "deliveries": says("messages"),
    "event": says("event"),
    "expected": says("people expected"),
    "for": says("for"),
    "frequency": says("how often"),
    "from": says("its number was"),
    "how": says("how"),
    "into": says("into"),
    "kind": says("kind"),
    "language": says("language"),
    "left": says("had left"),
    "mailing": says("mailing"),
    "mailings": says("mailings"),
    "merge": says("record of the merge"),
    "method": says("method"),
    "missing": says("not there any more"),
    "name": says("name"),
    "organization": says("organization"),
    "path": says("path"),
    "paused_until": says("paused until"),
    "pending": says("wait for a consent"),
    "people": says("people"),
    "quiet_hours": says("in spite of quiet hours"),
    "quiet_weeks": says("a note in quiet weeks"),
    "reason": says("reason"),
    "restored": says("was in a backup"),
    "returned": says("there again"),
    "revision": says("version"),
    "roles": says("roles"),
    "scope": says("of where"),
    "scopes": says("it may"),
    "seconds": says("seconds"),
    "since": says("since"),
    "subscriber": says("subscriber"),
    "suppressed": says("never mailed"),
    "token": says("its token"),
    "unchanged": says("as before"),
    "until": says("until"),
    "unreadable": says("cannot be read"),
    "updated": says("changed"),
    "version": says("version"),
    "voids": says("voids"),
    "was": says("before"),
    "why": says("why"),
}
_ERRANDS: Words = {
    "invite": says("a first password"),
    "reset": says("another password"),
}
_SUPPRESSED: Words = {
    "bounced": says("mail came back for good"),
    "complained": says("they called our mail spam"),
    "unreachable": says("nothing reached them for weeks"),
    "erased": says("they had their data erased"),
    "manual": says("they or a person of ours said so"),
    "declined": says("they had not asked for it"),
}
_ROLES: Words = {
    "author": says("Author"),
    "approver": says("Approver"),
    "moderator": says("Moderator"),
    "admin": says("Admin"),
    "auditor": says("Auditor"),
}
_VALUES: Mapping[str, Words] = {
    "address": {"another": says("another")},
    "by link": _ERRANDS,
    "for": _ERRANDS,
    "frequency": {
        "every": says("each edition"),
        "fortnightly": says("every other week"),
        "monthly": says("once a month"),
        "urgent": says("only what is urgent"),
    },
    "how": {
        "form": says("by a form"),
        "page": says("on their own page"),
        "undo": says("by taking a change back"),
        "one-click": says("with one click in their mail"),
        "seat": says("with a seat"),
        "asked a coordinator": says("by asking a coordinator"),
        "did not ask": says("they had not asked for it"),
    },
    "kind": {
        "endorse": says("To endorse the call"),
        "submit": says("To list an action"),
    },
    "reason": {
        **_SUPPRESSED,
        "the clock was put back": says("the clock was put back"),
    },
    "roles": _ROLES,
    "scopes": {
        "overview": says("See what is under way"),
        "read": says("Read urgent calls"),
        "write": says("Write urgent calls"),
        "submit": says("Ask for an approval"),
        "approve": says("Approve"),
        "stop": says("Stop"),
        "resume": says("Let a mailing go on"),
        "start": says("Start everything again"),
    },
    "voids": {
        Stage.SUBMITTED: says("what was submitted"),
        **dict.fromkeys((Stage.HELD, Stage.STOPPED), says("the approval")),
    },
    "was": {**_ROLES, **_SUPPRESSED},
}
_GONE: Words = {
    "came": says("came"),
    "bounced": says("bounced"),
    "complained": says("complained"),
    "erased": says("erased"),
    "not meant any more": says("not meant any more"),
    "paused": says("paused"),
    "left": says("left"),
    "capped": says("had as many as anybody gets"),
    "no consent": says("without consent"),
    "suppressed": says("may not be mailed"),
}
# Numbers of what can be named itself.
_REFERRING = ("mailing", "organization", "subscriber", "token")
_MOMENTS = ("paused_until", "since", "until")
_HIDDEN = ("undo",)  # by which a merge is taken apart: nothing to read
_OVERRIDDEN = "overridden: "
_NUMBER = r"(\d[\d,]{0,20})"
_CHANGE = re.compile(
    rf"approved {_NUMBER}, sending {_NUMBER}(?:: (.+))?", re.ASCII | re.DOTALL
)
_COUNT = re.compile(rf"{_NUMBER} (.+)", re.ASCII | re.DOTALL)
_YEARS = range(1970, 9999)  # that every zone has


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that is known besides: words, a moment, or what is named itself."""

    name: str  # as it is recorded; "" if its values have words already
    words: str
    values: Sequence[str] = ()
    at: datetime | None = None
    thing: str | None = None


def parts(record: Record) -> Sequence[Part]:
    """Return what is known besides."""
    return [
        _part(name, value)
        for name, value in record.detail.items()
        if name not in _HIDDEN and value not in (None, "", False, [])
    ]


def _part(name: str, value: Any) -> Part:
    words = _KEYS.get(name, name)
    if value is True:
        return Part(name=name, words=words)
    if name in _REFERRING and isinstance(value, int):
        return Part(name=name, words=words, thing=f"{name} {value}")
    if name in _MOMENTS and (at := _moment(value)):
        if at >= FOREVER:
            return Part(name=name, words=words, values=[says("without end")])
        return Part(name=name, words=words, at=at)
    listed = value if isinstance(value, list) else [value]
    known = _VALUES.get(name, {})
    values = [known.get(str(each), _said(name, str(each))) for each in listed]
    # What has words here needs none of a page's own.
    plain = "" if any(str(each) in known for each in listed) else name
    return Part(name=plain, words=words, values=values)


def _said(name: str, value: str) -> str:
    if name == "quiet_hours":
        return value.removeprefix(_OVERRIDDEN)
    found = _CHANGE.fullmatch(value) if name == "change" else None
    if found is None:
        return value
    approved, sending = _number(found[1]), _number(found[2])
    if not found[3]:
        return says(
            "approved for %(approved)s, goes to %(sending)s",
            approved=approved,
            sending=sending,
        )
    return says(
        "approved for %(approved)s, goes to %(sending)s: %(gone)s",
        approved=approved,
        sending=sending,
        gone=tuple(_counted(each) for each in found[3].split(", ")),
    )


def _counted(words: str) -> str:
    """Return a part of a change: "2 bounced", "1 came"."""
    found = _COUNT.fullmatch(words)
    if found is None:
        return words
    why = found[2]
    return says("%(n)s %(why)s", n=_number(found[1]), why=_GONE.get(why, why))


def _number(written: str) -> int:
    return int(written.replace(",", ""))


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    if found.tzinfo is None:
        return None
    return found if found.year in _YEARS or found >= FOREVER else None
