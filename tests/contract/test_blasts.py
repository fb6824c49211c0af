"""A blast from a draft to everybody who is meant, and everything that stops it."""

from datetime import timedelta

import pytest

from mailer.adapters.database.engine import Database
from mailer.core.proposal import Stage
from tests.contract.launching import Coalition
from tests.fakes.provider import ScriptedProvider


@pytest.fixture
def coalition(database: Database) -> Coalition:
    return Coalition(database)


def test_from_the_draft_to_everybody_a_few_first(coalition: Coalition) -> None:
    coalition.enlist(60)
    provider = ScriptedProvider()

    coalition.approved()
    coalition.later(minutes=9, seconds=59)
    assert coalition.tick().stage is Stage.HELD
    coalition.drain(provider)
    assert provider.calls == 0

    coalition.later(seconds=1)
    assert coalition.tick().stage is Stage.CANARY
    coalition.drain(provider)
    assert sum(provider.accepted.values()) == 20

    assert coalition.tick().canary_until == coalition.now + timedelta(minutes=10)
    coalition.later(minutes=9)
    assert coalition.tick().stage is Stage.CANARY
    coalition.drain(provider)
    assert sum(provider.accepted.values()) == 20

    coalition.later(minutes=1)
    assert coalition.tick().stage is Stage.SENDING
    coalition.drain(provider)
    assert coalition.tick().stage is Stage.DONE
    assert len(provider.accepted) == 60
    assert set(provider.accepted.values()) == {1}
