"""Resend as npm's emulate plays it: a key under which a call is taken only once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from mailer.ports import Accepted, Answered, Unknown
from tests.contract.peers.carriers import EmulatedResend, calling
from tests.contract.peers.running import Peer
from tests.contract.providers.letters import letter, outgoing, recipient

READERS = [recipient(number) for number in range(3)]


@pytest.fixture
def resend(emulate: Peer, tmp_path: Path) -> Iterator[EmulatedResend]:
    with calling(emulate, EmulatedResend, tmp_path) as carrier:
        yield carrier


def test_the_same_call_again_gets_the_same_answer_and_mails_nobody(
    resend: EmulatedResend,
) -> None:
    call = outgoing(*READERS, key=str(uuid4()))

    first, again = resend.provider.send(call), resend.provider.send(call)

    assert isinstance(first, Answered)
    assert again == first
    ids = [r.provider_id for r in first.results if isinstance(r, Accepted)]
    assert len({UUID(identifier) for identifier in ids}) == len(READERS)
    assert sorted(one.to for one in resend.arrived()) == [r.address for r in READERS]


def test_other_bytes_under_a_known_key_are_not_taken_and_nobody_guesses(
    resend: EmulatedResend,
) -> None:
    call = outgoing(*READERS, key=str(uuid4()))
    resend.provider.send(call)

    changed = resend.provider.send(replace(call, letter=letter(subject="Another")))

    assert isinstance(changed, Unknown)
    assert {one.subject for one in resend.arrived()} == {letter().subject}
