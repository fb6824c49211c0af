"""Our calls beside those of django-anymail for the same message to the same reader.

What a call says is compared place by place. Where the two differ, it is deliberate,
and the reason stands here; a difference that is not listed is a mistake of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailer.adapters.providers.api import Api
from tests.contract.peers import oracle
from tests.contract.providers.carriers import APIS, build
from tests.contract.providers.letters import letter, outgoing, recipient

READER = recipient(7)
ASCII = "in ASCII (RFC 2047); anymail leaves that to vendors, of which not all do it"
NAMED = "our Message-ID stays, so that what comes back can be recognized"
UNTRACKED = "switched off by name, not left to how the account is set"
ITS_ID = "anymail's own means to recognize a message; ours is the id in the answer"
TAG_ALONE = "the tag says it too, and a header of Brevo's is one more to be misread"
NO_TRACKING = frozenset({"track_opens", "track_clicks"})


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What differs at one vendor, and what anymail does not do there."""

    differs: Mapping[str, str]  # place → why
    without: frozenset[str] = frozenset()
    ascii_headers: bool = False  # it refuses others; we leave their words out


VENDORS: Mapping[str, Beside] = {
    "postmark": Beside(
        differs={
            "headers/list-id": ASCII,
            "headers/message-id": NAMED,
            "headers/x-pm-keepid": NAMED,
        }
    ),
    "mailgun": Beside(
        differs={"h:list-id": ASCII, "o:tracking": UNTRACKED},
    ),
    "sendgrid": Beside(
        differs={
            "headers/list-id": ASCII,
            "headers/message-id": NAMED,
            "custom_args/anymail_id": ITS_ID,
            "reply_to/email": "one address; SendGrid takes either form",
            "reply_to_list/0/email": "one address; SendGrid takes either form",
            "mail_settings/footer/enable": UNTRACKED,
            "tracking_settings/click_tracking/enable_text": UNTRACKED,
            "tracking_settings/ganalytics/enable": UNTRACKED,
            "tracking_settings/subscription_tracking/enable": UNTRACKED,
        }
    ),
    "brevo": Beside(
        without=NO_TRACKING,
        ascii_headers=True,
        differs={"headers/message-id": NAMED, "headers/x-mailin-custom": TAG_ALONE},
    ),
    "resend": Beside(
        without=NO_TRACKING,
        differs={
            "headers/list-id": ASCII,
            "headers/x-metadata": "readers would see it; ours is a tag of Resend's",
            "headers/x-tags": "readers would see it; ours is a tag of Resend's",
            "tags/batch": "readers would see it; ours is a tag of Resend's",
            "reply_to": "one address; Resend takes either form",
            "to": "one address; Resend takes either form",
        },
    ),
    "ses": Beside(
        without=NO_TRACKING | {"merge_headers"},
        differs={
            "date": "ours is that of the intent, the same in every replay",
            "message-id": NAMED,
            "tags/batch": "readers would see it; ours is a tag of Amazon's",
            "x-metadata": "readers would see it; ours is a tag of Amazon's",
            "x-tag": "readers would see it; ours is a tag of Amazon's",
        },
    ),
}


@pytest.mark.filterwarnings("ignore:django-anymail has dropped official support")
@pytest.mark.parametrize("kind", APIS)
def test_our_call_says_what_anymails_says(kind: str, tmp_path: Path) -> None:
    beside, written = VENDORS[kind], letter()
    provider = build(kind, tmp_path, **APIS[kind])
    assert isinstance(provider, Api)
    call = provider.build(outgoing(READER, letter=written))
    provider.close()
    if beside.ascii_headers:
        bare = [
            (name, value[max(value.find("<"), 0) :]) for name, value in written.headers
        ]
        written = letter(headers=tuple(bare))

    django = oracle.message(written, READER, outgoing().key, without=beside.without)
    theirs = oracle.theirs(kind, django)
    ours = oracle.ours(kind, b"".join(call.body), call.headers.get("Content-Type", ""))

    differing = {
        place: (ours.get(place), theirs.get(place))
        for place in ours.keys() | theirs.keys()
        if ours.get(place) != theirs.get(place)
    }
    assert differing.keys() == beside.differs.keys(), differing
