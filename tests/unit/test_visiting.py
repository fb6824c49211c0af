"""Links that coordinators write are asked, but never into our own network."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from mailer.adapters.visiting import Outside, Remembering
from mailer.ports import Page, Unanswered


@dataclass
class Everywhere:
    """A web in which every address answers; remembers which were asked."""

    asked: list[str] = field(default_factory=list)

    def get(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> Page | Unanswered:
        self.asked.append(url)
        return Page(status=200, headers=headers or {}, body=b"", seconds=0.0)

    def post(self, url: str, *, body: bytes, content_type: str) -> Page | Unanswered:
        return self.get(url, {content_type: str(len(body))})


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::1"],
        ["fd00::1"],
        ["93.184.216.34", "192.168.1.1"],  # one of several is enough
    ],
)
def test_a_name_that_leads_inside_is_not_asked(found: list[str]) -> None:
    web = Everywhere()
    answer = Outside(web, lambda _host: found).get("https://inside.example/secret")

    assert isinstance(answer, Unanswered)
    assert "our own network" in answer.why
    assert web.asked == []


def test_a_name_that_leads_outside_is_asked() -> None:
    web = Everywhere()
    outside = Outside(web, lambda _host: ["93.184.216.34", "2606:2800::1"])

    assert isinstance(outside.get("https://example.org/"), Page)
    assert web.asked == ["https://example.org/"]


def test_a_link_is_asked_once_in_a_while() -> None:
    web, now = Everywhere(), [0.0]
    remembering = Remembering(web, seconds=600, monotonic=lambda: now[0])
    for moment in (0.0, 599.0, 601.0, 700.0):
        now[0] = moment
        remembering.get("https://example.org/")

    assert len(web.asked) == 2
