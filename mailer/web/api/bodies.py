"""JSON that programs send: within bounds, in one meaning, and nothing no store keeps."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import Request

from mailer.core.errors import InputError
from mailer.core.reasons import said as reasons_said
from mailer.web.api.problems import TOO_LARGE, UNSUPPORTED, ProblemError
from mailer.web.form import bounded

LIMIT = 512 * 1024  # bytes: a rule of 200,000 letters, and the words
_JSON = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json", re.IGNORECASE)
_WHY = "reason: say why, for the record"
_NOWHERE = re.compile("[\x00\ud800-\udfff]")  # what no database and no UTF-8 holds


async def body(request: Request) -> bytes:
    """Return what was sent; raises ProblemError 413 or 415."""
    try:
        sent = await bounded(request, LIMIT)
    except HTTPException:
        raise ProblemError(
            TOO_LARGE,
            f"The body has more than {LIMIT} octets.",
            headers={"Connection": "close"},
        ) from None
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if sent and not _JSON.fullmatch(kind):
        raise ProblemError(
            UNSUPPORTED,
            "The body must be JSON: Content-Type: application/json.",
            headers={"Accept": "application/json"},
        )
    return sent


def said(sent: bytes) -> Mapping[str, Any]:
    """Return the object that was sent, {} for nothing; raises InputError."""
    if not sent:
        return {}
    try:
        value = json.loads(
            sent.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
        )
        _refuse_unkeepable(value)
    except UnicodeDecodeError:
        raise InputError("the body is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"the body is no JSON: line {error.lineno}, column {error.colno}:"
            f" {error.msg[:1].lower()}{error.msg[1:]}"
        ) from None
    except RecursionError:
        raise InputError("the body is nested too deeply") from None
    except ValueError as error:
        raise InputError(
            f"the body holds a number that cannot be meant: {error}"
        ) from (None)
    if not isinstance(value, dict):
        raise InputError("the body must be a JSON object, {…}")
    return value


def only(sent: Iterable[str], known: Collection[str]) -> None:
    """Refuse what nobody reads: it may be a key that is misspelt."""
    for key in sent:
        if key not in known:
            there = ", ".join(known) or "none"
            raise InputError(f"{_plain(key)}: is not known here; there is {there}")


def refuse_null(sent: Mapping[str, Any], within: str = "") -> None:
    """Refuse what a file could not say: what is not meant is left out."""
    for key, value in sent.items():
        if value is None:
            raise InputError(f"{within}{_plain(key)}: is null; leave it out")


def text(sent: Mapping[str, Any], key: str, usual: str) -> str:
    """Return words, or what is usual; raises InputError."""
    value = sent.get(key, usual)
    if not isinstance(value, str):
        raise InputError(f"{key}: must be text")
    return value


def reason(sent: Mapping[str, Any], usual: str) -> str:
    """Return why, and refuse all else; whoever is in a hurry says nothing."""
    only(sent, ("reason",))
    return reasons_said(text(sent, "reason", usual), _WHY)


def whole(sent: Mapping[str, Any], key: str) -> int | None:
    """Return a whole number that is not negative, if there is one."""
    value = sent.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise InputError(f"{key}: must be a whole number")
    return value


def reasons(sent: Mapping[str, Any], key: str) -> dict[str, str]:
    """Return names with a reason each, "" for those of a mere list."""
    value = sent.get(key, [])
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return dict.fromkeys(value, "")
    if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        return value
    raise InputError(
        f'{key}: must be names, ["mailed-lately"], or names with a reason each,'
        ' {"mailed-lately": "it has moved"}'
    )


def flag(sent: Mapping[str, Any], key: str) -> bool:
    """Return true or false; false if it is not said."""
    value = sent.get(key, False)
    if not isinstance(value, bool):
        raise InputError(f"{key}: must be true or false")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(f"{_plain(key)}: stands twice in one object")
        found[key] = value
    return found


def _plain(key: str) -> str:
    return _NOWHERE.sub("?", key)[:80]


def _refuse_constant(name: str) -> NoReturn:
    raise InputError(f"the body holds {name}, which is no number in JSON")


def _refuse_unkeepable(value: Any) -> None:
    match value:
        case str():
            if _NOWHERE.search(value):
                raise InputError(
                    "the body holds a NUL or half a character, which nothing keeps"
                )
        case dict():
            for key, each in value.items():
                _refuse_unkeepable(key)
                _refuse_unkeepable(each)
        case list():
            for each in value:
                _refuse_unkeepable(each)
