"""A link is asked once in a while, however often a page is looked at."""

from collections.abc import Collection, Mapping

from mailer.adapters.remembering import Remembering
from mailer.ports import Landing, NotAsked, Unanswered


class Asked:
    """Answers for every link, and keeps count."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def ask(
        self, urls: Collection[str]
    ) -> Mapping[str, Landing | NotAsked | Unanswered]:
        self.asked.append(list(urls))
        return {url: Unanswered(why=f"{len(self.asked)}") for url in urls}


class Clock:
    """Stands until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_link_is_asked_again_only_when_its_answer_is_old() -> None:
    asked, clock = Asked(), Clock()
    remembering = Remembering(asked, seconds=60, monotonic=clock)

    first = remembering.ask(["https://a.example", "https://b.example"])
    clock.now = 59
    second = remembering.ask(["https://b.example", "https://c.example"])
    clock.now = 61
    third = remembering.ask(["https://b.example", "https://c.example"])

    assert asked.asked == [
        ["https://a.example", "https://b.example"],
        ["https://c.example"],
        ["https://b.example"],
    ]
    assert second["https://b.example"] == first["https://b.example"]
    assert third["https://c.example"] == second["https://c.example"]
    assert third["https://b.example"] == Unanswered(why="3")


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    asked = Asked()
    remembering = Remembering(asked, seconds=60, monotonic=Clock())

    for number in range(1000):
        remembering.ask([f"https://{number}.example"])
    remembering.ask(["https://0.example"])

    assert asked.asked[-1] == ["https://0.example"]
