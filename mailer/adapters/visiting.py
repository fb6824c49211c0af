"""Visits web addresses for those who only want to see what is there."""

from collections.abc import Mapping

from mailer.adapters.clocks import elapsed
from mailer.adapters.http import Answer, Http, NoAnswer, NotSent
from mailer.ports import Page, Unanswered


class Visitor:
    """Asks once each through our HTTP connections, which follow no redirect."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def get(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> Page | Unanswered:
        """Send one GET."""
        began = elapsed()
        answer = self._http.get(url, headers=headers or {})
        return _seen(answer, elapsed() - began)

    def post(self, url: str, *, body: bytes, content_type: str) -> Page | Unanswered:
        """Send one POST."""
        began = elapsed()
        headers = {"Content-Type": content_type}
        answer = self._http.post(url, body=body, headers=headers)
        return _seen(answer, elapsed() - began)


def _seen(answer: Answer | NotSent | NoAnswer, seconds: float) -> Page | Unanswered:
    match answer:
        case NotSent(detail=detail, stop=stop):
            return Unanswered(why=detail, certificate=stop, refused=not stop)
        case NoAnswer(detail=detail):
            return Unanswered(why=detail)
        case Answer():
            return Page(
                status=answer.status,
                headers=answer.headers,
                body=answer.body,
                seconds=seconds,
            )
