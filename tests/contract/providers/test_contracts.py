"""A request that is not what its vendor describes is noticed."""

import json
from dataclasses import replace
from typing import Any

import pytest
from openapi_core.exceptions import OpenAPIError

from tests.contract.providers import contracts
from tests.contract.providers.api_server import Request

GOOD = Request(
    method="POST",
    path="/email/batch",
    query={},
    headers={
        "Content-Type": "application/json",
        "X-Postmark-Server-Token": "a-server-token",
    },
    body=json.dumps([{"From": "a@b.example", "To": "c@d.example"}]).encode(),
)


def test_what_the_vendor_describes_passes() -> None:
    contracts.asked("postmark", GOOD)


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "/email/many"},
        {"method": "PUT"},
        {"headers": {**GOOD.headers, "Content-Type": "text/plain"}},
        {"body": b'{"From": "a@b.example"}'},
        {"body": b'[{"From": 7}]'},
    ],
    ids=["another path", "another method", "another type", "no list", "no text"],
)
def test_what_it_does_not_describe_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(OpenAPIError):
        contracts.asked("postmark", replace(GOOD, **changes))
