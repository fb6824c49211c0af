"""What is Brevo's own: a key that is used once, versions, and its event report."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.core.errors import InputError
from mailer.ports import (
    Accepted,
    Answered,
    Found,
    NotTaken,
    Provider,
    Searchable,
    Unknown,
    Unsure,
)
from tests.contract.providers.api_server import ApiServer, Say
from tests.contract.providers.brevo_server import Brevo, failed
from tests.contract.providers.carriers import ApiCarrier, BrevoCarrier, api
from tests.contract.providers.letters import letter, outgoing, recipient

BATCH = outgoing(recipient(1), recipient(2))


@pytest.fixture(params=[False, True], ids=["complete", "one body"])
def carrier(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ApiCarrier]:
    with api("brevo", tmp_path, shared_body=request.param) as found:
        yield found


@pytest.fixture
def vendor(carrier: ApiCarrier) -> Brevo:
    assert isinstance(carrier, BrevoCarrier)
    return carrier.vendor


@pytest.fixture
def server(carrier: ApiCarrier) -> ApiServer:
    return carrier.server


@pytest.fixture
def brevo(carrier: ApiCarrier) -> Provider:
    return carrier.provider


# --- what goes out


def test_with_one_body_two_hundred_readers_share_it(tmp_path: Path) -> None:
    with api("brevo", tmp_path, shared_body=True) as carrier:
        carrier.provider.send(outgoing(*[recipient(n) for n in range(200)]))

        [call] = carrier.server.calls
        assert call.body.count(b"Palabras largas") == 20
        assert carrier.provider.capabilities.shared_body


def test_key_and_tag_are_the_batchs_and_say_nothing_about_people(
    brevo: Provider, vendor: Brevo
) -> None:
    brevo.send(BATCH)

    [call] = vendor.calls
    assert call["headers"] == {"idempotencyKey": BATCH.key}
    assert call["tags"] == [BATCH.key]


def test_a_sender_name_that_brevo_would_refuse_names_the_key_to_mend(
    brevo: Provider, server: ApiServer
) -> None:
    with pytest.raises(InputError, match=r"71 characters.*\[sender\] name"):
        brevo.send(outgoing(letter=letter(sender_name="x" * 71)))

    assert server.calls == []


def test_a_name_that_brevo_would_drop_in_silence_is_encoded_first(
    brevo: Provider, server: ApiServer
) -> None:
    for name, arrives in (
        ("Coalición, California", "=?utf-8?q?Coalici=C3=B3n=2C_California?="),
        ("Coalición California", "Coalición California"),
        ("Coalition, California", "Coalition, California"),
    ):
        brevo.send(outgoing(letter=letter(sender_name=name)))
        assert json.loads(server.calls[-1].body)["sender"]["name"] == arrives

    with pytest.raises(InputError, match=r"as Brevo gets it.*without punctuation"):
        brevo.send(outgoing(letter=letter(sender_name=f"Ñ, {'x' * 60}")))


# --- what came back


def test_each_recipient_gets_the_id_of_their_own_message(brevo: Provider) -> None:
    outcome = brevo.send(BATCH)

    assert outcome == Answered(
        results=[
            Accepted(provider_id="20191007.0@relay.example"),
            Accepted(provider_id="20191007.1@relay.example"),
        ]
    )


def test_a_call_that_never_came_through_is_taken_when_it_is_made_again(
    brevo: Provider, server: ApiServer, vendor: Brevo
) -> None:
    server.script = Say(502, b"<html>", takes=False)
    assert isinstance(brevo.send(BATCH), Unknown)
    server.script = None

    assert isinstance(brevo.send(BATCH), Answered)
    assert len(vendor.taken) == 2


def test_a_call_that_was_taken_is_not_taken_twice_and_stays_unknown(
    brevo: Provider, server: ApiServer, vendor: Brevo
) -> None:
    server.script = Say(502, b"<html>", takes=True)
    brevo.send(BATCH)
    server.script = None

    assert isinstance(brevo.send(BATCH), Unknown)
    assert len(vendor.taken) == 2


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (400, "duplicate_parameter", "No."),
        (400, "duplicate_request", "No."),
        (409, "Request already processed", "No."),
        (400, "invalid_parameter", "The idempotencyKey was already used"),
        (400, "bad_request", "Duplicate request"),
    ],
)
def test_however_brevo_says_that_it_knows_a_key_nothing_follows_from_it(
    brevo: Provider, server: ApiServer, status: int, code: str, text: str
) -> None:
    server.script = failed(status, code, text)

    assert isinstance(brevo.send(BATCH), Unknown)


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (400, "unauthorized", "Account is not activated"),
        (400, "not_enough_credits", "You have no credits left"),
        (402, "not_enough_credits", "No."),
        (400, "permission_denied", "No."),
        (400, "account_under_validation", "No."),
        (400, "invalid_parameter", "sender is not valid. Validate your sender"),
    ],
)
def test_what_a_person_must_mend_stops_the_mailing_and_fails_nobody(
    brevo: Provider, server: ApiServer, status: int, code: str, text: str
) -> None:
    server.script = failed(status, code, text)

    outcome = brevo.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert (outcome.stop, outcome.split) == (True, False)


def test_a_limit_lasts_as_long_as_its_own_header_says(
    brevo: Provider, server: ApiServer
) -> None:
    headers = {"x-sib-ratelimit-reset": "30"}
    server.script = failed(429, "bad_request", "Rate limit", headers)

    outcome = brevo.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.retry_after == 30.0


# --- the search


def find(provider: Provider) -> Found | NotTaken:
    assert isinstance(provider, Searchable)
    return provider.find(BATCH)


def test_one_event_shows_that_the_whole_call_was_taken(
    brevo: Provider, vendor: Brevo
) -> None:
    brevo.send(BATCH)
    del vendor.events[0]
    vendor.events[0]["event"] = "hardBounces"

    second = Accepted(provider_id="20191007.1@relay.example")
    assert find(brevo) == Found(accepted=[Accepted(provider_id=None), second])


def test_a_report_that_shows_nothing_proves_nothing(
    brevo: Provider, vendor: Brevo
) -> None:
    brevo.send(BATCH)
    vendor.hidden = True

    found = find(brevo)

    assert isinstance(found, Found)
    assert [type(hit) for hit in found.accepted] == [Unsure, Unsure]


def test_events_of_another_call_do_not_count(
    brevo: Provider, vendor: Brevo, server: ApiServer
) -> None:
    brevo.send(replace(BATCH, key="6f1c2a52-0000-5000-8000-000000000002"))
    [first, *_] = vendor.events
    body = f'{{"events":[{{"email":"{first["email"]}","messageId":"m","tag":"x"}}]}}'
    server.script = Say(200, body.encode())

    found = find(brevo)

    assert isinstance(found, Found)
    assert all(isinstance(hit, Unsure) for hit in found.accepted)
