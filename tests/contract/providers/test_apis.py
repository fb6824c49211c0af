"""What every provider behind an HTTP API makes of answers, and of their absence."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from mailer.core.errors import ConfigError
from mailer.ports import Answered, NotTaken, Outgoing, Provider, Unknown
from tests.contract.providers.api_server import ApiServer, Reset, Say, Script, Silence
from tests.contract.providers.carriers import (
    API_WAYS,
    APIS,
    SECRETS,
    WAYS,
    ApiCarrier,
    BrevoCarrier,
    api,
    build,
)
from tests.contract.providers.letters import letter, outgoing, recipient


def running(
    way: str, folder: Path, /, **options: Any
) -> AbstractContextManager[ApiCarrier]:
    kind, usual = WAYS[way]
    return api(kind, folder, **(usual | options))


@pytest.fixture(params=API_WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def carrier(way: str, tmp_path: Path) -> Iterator[ApiCarrier]:
    with running(way, tmp_path, timeout=3) as found:
        yield found


@pytest.fixture
def provider(carrier: ApiCarrier) -> Provider:
    return carrier.provider


@pytest.fixture
def server(carrier: ApiCarrier) -> ApiServer:
    return carrier.server


@pytest.fixture
def batch(provider: Provider) -> Outgoing:
    return outgoing(
        *[recipient(n) for n in range(min(2, provider.capabilities.max_batch))]
    )


def failure(text: str, **more: object) -> bytes:
    """Say in every vendor's way that something is wrong with a message."""
    return json.dumps(
        {
            "ErrorCode": 402,
            "Message": text,
            "message": text,
            "errors": [{"message": text}],
        }
        | more
    ).encode()


# --- the call


def test_the_same_batch_is_the_same_octets_whenever_it_is_sent(
    provider: Provider, server: ApiServer, batch: Outgoing
) -> None:
    provider.send(batch)
    provider.send(batch)

    first, second = server.calls
    assert first.body == second.body
    varying = {"Host", "Connection"}
    assert {k: v for k, v in first.headers.items() if k not in varying} == {
        k: v for k, v in second.headers.items() if k not in varying
    }


def test_one_connection_serves_many_calls(
    provider: Provider, server: ApiServer, batch: Outgoing
) -> None:
    for _ in range(5):
        provider.send(batch)

    assert len(server.calls) == 5
    assert server.connections == 1


def test_the_token_travels_in_a_header_and_shows_nowhere_else(
    way: str, provider: Provider, server: ApiServer, batch: Outgoing
) -> None:
    kind, _ = WAYS[way]
    token = APIS[kind][SECRETS[kind]]

    provider.send(batch)

    assert token not in repr(provider)
    assert token not in server.calls[0].path
    assert token.encode() not in server.calls[0].body


def test_a_long_list_header_is_ascii_on_one_line(carrier: ApiCarrier) -> None:
    long = "Coalición de los campamentos " * 8 + "<weekly.example.org>"

    carrier.provider.send(outgoing(letter=letter(headers=(("List-Id", long),))))

    [message] = carrier.arrived()
    nameless = isinstance(carrier, BrevoCarrier)  # which would send it as it is
    assert message.headers["List-Id"] == long[long.index("<") if nameless else 0 :]


def test_nothing_is_called_when_no_address_is_fit(
    provider: Provider, server: ApiServer
) -> None:
    outcome = provider.send(outgoing(recipient(1, address="nobody")))

    assert isinstance(outcome, Answered)
    assert server.calls == []


# --- certainly not taken


def test_a_wrong_token_stops_the_mailing(way: str, tmp_path: Path) -> None:
    with running(way, tmp_path, **{SECRETS[WAYS[way][0]]: "stale"}) as carrier:
        outcome = carrier.provider.send(outgoing())

        assert isinstance(outcome, NotTaken)
        assert (outcome.stop, outcome.split) == (True, False)
        assert "stale" not in outcome.detail
        assert carrier.arrived() == []


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_call_is_to_be_halved(
    provider: Provider, server: ApiServer, batch: Outgoing, status: int
) -> None:
    server.script = Say(status, failure("Too much"))

    outcome = provider.send(batch)

    assert isinstance(outcome, NotTaken)
    assert (outcome.stop, outcome.split) == (False, True)


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
    provider: Provider,
    server: ApiServer,
    batch: Outgoing,
    headers: dict[str, str],
    seconds: float | None,
) -> None:
    server.script = Say(429, failure("Slow", ErrorCode=429), headers)

    outcome = provider.send(batch)

    assert isinstance(outcome, NotTaken)
    assert outcome.retry_after == seconds
    assert (outcome.stop, outcome.split) == (False, False)


@pytest.mark.parametrize("status", [301, 404])
def test_another_server_at_that_address_stops_the_mailing_and_gets_no_second_call(
    provider: Provider, server: ApiServer, batch: Outgoing, status: int
) -> None:
    server.script = Say(status, b"Moved", {"Location": f"{server.url}/elsewhere"})

    outcome = provider.send(batch)

    assert isinstance(outcome, NotTaken)
    assert outcome.stop
    assert "base_url" in outcome.detail
    assert len(server.calls) == 1


