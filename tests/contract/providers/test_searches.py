"""What a search says of a call whose outcome nobody knew."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.ports import Accepted, Answered, Found, NotTaken, Searchable, Unknown
from tests.contract.providers.api_server import (
    ApiServer,
    Reset,
    Say,
    Script,
    Silence,
)
from tests.contract.providers.carriers import ApiCarrier, api
from tests.contract.providers.letters import outgoing, recipient

SEARCHABLE = ("mailgun", "postmark")  # they show everything, after their lag
GLIMPSED = ("brevo", "sendgrid")  # what they show is true; perhaps not all of it
ASKED = [*SEARCHABLE, *GLIMPSED]
READERS = [recipient(n) for n in range(3)]
BATCH = outgoing(*READERS)
NOBODY = Found(accepted=[None, None, None])


@pytest.fixture(params=SEARCHABLE)
def carrier(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ApiCarrier]:
    with api(request.param, tmp_path, timeout=3) as found:
        yield found


@pytest.fixture
def searchable(carrier: ApiCarrier) -> Searchable:
    assert isinstance(carrier.provider, Searchable)
    return carrier.provider


@pytest.fixture
def server(carrier: ApiCarrier) -> ApiServer:
    return carrier.server


def test_a_call_whose_answer_was_lost_is_found_with_the_providers_ids(
    carrier: ApiCarrier, searchable: Searchable
) -> None:
    carrier.server.script = Say(502, b"<html>", takes=True)
    assert isinstance(carrier.provider.send(BATCH), Unknown)
    carrier.server.script = None

    found = searchable.find(BATCH)

    assert isinstance(found, Found)
    assert all(isinstance(hit, Accepted) and hit.provider_id for hit in found.accepted)


def test_the_ids_of_a_search_are_those_of_an_answer(
    carrier: ApiCarrier, searchable: Searchable
) -> None:
    told = carrier.provider.send(BATCH)

    found = searchable.find(BATCH)

    assert isinstance(told, Answered)
    assert isinstance(found, Found)
    assert list(found.accepted) == list(told.results)


def test_a_call_that_was_never_taken_is_not_found(
    carrier: ApiCarrier, searchable: Searchable
) -> None:
    carrier.server.script = Reset(takes=False)
    assert isinstance(carrier.provider.send(BATCH), Unknown)
    carrier.server.script = None

    assert searchable.find(BATCH) == NOBODY


def test_what_another_call_brought_the_same_readers_does_not_count(
    carrier: ApiCarrier, searchable: Searchable
) -> None:
    carrier.provider.send(replace(BATCH, key="6f1c2a52-0000-5000-8000-000000000002"))

    assert searchable.find(BATCH) == NOBODY


def test_capitals_in_an_address_do_not_hide_a_message(
    carrier: ApiCarrier, searchable: Searchable
) -> None:
    carrier.provider.send(outgoing(recipient(1, address="Reader1@Example.net")))

    found = searchable.find(outgoing(recipient(1), recipient(2)))

    assert isinstance(found, Found)
    assert [type(hit) for hit in found.accepted] == [Accepted, type(None)]


def test_a_call_of_which_a_part_was_taken_is_found_in_part(
    carrier: ApiCarrier, searchable: Searchable
) -> None:
    carrier.provider.send(replace(BATCH, recipients=[READERS[0], READERS[2]]))

    found = searchable.find(BATCH)

    assert isinstance(found, Found)
    assert [bool(hit) for hit in found.accepted] == [True, False, True]


@pytest.mark.parametrize("carrier", ASKED, indirect=True)
@pytest.mark.parametrize(
    "script",
    [
        Say(500, b'{"ErrorCode":500,"Message":"Oops"}'),
        Say(502, b"<html>"),
        Say(200, b"<html>"),
        Say(200, b""),
        Say(200, b"[]"),
        Say(200, b'{"events":{}}'),
        Say(200, b'{"events":[[]]}'),
        Say(200, b'{"messages":{}}'),
        Say(200, b'{"messages":[{}]}'),
        Say(200, b'{"TotalCount":0}'),
        Say(200, b'{"TotalCount":3,"Messages":[]}'),
        Say(200, b'{"TotalCount":1,"Messages":[{"Tag":"x"},{"Tag":"y"}]}'),
        Say(200, b'{"TotalCount":1,"Messages":[{"MessageID":"m"}]}'),
        Say(200, b'{"TotalCount":90000,"Messages":[]}'),
        Say(200, b'{"items":[]}'),
        Say(200, b'{"items":[],"paging":{"next":""}}'),
        Say(200, b'{"items":{},"paging":{"next":"https://example.org/a"}}'),
        Say(200, b'{"items":[{"tags":[1]}],"paging":{"next":"https://example.org/a"}}'),
        Say(200, b'{"items":[{"tags":[]}],"paging":{"next":"https://example.org/a"}}'),
        Say(200, b'{"TotalCount":0,"Mess', length=4000),
        Say(422, b'{"ErrorCode":300,"Message":"No such parameter"}'),
        Reset(),
        Silence(),
    ],
    ids=lambda script: repr(script)[:60],
)
def test_without_a_whole_answer_nothing_is_taken_for_absent(
    searchable: Searchable, server: ApiServer, script: Script
) -> None:
    server.script = script

    found = searchable.find(BATCH)

    assert isinstance(found, NotTaken)
    assert (found.stop, found.split) == (False, False)


@pytest.mark.parametrize("carrier", ASKED, indirect=True)
def test_a_search_that_comes_too_often_waits_as_long_as_the_provider_says(
    searchable: Searchable, server: ApiServer
) -> None:
    server.script = Say(429, b"{}", {"Retry-After": "7"})

    found = searchable.find(BATCH)

    assert isinstance(found, NotTaken)
    assert found.retry_after == 7.0
    assert not found.stop


@pytest.mark.parametrize("carrier", ASKED, indirect=True)
@pytest.mark.parametrize("status", [301, 401, 403, 404])
def test_a_search_that_is_not_allowed_waits_for_a_person(
    searchable: Searchable, server: ApiServer, status: int
) -> None:
    server.script = Say(status, b'{"Message":"No."}')

    found = searchable.find(BATCH)

    assert isinstance(found, NotTaken)
    assert found.stop


@pytest.mark.parametrize("carrier", ASKED, indirect=True)
def test_a_search_knows_its_lag_and_its_end(carrier: ApiCarrier) -> None:
    search = carrier.provider.capabilities.search

    assert search is not None
    assert carrier.provider.capabilities.longest_call < search.lag < search.keeps / 2
