"""What went wrong, as programs read it: problem+json (RFC 9457)."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from starlette.responses import Response

from mailer.core.errors import (
    InputError,
    MailerError,
    NotFoundError,
    RefusedError,
    StoreError,
)
from mailer.core.refusal import NotMovedError, Why

ROOT = "/api/v1"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT = 401, 403, 404, 409
STALE, TOO_LARGE, UNSUPPORTED, UNREADABLE = 412, 413, 415, 422
UNCONDITIONAL, TOO_MANY, BROKEN, BUSY = 428, 429, 500, 503
_AGAIN = "5"  # seconds, where the database is busy
# Errors begin with the key they are about: "--count 7: …", "draft: [en] headline: …".
_OPTION = re.compile(r"--([a-z-]+)")
_TABLE = re.compile(r"\[([a-z_]+)\] ")
_PATH = re.compile(r"([a-z_]+(?:\[\d+\])?(?:\.[a-z_]+(?:\[\d+\])?)*): ")
# Their way out is told to people at a shell; a program is told its own.
_ACKNOWLEDGED = re.compile(r"--acknowledge ([a-z0-9-]+)(?: --acknowledge [a-z0-9-]+)*")
_EACH = re.compile(r"--acknowledge ([a-z0-9-]+)")
_ALONE = re.compile(r"or with a reason: --alone --reason …")
_VALUE = re.compile(r"--([a-z-]+)")
_COMMAND = re.compile(
    r"mailer blast (show|check|edit|submit|cancel) ([a-z0-9-]+/[a-z0-9-]+)(?: FILE)?"
)
_REQUESTS = {
    "show": "GET {path}",
    "edit": "PUT {path}",
    "check": "POST {path}/check",
    "submit": "POST {path}/submit",
    "cancel": "POST {path}/cancel",
}
_OF_RULES = ("include", "exclude")
_STATUS: Sequence[tuple[type[MailerError], int]] = (
    (InputError, UNREADABLE),
    (NotFoundError, NOT_FOUND),
    (RefusedError, CONFLICT),
    (StoreError, BUSY),
)
_WORDS: Mapping[int, str] = {
    NOT_FOUND: "There is nothing at this address; docs/how-to/api.md names all.",
    405: "This address does not answer to this method; see the header Allow.",
    BROKEN: "We made a mistake; it is in our log. Whether anything was done is not"
    " certain: ask before you do it again.",
}


class ProblemError(Exception):
    """A request that is not answered, and why."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: str,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.key = status, detail, key
        self.headers, self.more = headers, more

    def answer(self) -> Response:
        """Return it as an answer."""
        said = {
            "type": "about:blank",  # the status says all that a program must know
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **({"key": self.key} if self.key else {}),
            **self.more,
        }
        return Response(
            orjson.dumps(said),
            self.status,
            headers=self.headers,
            media_type="application/problem+json",
        )


def problem(error: MailerError) -> ProblemError:
    """Return an error of ours with its own words, and the key that they name first."""
    words = str(error)
    status = next((to for kind, to in _STATUS if isinstance(error, kind)), BROKEN)
    more = {}
    if isinstance(error, NotMovedError):
        more["why"] = error.why.value
        if error.why in (Why.ERRORS, Why.WARNINGS):  # of what is written, not its state
            status = UNREADABLE
    return ProblemError(
        status,
        for_programs(words),
        key=key_of(words) if status in (UNREADABLE, CONFLICT) else None,
        headers={"Retry-After": _AGAIN} if status == BUSY else None,
        **more,
    )


def for_programs(words: str) -> str:
    """Return words of an error with keys of JSON and requests for options and commands."""

    def acknowledged(found: re.Match[str]) -> str:
        names = ", ".join(f'"{name}"' for name in _EACH.findall(found[0]))
        return f'"acknowledge": [{names}]'

    def asked(found: re.Match[str]) -> str:
        return _REQUESTS[found[1]].format(path=f"{ROOT}/blasts/{found[2]}")

    words = _ACKNOWLEDGED.sub(acknowledged, words)
    words = _ALONE.sub("or approve it alone in the console", words)
    words = _VALUE.sub(r'"\1"', words)
    return _COMMAND.sub(asked, words)


def key_of(words: str) -> str | None:
    """Return the key of a request that an error is about: "en.headline", "count"."""
    rest = words.removeprefix("draft: ")
    if option := _OPTION.match(rest):
        return option[1]
    path = []
    if table := _TABLE.match(rest):
        path.append(table[1])
        rest = rest[table.end() :]
    while found := _PATH.match(rest):
        path.append(found[1])
        rest = rest[found.end() :]
    if path and path[0].startswith(_OF_RULES):  # a draft's, as rules go by themselves
        path.insert(0, "audience")
    return ".".join(path) or None


def refused(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return what is answered where no route is, or none for this method."""
    words = _WORDS.get(status, HTTPStatus(status).phrase)
    return ProblemError(status, words, headers=headers).answer()


def failed() -> Response:
    """Return what is answered when nobody expected what happened."""
    return refused(BROKEN)


def is_ours(path: str) -> bool:
    """Whether a program asks, and not a person's browser."""
    return path == ROOT or path.startswith(f"{ROOT}/")
