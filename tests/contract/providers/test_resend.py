"""What is Resend's own: the key, quotas, and one message per call."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.core.errors import ConfigError
from mailer.pipeline.calls import Caller
from mailer.ports import Accepted, Answered, Called, NotTaken, Provider, Unknown
from tests.contract.providers.api_server import ApiServer, Say
from tests.contract.providers.carriers import ApiCarrier, ResendCarrier, api, build
from tests.contract.providers.letters import outgoing, recipient
from tests.contract.providers.resend_server import Resend, failed
from tests.factories import batch_of

BATCH = outgoing(recipient(1), recipient(2))


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[ApiCarrier]:
    with api("resend", tmp_path) as found:
        yield found


@pytest.fixture
def vendor(carrier: ApiCarrier) -> Resend:
    assert isinstance(carrier, ResendCarrier)
    return carrier.vendor


@pytest.fixture
def server(carrier: ApiCarrier) -> ApiServer:
    return carrier.server


@pytest.fixture
def resend(carrier: ApiCarrier) -> Provider:
    return carrier.provider


def test_a_call_whose_answer_was_lost_is_taken_once_and_answers_alike(
    resend: Provider, server: ApiServer, vendor: Resend
) -> None:
    server.script = Say(502, b"<html>", takes=True)
    lost = resend.send(BATCH)
    server.script = None

    again = resend.send(BATCH)

    assert isinstance(lost, Unknown)
    assert isinstance(again, Answered)
    assert [type(result) for result in again.results] == [Accepted, Accepted]
    assert len(vendor.taken) == 2


def test_a_key_that_stood_for_other_octets_leaves_the_outcome_unknown(
    resend: Provider, vendor: Resend
) -> None:
    resend.send(BATCH)

    outcome = resend.send(replace(BATCH, recipients=[recipient(3)]))

    assert isinstance(outcome, Unknown)
    assert [message["to"] for message in vendor.taken] == [
        "reader1@example.net",
        "reader2@example.net",
    ]


def test_a_key_whose_first_call_still_runs_leaves_the_outcome_unknown(
    resend: Provider, server: ApiServer
) -> None:
    server.script = failed(409, "concurrent_idempotent_requests")

    assert isinstance(resend.send(BATCH), Unknown)


def test_the_key_is_the_batchs_and_a_tag_says_so_without_a_word_about_people(
    resend: Provider, server: ApiServer, vendor: Resend
) -> None:
    resend.send(BATCH)

    assert server.calls[0].headers["Idempotency-Key"] == BATCH.key
    for message in vendor.taken:
        assert message["tags"] == [{"name": "batch", "value": BATCH.key}]


def test_each_recipient_gets_the_id_of_their_own_message(resend: Provider) -> None:
    outcome = resend.send(BATCH)

    assert isinstance(outcome, Answered)
    ids = [
        result.provider_id
        for result in outcome.results
        if isinstance(result, Accepted) and result.provider_id
    ]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "invalid_idempotency_key"),
        (401, "missing_api_key"),
        (401, "restricted_api_key"),
        (403, "invalid_api_key"),
        (403, "validation_error"),  # the domain is not verified
        (422, "invalid_from_address"),
        (422, "missing_required_field"),
        (429, "monthly_quota_exceeded"),
        (451, "security_error"),
    ],
)
def test_what_a_person_must_mend_stops_the_mailing_and_fails_nobody(
    resend: Provider, server: ApiServer, status: int, name: str
) -> None:
    server.script = failed(status, name)

    outcome = resend.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert (outcome.stop, outcome.split) == (True, False)


@pytest.mark.parametrize(
    ("name", "headers", "seconds"),
    [
        ("rate_limit_exceeded", {"retry-after": "1"}, 1.0),
        ("rate_limit_exceeded", {"ratelimit-reset": "3"}, 3.0),
        ("rate_limit_exceeded", {}, None),
        ("daily_quota_exceeded", {"retry-after": "1"}, 4 * 3600.0),
        ("daily_quota_exceeded", {"retry-after": "80000"}, 80_000.0),
        ("daily_quota_exceeded", {}, 4 * 3600.0),
    ],
)
def test_a_limit_makes_everybody_wait_as_long_as_it_lasts(
    resend: Provider,
    server: ApiServer,
    name: str,
    headers: dict[str, str],
    seconds: float | None,
) -> None:
    server.script = failed(429, name, headers=headers)

    outcome = resend.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.retry_after == seconds
    assert not outcome.stop


def test_one_message_per_call_goes_out_by_windows_each_under_a_key_of_its_own(
    tmp_path: Path,
) -> None:
    readers = [recipient(n) for n in range(20)]
    with api("resend", tmp_path, batch=False) as carrier:
        told: list[Called] = []
        batch = batch_of()
        caller = Caller(carrier.provider, monotonic=lambda: 1.0, watch=told.append)

        first = caller.call("send", batch, outgoing(*readers), 2.0)
        again = caller.call("send", batch, outgoing(*readers), 2.0)
        caller.close()

        assert carrier.provider.capabilities.batch_size == 64
        assert isinstance(first, Answered)
        assert first == again
        assert (
            len({call.headers["Idempotency-Key"] for call in carrier.server.calls})
            == 20
        )
        assert len(carrier.arrived()) == 20


def test_a_batch_setting_that_is_no_switch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"batch: must be true or false"):
        build("resend", tmp_path, token="re_key", batch="no")
