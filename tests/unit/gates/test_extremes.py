"""Whatever people write, and however much of it: the digest passes every gate."""

import pytest

from mailer.adapters.gates import Gate, Severity, check
from tests.unit.gates.messages import EXTREMES, SAMPLE, Extreme, rendered


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", EXTREMES)
def test_a_digest_at_the_end_of_what_can_be_passes_every_gate(
    name: str, language: str
) -> None:
    found = check(rendered(EXTREMES[name](), language))
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    assert errors == []
    # A city's name may make the subject long; nothing else is even worth a look.
    assert {finding.gate for finding in found} <= {Gate.SUBJECT}


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_sample_passes_every_gate(language: str) -> None:
    message = rendered(Extreme(digest=SAMPLE.digest, brand={}), language)
    assert check(message) == []
    assert len(message.html.encode()) <= 70 * 1024
