"""From a form to the mailbox and back, with the real service in between."""

import email
import email.policy
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e import plain
from tests.e2e.conftest import Shell, copied
from tests.e2e.town import Town

JOIN = {"email": "ana@union.example", "language": "en", "city": "San Diego"}


@pytest.fixture
def town(initial: Shell, tmp_path: Path) -> Iterator[Town]:
    shell = copied(initial, tmp_path / "town")
    with Town(shell.folder).open() as town:
        yield town


def joining(town: Town, address: str = JOIN["email"], network: str = "1.2.3.4") -> int:
    numbers = {one.slug: n for n, one in town.project.numbered().items()}
    return plain.post(
        f"{town.url}/subscribe",
        data={**JOIN, "email": address, "list": str(numbers["weekly"])},
        headers={"X-Forwarded-For": network},
        timeout=30,
    ).status_code


def letters(town: Town) -> list[str]:
    """Send what is due; returns the text of every letter in the outbox."""
    troubles: list[str] = []
    town.project.clerk(troubles.append).admit()
    crew = town.project.crew()
    crew.drain(sleep=lambda _: None)
    crew.flush()
    assert troubles == []
    read = email.policy.default
    found = []
    for file in sorted((town.project.folder / "outbox").rglob("*.eml")):
        body = email.message_from_bytes(file.read_bytes(), policy=read).get_body(
            ("plain",)
        )
        found.append(body.get_content() if body else "")
    return found


def test_signing_up_confirming_and_getting_the_next_digest(town: Town) -> None:
    assert joining(town) == 200
    [letter] = letters(town)
    found = re.search(r"https?://[^/]+(/c/\S+)", letter)
    assert found is not None

    page = plain.get(town.url + found[1])
    assert "Was that you?" in page.text
    assert town.project.people.count() == {}
    done = plain.post(town.url + found[1], data={"action": "confirm"})

    assert "From now on you get" in done.text
    assert town.project.people.count() == {"weekly": {"active": 1}}


def test_two_hundred_sign_ups_for_one_address_from_many_networks_are_one_letter(
    town: Town,
) -> None:
    with ThreadPoolExecutor(16) as pool:
        codes = list(
            pool.map(
                lambda n: joining(town, network=f"10.{n % 256}.{n // 256}.7"),
                range(200),
            )
        )

    assert set(codes) == {200}
    assert len(letters(town)) == 1
    town.now += timedelta(hours=1)
    assert len(letters(town)) == 1


def test_the_letter_holds_nothing_that_the_visitor_typed(town: Town) -> None:
    nasty = "Buy pills at spam.example"
    plain.post(
        f"{town.url}/subscribe", data={**JOIN, "city": nasty, "list": "1"}, timeout=30
    )

    [letter] = letters(town)

    assert "spam" not in letter


def test_nobody_is_kept_who_never_confirmed(town: Town) -> None:
    joining(town)
    letters(town)

    town.now += timedelta(days=8)
    town.project.prune()

    assert town.project.requests.waiting() == []
