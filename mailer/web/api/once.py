"""A request that is repeated under the same key does nothing a second time.

The key is taken before anything is done, and the answer kept after it. Whoever was cut
off in between asks again: what was done by then is found in the blast itself.
"""

import hashlib
import re
from collections.abc import Callable

import orjson
from starlette.responses import Response

from mailer.core.errors import InputError, NotFoundError, RefusedError
from mailer.ports import Reply
from mailer.web.api import shown
from mailer.web.api.gate import Call
from mailer.web.api.problems import UNREADABLE, ProblemError

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,100}")
Act = Callable[[], Response]
Done = Callable[[], Response | None]


def once(call: Call, act: Act, done: Done) -> Response:
    """Act, unless this key was used already; `done` says what is so if it was done.

    Raises ProblemError 422 for a key that was used for something else.
    """
    key = call.request.headers.get(HEADER)
    if key is None:
        return act()
    if not _KEY.fullmatch(key):
        raise ProblemError(
            UNREADABLE,
            "Write 1 to 100 letters and digits that you use for nothing else.",
            key=HEADER,
        )
    number, answers = call.token.number, call.api.answers
    before = answers.begin(number, key, _asked(call), at=call.at)
    if before is not None and not before.same:
        raise ProblemError(
            UNREADABLE,
            "This key was used for another request; take a new one.",
            key=HEADER,
        )
    if before is not None and before.answered is not None:
        return _replayed(before.answered)
    # Another may have been cut off with this key, or be at work at this moment.
    answer = (before and done()) or _acted(call, key, act, done)
    answers.keep(number, key, Reply(answer.status_code, bytes(answer.body).decode()))
    return answer


def _acted(call: Call, key: str, act: Act, done: Done) -> Response:
    try:
        try:
            return act()
        except RefusedError:
            if answer := done():  # the other one was quicker
                return answer
            raise
    except (InputError, NotFoundError, RefusedError, ProblemError):
        # Nothing was done. After any other error nobody knows that.
        call.api.answers.forget(call.token.number, key)
        raise


def _replayed(answered: Reply) -> Response:
    value = orjson.loads(answered.body)
    return shown.blast(value, answered.status, **{"Idempotency-Replayed": "true"})


def _asked(call: Call) -> bytes:
    request = call.request
    head = f"{request.method} {request.url.path}\n{request.headers.get('if-match')}\n"
    return hashlib.sha256(head.encode() + call.body).digest()
