"""What every provider promises, held against peers that nobody here wrote.

The sentences are those of `tests/contract/test_providers.py`, as far as they are about
what arrives. One of these peers shows no headers of a message that came whole.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract import test_providers
from tests.contract.peers import carriers
from tests.contract.providers.carriers import Carrier
from tests.contract.test_providers import (
    test_a_full_batch_arrives_in_one_go,
    test_a_single_message_arrives_as_it_was_composed,
    test_everybody_gets_their_own_leave_link_and_nobody_elses,
    test_slots_look_alikes_in_the_words_of_people_stay_words,
    test_words_of_any_template_language_stay_words_wherever_people_write_them,
)

__all__ = [
    "test_a_full_batch_arrives_in_one_go",
    "test_a_single_message_arrives_as_it_was_composed",
    "test_everybody_gets_their_own_leave_link_and_nobody_elses",
    "test_slots_look_alikes_in_the_words_of_people_stay_words",
    "test_words_of_any_template_language_stay_words_wherever_people_write_them",
]
SHOW_NO_HEADERS = "aws-ses-v2-local, message by message"


@pytest.fixture(params=carriers.WAYS)
def carrier(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Carrier]:
    fixture, kind, options = carriers.WAYS[request.param]
    peer = request.getfixturevalue(fixture)
    with carriers.calling(peer, kind, tmp_path, **options) as found:
        yield found


@pytest.mark.parametrize(
    "carrier", [w for w in carriers.WAYS if w != SHOW_NO_HEADERS], indirect=True
)
def test_the_list_headers_arrive_whole(carrier: Carrier) -> None:
    test_providers.test_the_list_headers_arrive_whole(carrier)
