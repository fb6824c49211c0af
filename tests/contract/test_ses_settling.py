"""Amazon SES goes silent, and its Send event tells what it had taken all the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.providers import registry
from mailer.config import ProviderSettings
from mailer.pipeline.track import Tracker
from mailer.ports import Heard, Provider
from tests.contract.post import Post
from tests.contract.providers import ses_server
from tests.contract.providers.api_server import ApiServer, Silence
from tests.contract.providers.tellers import TELLERS, sns
from tests.contract.test_tracking import tracker
from tests.factories import draft

READERS = 3


def ses(post: Post, server: ApiServer, folder: Path, *, shared: bool) -> Provider:
    options = {
        "region": ses_server.REGION,
        "access_key": ses_server.ACCESS_KEY,
        "secret_key": ses_server.SECRET_KEY,
        "configuration_set": "mail",
        "base_url": server.url,
        "timeout": 1,
        "shared_body": shared,
    }
    settings = ProviderSettings(name="ses", kind="ses", options=options)
    return registry.build(settings, folder=folder, clock=lambda: post.now)


def taken(vendor: ses_server.Ses, *, shared: bool) -> dict[str, str]:
    """Return the mark that SES has for each message that it took, by address."""
    found = {}
    for call in vendor.calls:
        [tag] = call["DefaultEmailTags" if shared else "EmailTags"]
        assert tag["Name"] == "batch"
        for entry in call["BulkEmailEntries"] if shared else [call]:
            [address] = entry["Destination"]["ToAddresses"]
            found[address] = tag["Value"]
    return found


def hear(tracking: Tracker, post: Post, address: str, mark: str) -> None:
    mail: dict[str, Any] = {
        "messageId": f"id-{address}",
        "timestamp": post.now.isoformat(),
        "destination": [address],
        "tags": {"ses:configuration-set": ["mail"], "batch": [mark]},
    }
    message = json.dumps({"eventType": "Send", "mail": mail, "send": {}})
    teller = TELLERS["ses"]
    request = teller.tell_this(
        sns("Notification", Message=message, MessageId=f"n-{address}")
    )
    heard = teller.hearing().hear(request)
    assert isinstance(heard, Heard)
    tracking.keep("ses", heard.events)
    tracking.apply()


@pytest.mark.parametrize("shared", [False, True], ids=["one by one", "one body"])
def test_a_call_that_ses_took_in_silence_is_settled_by_its_send_events(
    database: Database, tmp_path: Path, *, shared: bool
) -> None:
    post = Post(database)
    post.publish(draft("San Diego"), draft("Denver"))
    mailing = post.composed(READERS)
    with ses_server.running() as (vendor, server):
        provider = ses(post, server, tmp_path, shared=shared)
        server.script = Silence(takes=True)
        post.drain(mailing, provider)
        assert post.counts(mailing)["parked"] == READERS

        server.script = None
        marks = taken(vendor, shared=shared)
        assert len(marks) == READERS
        for address, mark in marks.items():
            hear(tracker(post), post, address, mark)
        post.drain(mailing, provider)
        provider.close()

    assert post.counts(mailing) == {"pending": 0, "sent": READERS}
    assert post.ledger.standing(mailing.id).state == "finished"
    assert len(server.calls) == (1 if shared else READERS)  # nobody was mailed twice
