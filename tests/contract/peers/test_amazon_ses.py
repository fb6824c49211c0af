"""Amazon SES as moto plays it: a sender who is not verified, and one who is."""

import email.policy
import json
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path
from typing import Any

import boto3
import pytest

from mailer.ports import Accepted, Answered, NotTaken, Outcome
from tests.contract.peers.carriers import called
from tests.contract.peers.running import Peer
from tests.contract.providers.carriers import APIS, build
from tests.contract.providers.letters import letter, outgoing, recipient

ACCOUNT = APIS["ses"]


@dataclass(frozen=True, kw_only=True)
class Amazon:
    """moto's SES, and our way to call it."""

    peer: Peer
    folder: Path

    def send(self, domain: str, **options: Any) -> Outcome:
        provider = build(
            "ses", self.folder, base_url=self.peer.url, **ACCOUNT, **options
        )
        written = letter(sender_address=f"digest@{domain}", domain=domain)
        try:
            return provider.send(outgoing(recipient(7), letter=written))
        finally:
            provider.close()

    def verify(self, domain: str) -> None:
        client = boto3.client(
            "sesv2",
            endpoint_url=self.peer.url,
            region_name=ACCOUNT["region"],
            aws_access_key_id=ACCOUNT["access_key"],
            aws_secret_access_key=ACCOUNT["secret_key"],
        )
        client.create_email_identity(EmailIdentity=domain)
        client.close()

    def sent_by(self, domain: str) -> list[dict[str, Any]]:
        kept = json.loads(called(self.peer, "GET", "/moto-api/data.json"))
        return [m for m in kept["ses"]["RawMessage"] if m["source"].endswith(domain)]


@pytest.fixture
def amazon(moto: Peer, tmp_path: Path) -> Amazon:
    return Amazon(peer=moto, folder=tmp_path)


def test_a_sender_whom_amazon_has_not_verified_stops_the_sending(
    amazon: Amazon,
) -> None:
    outcome = amazon.send("stranger.example")

    assert isinstance(outcome, NotTaken)
    assert outcome.stop
    assert "authority to send" in outcome.detail
    assert "digest@" not in outcome.detail
    assert amazon.sent_by("stranger.example") == []


def test_amazon_takes_a_message_from_a_verified_sender_and_names_it(
    amazon: Amazon,
) -> None:
    amazon.verify("verified.example")

    outcome = amazon.send("verified.example")

    [kept] = amazon.sent_by("verified.example")
    assert outcome == Answered(results=[Accepted(provider_id=kept["id"])])
    message = message_from_string(kept["raw_data"], policy=email.policy.default)
    assert message["Subject"] == letter().subject
    assert recipient(7).leave in message["List-Unsubscribe"]
    assert set(kept["destinations"]) == {"reader7@example.net"}


def test_a_call_that_the_other_side_does_not_know_stops_the_sending(
    amazon: Amazon,
) -> None:
    outcome = amazon.send("stranger.example", shared_body=True)  # moto has none

    assert isinstance(outcome, NotTaken)
    assert outcome.stop
    assert "404" in outcome.detail
