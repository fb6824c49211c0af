"""Every provider's own list is read, added to and taken from in the same way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailer.adapters.http.answer import LARGEST_ANSWER
from mailer.adapters.suppressions import registry
from mailer.config import ProviderSettings
from mailer.core.errors import ConfigError, ProviderError
from mailer.core.suppressions import Held, Listed
from mailer.ports import SuppressionList
from tests.contract.keepers import KEEPERS, TOKEN, Entry, Keeper
from tests.contract.providers import api_server
from tests.contract.providers.api_server import ApiServer, Request, Reset, Say, Silence

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ODD = "o'neil+news/weekly%x@sub.example"


class Lent:
    """A list, and who stands behind it."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.keeper: Keeper = KEEPERS[kind]()
        self.folder = folder
        self.slept: list[float] = []

    @contextmanager
    def open(self, **options: Any) -> Iterator[tuple[ApiServer, SuppressionList]]:
        with api_server.running(self.keeper) as server:
            found = self.built(base_url=server.url, **options)
            assert found
            yield server, found
            found.close()

    def built(self, **options: Any) -> SuppressionList | None:
        settings = ProviderSettings(
            name="main",
            kind=self.keeper.kind,
            options={**self.keeper.options, "timeout": 20, **options},
        )
        return registry.build(
            settings,
            folder=self.folder,
            clock=lambda: NOW,
            sleep=self.slept.append,
        )


@pytest.fixture(params=sorted(KEEPERS))
def lent(request: pytest.FixtureRequest, tmp_path: Path) -> Lent:
    return Lent(request.param, tmp_path)


def entry(number: int, held: Held, **changes: Any) -> Entry:
    at = NOW - timedelta(days=30) + timedelta(minutes=number)
    return Entry(
        **{"address": f"r{number}@one.example", "held": held, "at": at, **changes}
    )


def read(theirs: SuppressionList, since: datetime | None = None) -> list[Listed]:
    parts = list(theirs.read(since))
    assert all(len(part.listed) <= 1000 for part in parts)
    assert not any(part.unread for part in parts)
    return [each for part in parts for each in part.listed]


def test_what_a_provider_holds_is_read_in_our_words(lent: Lent) -> None:
    wanted = [entry(n, held) for n, held in enumerate(sorted(lent.keeper.held))]
    lent.keeper.put(*wanted)

    with lent.open() as (_, theirs):
        found = {each.address: each for each in read(theirs)}

    assert {(each.address, each.held) for each in found.values()} == {
        (each.address, each.held) for each in wanted
    }
    assert all(found[each.address].since == each.at for each in wanted)


def test_a_long_list_is_read_to_its_end_in_parts(lent: Lent) -> None:
    wanted = [entry(n, Held.BOUNCED) for n in range(2001)]
    wanted += [entry(n, Held.COMPLAINED) for n in range(2001, 2501)]
    lent.keeper.put(*wanted)

    with lent.open() as (_, theirs):
        found = read(theirs)

    assert len(found) == len(wanted)
    assert {each.address for each in found} == set(lent.keeper.entries)


LEADS_ON = ("offset", "page", "address", "after", "NextToken")


class GoingRound:
    """A vendor that answers with the first page whatever is asked for."""

    def __init__(self, keeper: Keeper) -> None:
        self.turn_away = keeper.turn_away
        self._keeper = keeper

    def answer(self, request: Request, *, take: bool) -> Say:
        first = {n: v for n, v in request.query.items() if n not in LEADS_ON}
        if "offset" in request.query:
            first["offset"] = ["0"]
        return self._keeper.answer(replace(request, query=first), take=take)


PAGED = sorted(KEEPERS.keys() - {"postmark"})


@pytest.mark.parametrize("kind", PAGED)
def test_a_provider_that_gives_the_same_page_again_is_not_asked_for_ever(
    kind: str, tmp_path: Path
) -> None:
    lent = Lent(kind, tmp_path)
    lent.keeper.put(*(entry(n, Held.BOUNCED) for n in range(1001)))

    with lent.open() as (server, theirs):
        server.vendor = GoingRound(lent.keeper)
        with pytest.raises(ProviderError, match="gives the same page of it again"):
            read(theirs)

    assert len(server.calls) <= 3


