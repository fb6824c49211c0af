"""Events of vendors as django-anymail reads them."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from django.test import RequestFactory

from mailer.ports import Told
from tests.contract.peers.oracle import NAMES
from tests.contract.providers.tellers import KEY


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """An event as anymail reads it."""

    kind: str
    reason: str | None
    address: str


def reads(kind: str, told: Told) -> Sequence[Tracked]:
    """Return what anymail makes of a vendor's request, whoever it is from."""
    return [
        Tracked(
            kind=event.event_type, reason=event.reject_reason, address=event.recipient
        )
        for event in _view(kind).parse_events(_request(told))
    ]


def believes(kind: str, told: Told) -> bool:
    """Tell whether anymail takes a request for one of this vendor."""
    try:
        _view(kind).run_validators(_request(told))
    except AnymailWebhookValidationFailure:
        return False
    return True


def keyed(told: Told) -> Told:
    """Return the request with the password that anymail asks of every vendor."""
    given = base64.b64encode(f"events:{KEY}".encode()).decode()
    return replace(told, headers={**told.headers, "authorization": f"Basic {given}"})


def _view(kind: str) -> Any:
    module = import_module(f"anymail.webhooks.{NAMES.get(kind, kind)}")
    [view] = [
        found
        for found in vars(module).values()
        if isinstance(found, type)
        and found.__module__ == module.__name__
        and found.__name__.endswith("TrackingWebhookView")
    ]
    return view()


def _request(told: Told) -> Any:
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in told.headers.items()
    }
    kind = "application/json"
    return RequestFactory().post("/", told.body, content_type=kind, **headers)
