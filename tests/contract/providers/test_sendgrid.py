"""What is SendGrid's own: one content, tags that nobody can know, and its logs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

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
from tests.contract.providers.carriers import ApiCarrier, SendGridCarrier, api
from tests.contract.providers.letters import letter, outgoing, recipient
from tests.contract.providers.sendgrid_server import SendGrid, failed

BATCH = outgoing(recipient(1), recipient(2))


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[ApiCarrier]:
    with api("sendgrid", tmp_path, timeout=3) as found:
        yield found


@pytest.fixture
def vendor(carrier: ApiCarrier) -> SendGrid:
    assert isinstance(carrier, SendGridCarrier)
    return carrier.vendor


@pytest.fixture
def server(carrier: ApiCarrier) -> ApiServer:
    return carrier.server


@pytest.fixture
def sendgrid(carrier: ApiCarrier) -> Provider:
    return carrier.provider


# --- what goes out


def test_five_hundred_readers_share_one_body(
    sendgrid: Provider, server: ApiServer
) -> None:
    sendgrid.send(outgoing(*[recipient(n) for n in range(500)]))

    [call] = server.calls
    assert call.body.count(b"Palabras largas") == 20
    assert len(call.body) < 500 * 1200


def test_tracking_is_switched_off_in_all_its_forms(
    sendgrid: Provider, vendor: SendGrid
) -> None:
    sendgrid.send(BATCH)

    [call] = vendor.calls
    switches = call["tracking_settings"]
    assert set(switches) == {
        "click_tracking",
        "open_tracking",
        "subscription_tracking",
        "ganalytics",
    }
    assert not any(value for each in switches.values() for value in each.values())
    assert "sandbox_mode" not in call["mail_settings"]


def test_category_and_argument_hold_the_batchs_key_and_nothing_about_people(
    sendgrid: Provider, vendor: SendGrid
) -> None:
    sendgrid.send(BATCH)

    [call] = vendor.calls
    assert call["categories"] == [BATCH.key]
    arguments = [person["custom_args"] for person in call["personalizations"]]
    assert arguments == [{"batch": BATCH.key}] * 2


def test_the_tags_of_one_call_mean_nothing_in_another(
    carrier: ApiCarrier, vendor: SendGrid
) -> None:
    carrier.provider.send(BATCH)
    known = "".join(vendor.calls[0]["personalizations"][0]["substitutions"])
    reader = recipient(3, reason=f"Because {known}")

    carrier.provider.send(
        replace(
            BATCH,
            key="6f1c2a52-0000-5000-8000-000000000002",
            letter=letter(subject=f"Marcha {known}"),
            recipients=[reader],
        )
    )

    message = carrier.arrived()[-1]
    assert message.subject == f"Marcha {known}"
    assert reader.reason in message.text
    assert message.leave_tokens == {reader.leave}


def test_a_call_over_thirty_megabytes_is_to_be_halved_before_it_is_sent(
    sendgrid: Provider, server: ApiServer
) -> None:
    outcome = sendgrid.send(outgoing(letter=letter(subject="x" * 31_000_000)))

    assert isinstance(outcome, NotTaken)
    assert outcome.split
    assert server.calls == []


# --- what came back


def test_one_id_stands_for_all_of_a_call(sendgrid: Provider) -> None:
    outcome = sendgrid.send(BATCH)

    taken = Accepted(provider_id="call-1")
    assert outcome == Answered(results=[taken, taken])
    assert not sendgrid.capabilities.per_recipient_result


@pytest.mark.parametrize("field", ["from.email", "content.0.value", "subject"])
def test_what_is_wrong_with_all_messages_stops_the_mailing_and_fails_nobody(
    sendgrid: Provider, server: ApiServer, field: str
) -> None:
    server.script = failed(400, "The from address is not a sender of yours.", field)

    outcome = sendgrid.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert (outcome.stop, outcome.split) == (True, False)


def test_what_is_wrong_with_one_reader_halves_the_call(
    sendgrid: Provider, server: ApiServer
) -> None:
    server.script = failed(400, "No valid address.", "personalizations.1.to.0.email")

    outcome = sendgrid.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert (outcome.stop, outcome.split) == (False, True)


def test_a_limit_lasts_until_the_second_that_sendgrid_names(
    sendgrid: Provider, server: ApiServer
) -> None:
    in_a_minute = {"X-RateLimit-Reset": "1570460465"}  # 2019-10-07 15:01:05
    server.script = failed(429, "too many requests", headers=in_a_minute)

    outcome = sendgrid.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.retry_after == 60.0


# --- the search


def find(provider: Provider) -> Found | NotTaken:
    assert isinstance(provider, Searchable)
    return provider.find(BATCH)


def test_one_message_in_the_logs_shows_that_the_whole_call_was_taken(
    sendgrid: Provider, vendor: SendGrid, server: ApiServer
) -> None:
    server.script = Say(502, b"<html>", takes=True)
    assert isinstance(sendgrid.send(BATCH), Unknown)
    server.script = None
    del vendor.logs[0]

    assert find(sendgrid) == Found(
        accepted=[Accepted(provider_id=None), Accepted(provider_id="call-1")]
    )


def test_logs_that_show_nothing_prove_nothing(
    sendgrid: Provider, vendor: SendGrid
) -> None:
    sendgrid.send(BATCH)
    vendor.hidden = True

    found = find(sendgrid)

    assert isinstance(found, Found)
    assert [type(hit) for hit in found.accepted] == [Unsure, Unsure]


def test_other_mail_to_the_same_people_does_not_count(
    sendgrid: Provider, server: ApiServer
) -> None:
    other = {"to_email": "reader1@example.net", "subject": "Another", "status": "x"}
    body = {"messages": [other | {"sg_message_id": "m"}]}
    server.script = Say(200, json.dumps(body).encode())

    found = find(sendgrid)

    assert isinstance(found, Found)
    assert all(isinstance(hit, Unsure) for hit in found.accepted)


def test_without_the_logs_nobody_is_asked(tmp_path: Path) -> None:
    with api("sendgrid", tmp_path, logs=False) as carrier:
        assert carrier.provider.capabilities.search is None