def test_a_refused_connection_has_sent_nothing(way: str, tmp_path: Path) -> None:
    with running(way, tmp_path) as gone:
        url = gone.server.url
    with running(way, tmp_path, base_url=url) as carrier:
        outcome = carrier.provider.send(outgoing())

    assert isinstance(outcome, NotTaken)
    assert not outcome.stop


def test_a_server_that_speaks_no_tls_has_been_sent_nothing(
    way: str, server: ApiServer, tmp_path: Path
) -> None:
    url = server.url.replace("http://", "https://")
    with running(way, tmp_path, base_url=url) as carrier:
        outcome = carrier.provider.send(outgoing())

    assert isinstance(outcome, NotTaken)
    assert server.calls == []


def test_the_words_of_a_failure_hold_no_address_and_no_control_character(
    provider: Provider, server: ApiServer, batch: Outgoing
) -> None:
    said = "\x1b[31mreader1@example.net\r\nis bad " + "x" * 5000
    server.script = Say(422, failure(said))

    outcome = provider.send(batch)

    assert isinstance(outcome, NotTaken)
    assert "is bad" in outcome.detail
    assert "reader1" not in outcome.detail
    assert outcome.detail.isprintable()
    assert len(outcome.detail) < 300


# --- nobody knows

HTML = b"<html><body>Bad gateway</body></html>"


@pytest.mark.parametrize(
    "script",
    [
        Say(500, failure("Oops", ErrorCode=500), takes=False),
        Say(500, failure("Oops", ErrorCode=500), takes=True),
        Say(502, HTML, takes=True),
        Say(503, HTML, takes=True),
        Say(504, HTML, takes=True),
        Say(408, HTML, takes=True),
        Say(409, failure("Conflict"), takes=True),
        Say(200, HTML, takes=True),
        Say(200, b"", takes=True),
        Say(200, b'[{"ErrorCode":0', takes=True),
        Say(200, b'[{"ErrorCode":0}]', takes=True),
        Say(200, b"[" * 100_000, takes=True),
        Say(200, b'{"ErrorCode":0,"Message":"OK"}', takes=True),
        Say(200, b'{"data":[{}]}', takes=True),
        Say(200, b'[{"ErrorCode":0', length=4000, takes=True),
        Say(201, HTML, takes=True),
        Say(201, b"{}", takes=True),
        Say(201, b'{"messageIds":["<1>","<2>","<3>"]}', takes=True),
        Say(202, HTML, takes=True),
        Say(202, b"{}", length=4000, takes=True),
        Say(200, b'{"BulkEmailEntryResults":[]}', takes=True),
        Say(200, b'{"MessageId":""}', takes=True),
        Say(200, b"not gzip", {"Content-Encoding": "gzip"}, takes=True),
        Reset(takes=False),
        Reset(takes=True),
        Silence(),
    ],
    ids=lambda script: repr(script)[:60],
)
def test_what_nobody_can_know_is_unknown_and_asked_only_once(
    provider: Provider, server: ApiServer, batch: Outgoing, script: Script
) -> None:
    server.script = script

    outcome = provider.send(batch)

    assert isinstance(outcome, Unknown)
    assert len(server.calls) == 1


# --- settings

SECRET = "the secret"  # whatever this kind calls it


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({SECRET: None}, SECRET),
        ({SECRET: "two words"}, SECRET),
        ({SECRET: "line\r\nbreak"}, SECRET),
        ({"base_url": "api.example.org"}, "base_url"),
        ({"base_url": "https://user:two words@api.example.org"}, "base_url"),
        ({"base_url": "https://token@api.example.org"}, "base_url"),
        ({"base_url": "https://api.example.org:port"}, "base_url"),
        ({"timeout": "long"}, "timeout"),
        ({"timeout": 0}, "timeout"),
        ({"ca_file": "missing.pem"}, "ca_file"),
        ({"tokn": "x"}, "tokn"),
    ],
)
def test_a_wrong_setting_names_the_file_and_the_key_and_no_secret(
    way: str, tmp_path: Path, options: dict[str, object], key: str
) -> None:
    kind, usual = WAYS[way]
    secret = SECRETS[kind]
    key = secret if key is SECRET else key
    options = {secret if k is SECRET else k: v for k, v in options.items()}
    merged = APIS[kind] | usual | options
    given = {name: value for name, value in merged.items() if value is not None}

    with pytest.raises(ConfigError) as caught:
        build(kind, tmp_path, **given)

    message = str(caught.value)
    assert message.startswith(f"mailer.toml: [providers.main] {key}: ")
    assert "two words" not in message
    assert APIS[kind][secret] not in message


def test_a_call_ends_within_the_time_that_leases_count_on(
    way: str, tmp_path: Path
) -> None:
    with running(way, tmp_path, timeout=300) as carrier:
        assert carrier.provider.capabilities.longest_call == 600.0
