"""What Postmark's answers, and their absence, mean for the ledger."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.ports import (
    Accepted,
    Answered,
    Deferred,
    Found,
    NotTaken,
    Outgoing,
    Provider,
    Refused,
    Searchable,
    Unsure,
)
from tests.contract.providers import postmark_server
from tests.contract.providers.api_server import ApiServer, Say
from tests.contract.providers.carriers import ApiCarrier, PostmarkCarrier, api
from tests.contract.providers.letters import letter, outgoing, recipient
from tests.contract.providers.postmark_server import Postmark, identifier

BATCH = outgoing(recipient(1), recipient(2))


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[ApiCarrier]:
    with api("postmark", tmp_path) as found:
        yield found


@pytest.fixture
def vendor(carrier: ApiCarrier) -> Postmark:
    assert isinstance(carrier, PostmarkCarrier)
    return carrier.vendor


@pytest.fixture
def server(carrier: ApiCarrier) -> ApiServer:
    return carrier.server


@pytest.fixture
def postmark(carrier: ApiCarrier) -> Provider:
    return carrier.provider


def items(*results: dict[str, object]) -> Say:
    return Say(200, json.dumps(results).encode())


def test_tracking_is_switched_off_and_the_stream_is_for_broadcasts(
    postmark: Provider, vendor: Postmark
) -> None:
    postmark.send(BATCH)

    for message in vendor.taken:
        assert message["TrackOpens"] is False
        assert message["TrackLinks"] == "None"
        assert message["MessageStream"] == "broadcast"


def test_the_message_keeps_our_message_id(postmark: Provider, vendor: Postmark) -> None:
    postmark.send(BATCH)

    headers = {h["Name"]: h["Value"] for h in vendor.taken[0]["Headers"]}
    assert headers["X-PM-KeepID"] == "true"


def test_tag_and_metadata_hold_the_batchs_key_and_nothing_about_people(
    postmark: Provider, vendor: Postmark
) -> None:
    postmark.send(BATCH)

    for message in vendor.taken:
        assert message["Tag"] == BATCH.key
        assert message["Metadata"] == {"batch": BATCH.key}


# --- answers per message


def test_an_inactive_address_is_refused_without_naming_it(
    postmark: Provider,
) -> None:
    gone = recipient(2, address=f"gone{postmark_server.INACTIVE}")

    outcome = postmark.send(outgoing(recipient(1), gone))

    assert isinstance(outcome, Answered)
    _, refused = outcome.results
    assert isinstance(refused, Refused)
    assert refused.code == "406"
    assert "gone" not in refused.detail


def test_a_message_queued_behind_a_delay_counts_as_taken(
    postmark: Provider, server: ApiServer
) -> None:
    server.script = items(
        {"ErrorCode": 0, "MessageID": "m-1", "Message": "OK"},
        {"Message": "Message accepted, but delivery may be delayed."},
    )

    assert postmark.send(BATCH) == Answered(
        results=[Accepted(provider_id="m-1"), Accepted()]
    )


def test_an_answer_without_any_code_leaves_that_message_unsure(
    postmark: Provider, server: ApiServer
) -> None:
    server.script = items({"ErrorCode": 0, "MessageID": "m-1"}, {"Message": "Hm."})

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, Answered)
    assert isinstance(outcome.results[1], Unsure)


@pytest.mark.parametrize("code", [100, 429, 405])
def test_what_is_not_the_readers_fault_is_deferred_not_refused(
    postmark: Provider, server: ApiServer, code: int
) -> None:
    server.script = items(
        {"ErrorCode": 0, "MessageID": "m-1"}, {"ErrorCode": code, "Message": "Later"}
    )

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, Answered)
    assert isinstance(outcome.results[1], Deferred)
    assert outcome.rest is not None
    assert outcome.rest.stop is (code == 405)  # no credit left; the others pass


@pytest.mark.parametrize(("code", "stop"), [(412, True), (400, True), (100, False)])
def test_an_account_that_may_not_send_stops_the_mailing_and_loses_nobody(
    postmark: Provider, server: ApiServer, code: int, *, stop: bool
) -> None:
    server.script = items(*[{"ErrorCode": code, "Message": "No."}] * 2)

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.stop is stop


# --- answers to the call


def test_a_422_about_the_account_stops_instead_of_halving(
    postmark: Provider, server: ApiServer
) -> None:
    server.script = Say(422, b'{"ErrorCode":412,"Message":"Account is pending"}')

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert (outcome.stop, outcome.split) == (True, False)


def test_planned_maintenance_has_taken_nothing(
    postmark: Provider, server: ApiServer
) -> None:
    server.script = Say(503, b'{"ErrorCode":100,"Message":"Maintenance"}')

    assert isinstance(postmark.send(BATCH), NotTaken)


# --- no call at all


def test_a_batch_over_fifty_megabytes_is_to_be_halved_before_it_is_sent(
    postmark: Provider, server: ApiServer
) -> None:
    huge = letter(subject="x" * 26_000_000)

    outcome = postmark.send(outgoing(recipient(1), recipient(2), letter=huge))

    assert isinstance(outcome, NotTaken)
    assert outcome.split
    assert server.calls == []


# --- the search


def found(postmark: Provider, batch: Outgoing) -> list[bool]:
    assert isinstance(postmark, Searchable)
    outcome = postmark.find(batch)
    assert isinstance(outcome, Found)
    return [hit is not None for hit in outcome.accepted]


def test_a_message_still_in_the_queue_is_found(
    postmark: Provider, vendor: Postmark
) -> None:
    postmark.send(BATCH)
    vendor.queued = {identifier(vendor.taken[0])}

    assert found(postmark, BATCH) == [True, True]


def test_a_message_that_the_index_lacks_is_not_found(
    postmark: Provider, vendor: Postmark
) -> None:
    postmark.send(BATCH)
    vendor.hidden = {identifier(vendor.taken[0])}

    assert found(postmark, BATCH) == [False, True]


def test_a_search_that_does_not_fit_one_page_is_read_to_its_end(
    postmark: Provider, vendor: Postmark, server: ApiServer
) -> None:
    postmark.send(BATCH)
    stranger = {
        "Tag": "another",
        "MessageID": "m",
        "To": [{"Email": "reader1@example.net", "Name": ""}],
    }
    vendor.strangers = [stranger] * 700

    assert found(postmark, BATCH) == [True, True]
    offsets = [call.query["offset"] for call in server.calls[1:]]
    assert offsets == [["0"], ["500"], ["0"], ["500"]]
