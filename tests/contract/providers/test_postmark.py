"""What Postmark's answers, and their absence, mean for the ledger."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.core.errors import ConfigError
from mailer.ports import (
    Accepted,
    Answered,
    Deferred,
    NotTaken,
    Provider,
    Refused,
    Unknown,
    Unsure,
)
from tests.contract.providers import postmark_server
from tests.contract.providers.carriers import build
from tests.contract.providers.letters import letter, outgoing, recipient
from tests.contract.providers.postmark_server import (
    TOKEN,
    PostmarkServer,
    Reset,
    Say,
    Silence,
)

BATCH = outgoing(recipient(1), recipient(2))


@pytest.fixture
def server() -> Iterator[PostmarkServer]:
    with postmark_server.running() as found:
        yield found


@pytest.fixture
def postmark(server: PostmarkServer, tmp_path: Path) -> Iterator[Provider]:
    provider = build("postmark", tmp_path, token=TOKEN, base_url=server.url, timeout=1)
    yield provider
    provider.close()


def items(*results: dict[str, object]) -> Say:
    return Say(200, json.dumps(results).encode())


def test_tracking_is_switched_off_and_the_stream_is_for_broadcasts(
    postmark: Provider, server: PostmarkServer
) -> None:
    postmark.send(BATCH)

    for message in server.taken:
        assert message["TrackOpens"] is False
        assert message["TrackLinks"] == "None"
        assert message["MessageStream"] == "broadcast"


def test_the_message_keeps_our_message_id(
    postmark: Provider, server: PostmarkServer
) -> None:
    postmark.send(BATCH)

    headers = {h["Name"]: h["Value"] for h in server.taken[0]["Headers"]}
    assert headers["X-PM-KeepID"] == "true"


def test_tag_and_metadata_hold_the_batchs_key_and_nothing_about_people(
    postmark: Provider, server: PostmarkServer
) -> None:
    postmark.send(BATCH)

    for message in server.taken:
        assert message["Tag"] == BATCH.key
        assert message["Metadata"] == {"batch": BATCH.key}


def test_custom_headers_are_ascii_on_one_line(
    postmark: Provider, server: PostmarkServer
) -> None:
    long = "Coalición de los campamentos " * 8 + "<weekly.example.org>"

    postmark.send(outgoing(letter=letter(headers=(("List-Id", long),))))

    for header in server.taken[0]["Headers"]:
        assert header["Value"].isascii()
        assert header["Value"].isprintable()


def test_the_token_travels_in_its_header_and_shows_nowhere_else(
    postmark: Provider, server: PostmarkServer
) -> None:
    postmark.send(BATCH)

    assert server.calls[0]["X-Postmark-Server-Token"] == TOKEN
    assert TOKEN not in repr(postmark)
    assert TOKEN not in json.dumps(server.taken)


def test_one_connection_serves_many_batches(
    postmark: Provider, server: PostmarkServer
) -> None:
    for _ in range(5):
        postmark.send(BATCH)

    assert len(server.calls) == 5
    assert server.connections == 1


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
    postmark: Provider, server: PostmarkServer
) -> None:
    server.script = items(
        {"ErrorCode": 0, "MessageID": "m-1", "Message": "OK"},
        {"Message": "Message accepted, but delivery may be delayed."},
    )

    assert postmark.send(BATCH) == Answered(
        results=[Accepted(provider_id="m-1"), Accepted()]
    )


def test_an_answer_without_any_code_leaves_that_message_unsure(
    postmark: Provider, server: PostmarkServer
) -> None:
    server.script = items({"ErrorCode": 0, "MessageID": "m-1"}, {"Message": "Hm."})

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, Answered)
    assert isinstance(outcome.results[1], Unsure)


@pytest.mark.parametrize("code", [100, 429, 405])
def test_what_is_not_the_readers_fault_is_deferred_not_refused(
    postmark: Provider, server: PostmarkServer, code: int
) -> None:
    server.script = items(
        {"ErrorCode": 0, "MessageID": "m-1"}, {"ErrorCode": code, "Message": "Later"}
    )

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, Answered)
    assert isinstance(outcome.results[1], Deferred)


@pytest.mark.parametrize(("code", "stop"), [(412, True), (400, True), (100, False)])
def test_an_account_that_may_not_send_stops_the_mailing_and_loses_nobody(
    postmark: Provider, server: PostmarkServer, code: int, *, stop: bool
) -> None:
    server.script = items(*[{"ErrorCode": code, "Message": "No."}] * 2)

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.stop is stop


# --- answers to the call


def test_a_wrong_token_stops_the_mailing(
    server: PostmarkServer, tmp_path: Path
) -> None:
    postmark = build("postmark", tmp_path, token="stale", base_url=server.url)

    outcome = postmark.send(BATCH)
    postmark.close()

    assert isinstance(outcome, NotTaken)
    assert outcome.stop
    assert "stale" not in outcome.detail
    assert server.taken == []


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_call_is_to_be_halved(
    postmark: Provider, server: PostmarkServer, status: int
) -> None:
    server.script = Say(status, b'{"ErrorCode":402,"Message":"Too much"}')

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.split
    assert not outcome.stop


def test_a_422_about_the_account_stops_instead_of_halving(
    postmark: Provider, server: PostmarkServer
) -> None:
    server.script = Say(422, b'{"ErrorCode":412,"Message":"Account is pending"}')

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert (outcome.stop, outcome.split) == (True, False)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "Mon, 07 Oct 2019 15:01:05 GMT"}, 60.0),  # NOW is 15:00:05
        ({"Retry-After": "Mon, 07 Oct 2019 14:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
)
def test_too_many_calls_wait_as_long_as_the_provider_says(
    postmark: Provider,
    server: PostmarkServer,
    headers: dict[str, str],
    seconds: float | None,
) -> None:
    server.script = Say(429, b'{"ErrorCode":429,"Message":"Slow"}', headers)

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.retry_after == seconds
    assert not outcome.stop
    assert not outcome.split


def test_planned_maintenance_has_taken_nothing(
    postmark: Provider, server: PostmarkServer
) -> None:
    server.script = Say(503, b'{"ErrorCode":100,"Message":"Maintenance"}')

    assert isinstance(postmark.send(BATCH), NotTaken)


@pytest.mark.parametrize("status", [301, 404])
def test_another_server_at_that_address_stops_the_mailing_and_gets_no_second_call(
    postmark: Provider, server: PostmarkServer, status: int
) -> None:
    server.script = Say(status, b"Moved", {"Location": f"{server.url}/email/batch"})

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.stop
    assert "base_url" in outcome.detail
    assert len(server.calls) == 1


HTML = b"<html><body>Bad gateway</body></html>"


@pytest.mark.parametrize(
    "script",
    [
        Say(500, b'{"ErrorCode":500,"Message":"Oops"}', takes=False),
        Say(500, b'{"ErrorCode":500,"Message":"Oops"}', takes=True),
        Say(502, HTML, takes=True),
        Say(503, HTML, takes=True),
        Say(504, HTML, takes=True),
        Say(200, HTML, takes=True),
        Say(200, b"", takes=True),
        Say(200, b'[{"ErrorCode":0', takes=True),
        Say(200, b'[{"ErrorCode":0}]', takes=True),
        Say(200, b"[" * 100_000, takes=True),
        Say(200, b'{"ErrorCode":0,"Message":"OK"}', takes=True),
        Say(200, b'[{"ErrorCode":0', length=4000, takes=True),
        Say(200, b"not gzip", {"Content-Encoding": "gzip"}, takes=True),
        Reset(takes=False),
        Reset(takes=True),
        Silence(),
    ],
    ids=repr,
)
def test_what_nobody_can_know_is_unknown_and_asked_only_once(
    postmark: Provider, server: PostmarkServer, script: postmark_server.Script
) -> None:
    server.script = script

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, Unknown)
    assert len(server.calls) == 1


def test_the_words_of_a_failure_hold_no_address_and_no_control_character(
    postmark: Provider, server: PostmarkServer
) -> None:
    said = "\x1b[31mreader1@example.net\r\nis bad " + "x" * 5000
    server.script = Say(422, json.dumps({"ErrorCode": 300, "Message": said}).encode())

    outcome = postmark.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert "reader1" not in outcome.detail
    assert outcome.detail.isprintable()
    assert len(outcome.detail) < 300


# --- no call at all


def test_a_refused_connection_has_sent_nothing(tmp_path: Path) -> None:
    with postmark_server.running() as gone:
        url = gone.url
    postmark = build("postmark", tmp_path, token=TOKEN, base_url=url)

    outcome = postmark.send(BATCH)
    postmark.close()

    assert isinstance(outcome, NotTaken)
    assert not outcome.stop


def test_a_server_that_speaks_no_tls_has_been_sent_nothing(
    server: PostmarkServer, tmp_path: Path
) -> None:
    url = server.url.replace("http://", "https://")
    postmark = build("postmark", tmp_path, token=TOKEN, base_url=url)

    outcome = postmark.send(BATCH)
    postmark.close()

    assert isinstance(outcome, NotTaken)
    assert server.calls == []


def test_nothing_is_called_when_no_address_is_fit(
    postmark: Provider, server: PostmarkServer
) -> None:
    outcome = postmark.send(outgoing(recipient(1, address="nobody")))

    assert isinstance(outcome, Answered)
    assert server.calls == []


def test_a_batch_over_fifty_megabytes_is_to_be_halved_before_it_is_sent(
    postmark: Provider, server: PostmarkServer
) -> None:
    huge = letter(subject="x" * 26_000_000)

    outcome = postmark.send(outgoing(recipient(1), recipient(2), letter=huge))

    assert isinstance(outcome, NotTaken)
    assert outcome.split
    assert server.calls == []


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({}, "token"),
        ({"token": "two words"}, "token"),
        ({"token": "line\r\nbreak"}, "token"),
        ({"token": TOKEN, "base_url": "api.example.org"}, "base_url"),
        ({"token": TOKEN, "timeout": "long"}, "timeout"),
        ({"token": TOKEN, "timeout": 0}, "timeout"),
        ({"token": TOKEN, "ca_file": "missing.pem"}, "ca_file"),
        ({"token": TOKEN, "tokn": "x"}, "tokn"),
    ],
)
def test_a_wrong_setting_names_the_file_and_the_key_and_no_secret(
    tmp_path: Path, options: dict[str, object], key: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        build("postmark", tmp_path, **options)

    message = str(caught.value)
    assert message.startswith(f"mailer.toml: [providers.main] {key}: ")
    assert "two words" not in message
    assert TOKEN not in message
