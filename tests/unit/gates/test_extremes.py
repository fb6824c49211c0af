"""Whatever people write, and however much of it: the digest passes every gate."""

import pytest

from mailer.adapters.gates import check
from tests.unit.gates.messages import EXTREMES, SAMPLE, Extreme, rendered


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", EXTREMES)
def test_a_digest_at_the_end_of_what_can_be_passes_every_gate(
    name: str, language: str
) -> None:
    assert check(rendered(EXTREMES[name](), language)) == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_sample_passes_every_gate(language: str) -> None:
    message = rendered(Extreme(digest=SAMPLE.digest, brand={}), language)
    assert check(message) == []
    assert len(message.html.encode()) <= 70 * 1024
