"""Test mode: what leaves, what stays in the outbox, and what the ledger is told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.adapters.providers.fence import Fenced
from mailer.core.allowing import parse
from mailer.core.envelope import Recipient
from mailer.ports import (
    Accepted,
    Answered,
    Deferred,
    Found,
    NotTaken,
    Provider,
    Refused,
    Unknown,
)
from tests.contract.providers.api_server import Reset, Say
from tests.contract.providers.carriers import (
    ApiCarrier,
    OutboxCarrier,
    api,
)
from tests.contract.providers.letters import outgoing, recipient

OURS = [recipient(n, address=f"person{n}@ours.example") for n in range(2)]
OTHERS = [recipient(n) for n in range(5, 8)]
MIXED = outgoing(OTHERS[0], OURS[0], OTHERS[1], OURS[1], OTHERS[2])
OURS_IN_IT = [False, True, False, True, False]


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[ApiCarrier]:
    with api("postmark", tmp_path, timeout=3) as found:
        yield found


@pytest.fixture
def outbox(tmp_path: Path) -> OutboxCarrier:
    return OutboxCarrier(tmp_path)


@pytest.fixture
def fenced(carrier: ApiCarrier, outbox: OutboxCarrier) -> Fenced:
    return fence(carrier.provider, outbox)


def fence(within: Provider, outbox: OutboxCarrier) -> Fenced:
    return Fenced(within, allowed=parse(["@ours.example"]), outbox=outbox.provider)


def receivers(carrier: ApiCarrier | OutboxCarrier) -> list[str]:
    return sorted(message.to for message in carrier.arrived())


OUR_ADDRESSES = sorted(person.address for person in OURS)
OTHER_ADDRESSES = sorted(person.address for person in OTHERS)


def test_only_those_on_the_list_are_mailed_and_everyone_elses_is_in_the_outbox(
    fenced: Fenced, carrier: ApiCarrier, outbox: OutboxCarrier
) -> None:
    outcome = fenced.send(MIXED)

    assert isinstance(outcome, Answered)
    assert all(isinstance(result, Accepted) for result in outcome.results)
    assert receivers(carrier) == OUR_ADDRESSES
    assert receivers(outbox) == OTHER_ADDRESSES


def test_everybody_is_answered_in_their_own_place(
    carrier: ApiCarrier, outbox: OutboxCarrier
) -> None:
    allowed = parse(["@ours.example", carrier.bad_address])
    fenced = Fenced(carrier.provider, allowed=allowed, outbox=outbox.provider)
    gone = recipient(9, address=carrier.bad_address)

    outcome = fenced.send(replace(MIXED, recipients=[OTHERS[0], gone, OURS[0]]))

    assert isinstance(outcome, Answered)
    first, second, third = outcome.results
    assert isinstance(first, Accepted)
    assert isinstance(second, Refused)
    assert isinstance(third, Accepted)
    assert first.provider_id != third.provider_id


@pytest.mark.parametrize("readers", [OTHERS, OURS], ids=["nobody", "everybody"])
def test_a_batch_of_one_kind_goes_one_way(
    fenced: Fenced,
    carrier: ApiCarrier,
    outbox: OutboxCarrier,
    readers: list[Recipient],
) -> None:
    outcome = fenced.send(replace(MIXED, recipients=readers))

    assert isinstance(outcome, Answered)
    assert len(outcome.results) == len(readers)
    assert bool(carrier.server.calls) == (readers is OURS)
    assert bool(outbox.arrived()) == (readers is OTHERS)


def test_what_the_provider_does_not_take_is_not_written_to_the_outbox_either(
    fenced: Fenced, carrier: ApiCarrier, outbox: OutboxCarrier
) -> None:
    carrier.server.script = Say(429, b"{}")

    assert isinstance(fenced.send(MIXED), NotTaken)
    assert outbox.arrived() == []


def test_an_unknown_outcome_is_unknown_and_found_out_by_the_provider_within(
    fenced: Fenced, carrier: ApiCarrier, outbox: OutboxCarrier
) -> None:
    carrier.server.script = Say(502, b"<html>", takes=True)
    assert isinstance(fenced.send(MIXED), Unknown)
    carrier.server.script = None

    found = fenced.find(MIXED)

    assert isinstance(found, Found)
    assert all(isinstance(hit, Accepted) for hit in found.accepted)
    assert receivers(outbox) == OTHER_ADDRESSES


def test_what_never_arrived_at_the_provider_is_not_found(
    fenced: Fenced, carrier: ApiCarrier
) -> None:
    carrier.server.script = Reset(takes=False)
    assert isinstance(fenced.send(MIXED), Unknown)
    carrier.server.script = None

    found = fenced.find(MIXED)

    assert isinstance(found, Found)
    assert [hit is None for hit in found.accepted] == OURS_IN_IT


def test_a_call_that_is_older_than_the_fence_is_found_out_for_everybody(
    fenced: Fenced, carrier: ApiCarrier, outbox: OutboxCarrier
) -> None:
    carrier.server.script = Reset(takes=True)
    assert isinstance(carrier.provider.send(MIXED), Unknown)
    carrier.server.script = None

    found = fenced.find(MIXED)

    assert isinstance(found, Found)
    assert all(isinstance(hit, Accepted) for hit in found.accepted)
    assert receivers(outbox) == []


def test_a_search_without_an_answer_is_no_answer(
    fenced: Fenced, carrier: ApiCarrier
) -> None:
    carrier.server.script = Say(500, b"{}")

    assert isinstance(fenced.find(MIXED), NotTaken)


def test_an_outbox_that_cannot_be_written_fails_none_of_those_who_were_mailed(
    carrier: ApiCarrier, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "outbox").write_text("a file where a folder should be")
    fenced = fence(carrier.provider, OutboxCarrier(tmp_path / "elsewhere"))

    outcome = fenced.send(MIXED)

    assert isinstance(outcome, Answered)
    kinds = [isinstance(result, Accepted) for result in outcome.results]
    assert kinds == OURS_IN_IT
    assert sum(isinstance(result, Deferred) for result in outcome.results) == 3


def test_to_the_ledger_it_is_the_provider_within(
    fenced: Fenced, carrier: ApiCarrier
) -> None:
    assert fenced.name == carrier.provider.name
    assert fenced.capabilities is carrier.provider.capabilities


def test_it_can_be_closed_twice_and_used_again(
    fenced: Fenced, carrier: ApiCarrier
) -> None:
    fenced.close()
    fenced.close()

    assert isinstance(fenced.send(MIXED), Answered)
    assert len(carrier.server.calls) == 1
