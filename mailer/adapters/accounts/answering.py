"""What the answers of providers have in common: a JSON object, or why there is none."""

import json
from collections.abc import Mapping
from typing import Any

from mailer.adapters.providers.foreign import words
from mailer.core.diagnosis import About, Finding
from mailer.core.saying import Verbatim, says
from mailer.ports import Page, Unanswered, Web

LIST = "list"  # under which a JSON array of objects is found
_KEY = says("mail through it is refused, so nothing goes out")


def asked(
    web: Web,
    url: str,
    headers: Mapping[str, str],
    *,
    told: About,
    sending_only: str = "",
    needed: bool = True,
) -> Mapping[str, Any] | Finding:
    """Return the JSON object under an address; else what its absence means.

    `sending_only` is the error's name that says: a good key, but only for sending.
    `needed` says that no mail goes out where this may not be asked.
    """
    answer = web.get(url, {"Accept": "application/json", **headers})
    if isinstance(answer, Unanswered):
        return _silent(answer, told)
    found = _object(answer)
    if answer.status == 200 and found is not None:
        return found
    if sending_only and _name(answer, found) == sending_only:
        return told.unasked(
            says(
                "the key may only send, which is enough for mail, but not for questions"
            ),
            says("look there yourself: is the domain verified, and tracking off?"),
        )
    if answer.status not in {401, 403}:
        return told.unasked(says("it answered %(status)s", status=answer.status))
    if not needed:
        return told.unasked(
            says("the key may not (%(status)s)", status=answer.status),
            says("look there yourself"),
        )
    said = text(found or {}, "message") or text(found or {}, "Message")
    return told.fail(
        says(
            "the key is not accepted (%(status)s: %(said)s)",
            status=answer.status,
            said=Verbatim(said),
        )
        if said
        else says("the key is not accepted (%(status)s)", status=answer.status),
        _KEY,
        says("make a new key there, and put it where mailer.toml names the old one"),
    )


def _silent(answer: Unanswered, told: About) -> Finding:
    if answer.certificate:
        return told.fail(
            answer.why,
            says("nothing goes out"),
            says("see base_url and ca_file in its table"),
        )
    return told.unasked(answer.why)


def unknown(found: Finding) -> bool:
    """Tell whether a finding says that what was asked for is not there."""
    return found.message.endswith("answered 404")


def _name(answer: Page, found: Mapping[str, Any] | None) -> str:
    """Return the name of an error, which AWS puts into a header."""
    named = str((found or {}).get("name") or "")
    return named or answer.headers.get("x-amzn-errortype", "").partition(":")[0]


def _object(answer: Page) -> Mapping[str, Any] | None:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):  # ValueError: also what is no UTF-8
        return None
    if isinstance(found, list) and all(isinstance(row, dict) for row in found):
        return {LIST: found}
    return found if isinstance(found, dict) else None


def table(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return an object within an object; empty if it is none."""
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def rows(found: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list within an object; what is none is left out."""
    value = found.get(key)
    if not isinstance(value, list):
        return []
    return [row for row in value if isinstance(row, dict)]


def text(found: Mapping[str, Any], key: str) -> str:
    """Return a text of the provider's, fit to be shown."""
    return words(str(found.get(key) or ""))