@pytest.mark.parametrize("kind", PAGED)
def test_a_list_that_never_ends_is_left(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent = Lent(kind, tmp_path)
    lent.keeper.put(*(entry(n, Held.BOUNCED) for n in range(3001)))

    with lent.open() as (server, theirs):
        monkeypatch.setattr(type(theirs), "most_pages", 2)
        with pytest.raises(ProviderError, match="has more than 2 pages of it"):
            read(theirs)

    assert len(server.calls) == 3


class Whole:
    """Postmark with a list of any length: the same row, under another address."""

    def __init__(self, count: int, *, missing: int = 0) -> None:
        row = '{{"EmailAddress":"r{}@one.example","SuppressionReason":"HardBounce",'
        row += '"Origin":"Recipient","CreatedAt":"2026-11-02T09:00:00-05:00"}}'
        rows = ",".join(row.format(n) for n in range(count))
        body = f'{{"Total":[1,{{"Suppressions":[2]}}],"Suppressions":[{rows}]}}'
        self._say = Say(200, body.encode()[: len(body) - missing])

    @property
    def size(self) -> int:
        return len(self._say.body)

    def turn_away(self, _request: Request) -> Say | None:
        return None

    def answer(self, _request: Request, *, take: bool) -> Say:
        assert take
        return self._say


def test_a_list_that_comes_whole_may_be_larger_than_any_answer(tmp_path: Path) -> None:
    count = 150_000
    whole = Whole(count)
    assert whole.size > LARGEST_ANSWER

    with Lent("postmark", tmp_path).open(timeout=60) as (server, theirs):
        server.vendor = whole
        sizes = [len(part.listed) for part in theirs.read(None)]

    assert sizes == [1000] * (count // 1000)


@pytest.mark.parametrize("missing", [1, 2, 40])
def test_a_list_that_is_cut_off_is_an_error(tmp_path: Path, missing: int) -> None:
    with Lent("postmark", tmp_path).open() as (server, theirs):
        server.vendor = Whole(10, missing=missing)
        with pytest.raises(ProviderError, match="cannot be understood"):
            read(theirs)


def test_an_empty_list_is_no_error(lent: Lent) -> None:
    with lent.open() as (_, theirs):
        assert read(theirs) == []


def test_only_what_is_new_is_asked_for_where_that_can_be(lent: Lent) -> None:
    old = entry(1, Held.BOUNCED, at=NOW - timedelta(days=20))
    new = entry(2, Held.BOUNCED, at=NOW - timedelta(hours=2))
    lent.keeper.put(old, new)

    with lent.open() as (_, theirs):
        found = {each.address for each in read(theirs, NOW - timedelta(days=2))}

    assert new.address in found
    assert (old.address in found) is not lent.keeper.dated


def test_what_is_put_there_twice_stands_there_and_comes_back_as_it_must(
    lent: Lent,
) -> None:
    ours = [
        Listed(address=address, held=held, since=NOW)
        for address, held in [
            ("b@one.example", Held.BOUNCED),
            ("c@one.example", Held.COMPLAINED),
            (ODD, Held.MANUAL),
        ]
    ]
    with lent.open() as (_, theirs):
        refused = [theirs.add(ours), theirs.add(ours)]
        found = {each.address: each.held for each in read(theirs)}

    if not theirs.takes:
        assert (refused, found) == ([len(ours)] * 2, {})
        return
    assert refused == [0, 0]
    assert found == {each.address: lent.keeper.returns[each.held] for each in ours}


def test_many_are_put_there_in_calls_of_the_size_it_takes(lent: Lent) -> None:
    ours = [
        Listed(address=f"r{n}@one.example", held=Held.BOUNCED, since=NOW)
        for n in range(230)
    ]
    with lent.open() as (_, theirs):
        theirs.add(ours)

    assert len(lent.keeper.entries) == (230 if theirs.takes else 0)


def test_whoever_came_back_is_taken_off_whatever_they_were_there_for(
    lent: Lent,
) -> None:
    held = sorted(lent.keeper.held - {Held.BLOCKED})
    there = [entry(n, each) for n, each in enumerate(held)]
    there.append(entry(99, Held.BOUNCED, address=ODD))
    lent.keeper.put(*there, entry(100, Held.BOUNCED))

    with lent.open() as (_, theirs):
        stuck = theirs.remove([*(each.address for each in there), "no@one.example"])

    # Postmark's support alone takes a complaint back.
    kept = {e.address for e in there if e.held is Held.COMPLAINED}
    wanted = kept if lent.keeper.kind == "postmark" else set()
    assert set(stuck) == wanted
    assert set(lent.keeper.entries) == {"r100@one.example", *wanted}


@pytest.mark.parametrize(
    "script",
    [
        Say(500, b"oops"),
        Say(200, b"<html>"),
        Say(200, b'{"data":7}'),
        Say(400, b'{"message":"bad ana@one.example","Message":"bad ana@one.example"}'),
        Reset(),
        Silence(),
    ],
    ids=["500", "no JSON", "other JSON", "400", "reset", "silence"],
)
def test_an_answer_that_is_none_is_an_error_with_a_way_on(
    lent: Lent, script: Any
) -> None:
    with lent.open(timeout=1) as (server, theirs):
        if isinstance(script, Say):
            script = Say(script.status, script.body, takes=True)
        else:
            script.takes = True
        server.script = script
        with pytest.raises(ProviderError) as caught:
            read(theirs)

    assert str(caught.value).startswith("[providers.main] its list")
    assert "run it again" in str(caught.value)
    assert "ana@" not in str(caught.value)


def test_a_key_that_is_not_accepted_is_told_without_it(lent: Lent) -> None:
    wrong = {"token": "wrong-12345"}
    if lent.keeper.kind == "ses":
        wrong = {"secret_key": "wrong-12345"}
    with lent.open(**wrong) as (_, theirs), pytest.raises(ProviderError) as caught:
        read(theirs)

    assert "wrong-12345" not in str(caught.value)
    assert "one.example" not in str(caught.value)
    assert type(theirs).denied in str(caught.value)  # type: ignore[attr-defined]


def twice(say: Say, otherwise: Callable[..., Say]) -> Callable[..., Say]:
    """Answer so twice, and then as usual."""
    left = [say, say]

    def answer(*args: Any, **options: Any) -> Say:
        return left.pop() if left else otherwise(*args, **options)

    return answer


class Throttling:
    """A vendor that is asked too often, twice."""

    def __init__(self, keeper: Keeper, say: Say) -> None:
        self.turn_away = keeper.turn_away
        self.answer = twice(say, keeper.answer)


@pytest.mark.parametrize(
    ("headers", "waits"), [({"Retry-After": "7"}, [7.0, 7.0]), ({}, [1.0, 2.0])]
)
def test_a_provider_that_asks_to_wait_is_waited_for(
    lent: Lent, headers: dict[str, str], waits: list[float]
) -> None:
    lent.keeper.put(entry(1, Held.BOUNCED))
    with lent.open() as (server, theirs):
        server.vendor = Throttling(lent.keeper, Say(429, b"{}", headers))
        assert len(read(theirs)) == 1

    assert lent.slept == waits


def test_a_provider_that_asks_to_wait_for_long_is_asked_another_day(lent: Lent) -> None:
    with lent.open() as (server, theirs):
        server.script = Say(429, b"{}", {"Retry-After": "3600"}, takes=True)
        with pytest.raises(ProviderError, match="asks to wait"):
            read(theirs)

    assert lent.slept == []


def test_an_entry_that_cannot_be_read_does_not_lose_the_others(lent: Lent) -> None:
    lent.keeper.put(entry(1, Held.BOUNCED), entry(2, Held.BOUNCED, address="nobody"))
    with lent.open() as (_, theirs):
        parts = list(theirs.read(None))

    assert [e.address for part in parts for e in part.listed] == ["r1@one.example"]
    assert sum(part.unread for part in parts) == 1


def test_an_unsubscribe_from_one_tag_at_mailgun_is_none_from_us(tmp_path: Path) -> None:
    lent = Lent("mailgun", tmp_path)
    with lent.open() as (server, theirs):
        row = {"address": "a@one.example", "tags": ["spring"], "created_at": "x"}
        lent.keeper.answer = lambda request, *, take: api_say(  # type: ignore[method-assign]
            [row] if take and request.path.endswith("unsubscribes") else [],
            first="page" not in request.query,
        )
        assert server.vendor is lent.keeper
        assert read(theirs) == []


def api_say(items: list[Any], *, first: bool) -> Say:
    from tests.contract.keepers import say  # noqa: PLC0415 - beside its only use

    return say({"items": items if first else [], "paging": {"next": "/x?page=next"}})


def test_providers_without_a_list_have_none(tmp_path: Path) -> None:
    for kind in ("smtp", "outbox"):
        settings = ProviderSettings(name="main", kind=kind)
        assert (
            registry.build(
                settings, folder=tmp_path, clock=lambda: NOW, sleep=lambda _s: None
            )
            is None
        )


def test_a_key_that_is_missing_is_named(lent: Lent) -> None:
    secret = "secret_key" if lent.keeper.kind == "ses" else "token"
    with pytest.raises(ConfigError, match=secret):
        lent.built(**{secret: None})


def test_no_address_and_no_key_is_shown_by_accident() -> None:
    listed = Listed(address="ana@one.example", held=Held.BOUNCED, since=NOW)

    assert "ana@" not in repr(listed)
    assert TOKEN not in repr(listed)
