"""The outbox keeps each message once, and shows them all."""

import re
import threading
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mailer.adapters.providers.outbox.pages import PER_PAGE
from mailer.core.envelope import Segments
from mailer.core.errors import MailerError
from mailer.ports import Accepted, Answered, NotTaken, Provider
from tests.contract.providers.carriers import build
from tests.contract.providers.letters import DATE, letter, outgoing, recipient

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


@pytest.fixture
def outbox(tmp_path: Path) -> Provider:
    return build("outbox", tmp_path)


def messages(folder: Path) -> list[Path]:
    return sorted(folder.glob("outbox/*/*.eml"))


def page(folder: Path) -> str:
    return (folder / "outbox" / "index.html").read_text()


class Tags(HTMLParser):
    """Which elements a browser would make of a page, outside of attribute values."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]


def test_a_replay_overwrites_and_never_doubles(
    outbox: Provider, tmp_path: Path
) -> None:
    batch = outgoing(recipient(1), recipient(2))
    outbox.send(batch)
    before = {path: path.read_bytes() for path in messages(tmp_path)}

    outbox.send(batch)
    outbox.close()

    assert {path: path.read_bytes() for path in messages(tmp_path)} == before
    assert "2 messages" in page(tmp_path)


def test_no_file_name_holds_an_address(outbox: Provider, tmp_path: Path) -> None:
    outbox.send(outgoing(recipient(1)))
    outbox.close()

    names = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")]
    assert not [name for name in names if "@" in name or "reader" in name]


def test_nothing_unfinished_is_left_behind(outbox: Provider, tmp_path: Path) -> None:
    outbox.send(outgoing(recipient(1)))
    outbox.close()

    assert not list(tmp_path.rglob("*.part"))


def test_the_pages_lead_to_every_message(outbox: Provider, tmp_path: Path) -> None:
    readers = [recipient(n) for n in range(PER_PAGE + 30)]
    outbox.send(outgoing(*readers))
    outbox.close()

    to_visit, seen = [tmp_path / "outbox" / "index.html"], set[Path]()
    while to_visit:
        current = to_visit.pop().resolve()
        if current in seen:
            continue
        seen.add(current)
        if current.suffix == ".html":
            links = Tags(current.read_text()).links
            to_visit += [current.parent / link for link in links if "://" not in link]
    assert {path.resolve() for path in messages(tmp_path)} <= seen
    assert all(path.exists() for path in seen)


def test_the_first_page_tells_the_mailings_apart_newest_first(
    outbox: Provider, tmp_path: Path
) -> None:
    older = letter(mailing_key=b"older", headers=(("List-Id", "Older <o.example>"),))
    newer = letter(mailing_key=b"newer", headers=(("List-Id", "Newer <n.example>"),))
    outbox.send(outgoing(letter=newer, date=DATE + timedelta(days=7)))
    outbox.send(outgoing(recipient(1), recipient(2), letter=older))
    outbox.close()

    shown = page(tmp_path)
    assert "3 messages" in shown
    assert "2 mailings" in shown
    assert 0 < shown.index("Newer") < shown.index("Older")
    assert "Monday, October 14, 2019" in shown


def test_what_people_wrote_is_words_on_every_page(
    outbox: Provider, tmp_path: Path
) -> None:
    hostile = letter(
        subject=HOSTILE,
        sender_name=HOSTILE,
        headers=(("List-Id", f"{HOSTILE} <x.example>"),),
        html=Segments((f"<p>{HOSTILE}</p>",), ()),
        text=Segments((f"</pre>{HOSTILE}",), ()),
    )
    outbox.send(outgoing(recipient(1, reason=HOSTILE), letter=hostile))
    outbox.close()

    for path in tmp_path.rglob("*.html"):
        assert not Tags(path.read_text()).found & {"script", "img"}


def test_a_message_is_shown_in_a_sandbox_without_scripts_and_without_network(
    outbox: Provider, tmp_path: Path
) -> None:
    outbox.send(outgoing(recipient(1)))

    [view] = set(tmp_path.glob("outbox/*/*.html"))
    text = view.read_text()
    sandbox = re.search(r'<iframe [^>]*sandbox="([^"]*)"', text)
    assert sandbox
    assert "allow-scripts" not in sandbox[1]
    assert "allow-same-origin" not in sandbox[1]
    assert "default-src 'none'" in text


def test_many_senders_at_once_lose_nothing(tmp_path: Path) -> None:
    def send(number: int) -> None:
        outbox = build("outbox", tmp_path)
        readers = [recipient(number * 10 + n) for n in range(10)]
        outcome = outbox.send(outgoing(*readers, key=f"batch {number}"))
        assert isinstance(outcome, Answered)
        outbox.close()

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(messages(tmp_path)) == 80
    assert "80 messages" in page(tmp_path)


def test_what_a_killed_process_wrote_is_listed_by_the_next_one(tmp_path: Path) -> None:
    killed = build("outbox", tmp_path)
    other = letter(mailing_key=b"other")
    killed.send(outgoing(recipient(1), letter=other))

    following = build("outbox", tmp_path)
    following.send(outgoing(recipient(2)))
    following.close()

    assert "2 messages" in page(tmp_path)


def test_a_folder_that_cannot_be_written_stops_the_mailing(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file stands in the way")
    outbox = build("outbox", tmp_path)

    outcome = outbox.send(outgoing())

    assert isinstance(outcome, NotTaken)
    assert outcome.stop
    assert "outbox" in outcome.detail


def test_pages_that_cannot_be_written_are_an_error_that_says_so(
    outbox: Provider, tmp_path: Path
) -> None:
    outbox.send(outgoing())
    (tmp_path / "outbox" / "index.html").mkdir()

    with pytest.raises(MailerError, match="the messages themselves are there"):
        outbox.close()


def test_the_folder_is_an_option(tmp_path: Path) -> None:
    outbox = build("outbox", tmp_path, folder="elsewhere")

    outcome = outbox.send(outgoing())

    assert isinstance(outcome, Answered)
    assert isinstance(outcome.results[0], Accepted)
    assert len(list(tmp_path.glob("elsewhere/*/*.eml"))) == 1
