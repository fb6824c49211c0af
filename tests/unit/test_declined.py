"""What a person reads when a provider turns a call down."""

import json
from datetime import UTC, datetime

import pytest

from mailer.adapters.http import Answer
from mailer.adapters.providers.answers import declined
from mailer.ports import NotTaken

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("said", ["Bad or missing API token.", "no", ""])
def test_a_key_that_is_refused_is_named_in_one_sentence(status: int, said: str) -> None:
    body = json.dumps({"message": said}).encode()
    found = declined(
        "Postmark", Answer(status=status, headers={}, body=body), said, now=NOW
    )

    assert isinstance(found, NotTaken)
    assert found.stop
    assert "look at token in the provider's table of mailer.toml" in found.detail
    assert f"Postmark answered {status}" in found.detail
    assert ".;" not in found.detail
    assert not found.detail.endswith(".")
