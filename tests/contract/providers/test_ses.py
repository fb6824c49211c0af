"""What is Amazon SES's own: signed calls, and an answer for each message."""

import hashlib
import hmac
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailer.adapters.providers.ses.signing import Signing
from mailer.core.errors import ConfigError
from mailer.ports import (
    Accepted,
    Answered,
    Deferred,
    NotTaken,
    Refused,
    Searchable,
    Unsure,
)
from tests.contract.providers import ses_server
from tests.contract.providers.carriers import (
    APIS,
    ApiCarrier,
    SesCarrier,
    api,
    build,
    hand_over,
)
from tests.contract.providers.letters import outgoing, recipient
from tests.contract.providers.ses_server import Ses, failed, identifier

BATCH = outgoing(recipient(1), recipient(2), recipient(3))


@pytest.fixture
def single(tmp_path: Path) -> Iterator[ApiCarrier]:
    with api("ses", tmp_path, timeout=3) as found:
        yield found


@pytest.fixture
def bulk(tmp_path: Path) -> Iterator[ApiCarrier]:
    with api("ses", tmp_path, timeout=3, shared_body=True) as found:
        yield found


def vendor(carrier: ApiCarrier) -> Ses:
    assert isinstance(carrier, SesCarrier)
    return carrier.vendor


# --- what goes out


def test_a_signature_is_that_of_the_written_rules() -> None:
    """Signature Version 4 as the IAM user guide describes it, step by step."""
    signing = Signing(
        access_key="AKIDEXAMPLE",
        secret_key=ses_server.SECRET_KEY,
        session_token="a session",
        region="us-east-1",
    )

    headers = signing.sign(
        "https://email.us-east-1.amazonaws.com/v2/email/outbound-emails",
        b"{}",
        {"Content-Type": "application/json"},
        at=datetime(2019, 10, 7, 15, 0, 5, tzinfo=UTC),
    )

    names = "content-type;host;x-amz-date;x-amz-security-token"
    request = "\n".join(
        [
            "POST",
            "/v2/email/outbound-emails",
            "",
            "content-type:application/json",
            "host:email.us-east-1.amazonaws.com",
            "x-amz-date:20191007T150005Z",
            "x-amz-security-token:a session",
            "",
            names,
            hashlib.sha256(b"{}").hexdigest(),
        ]
    )
    scope = "20191007/us-east-1/ses/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    words = f"AWS4-HMAC-SHA256\n20191007T150005Z\n{scope}\n{digest}"
    key = f"AWS4{ses_server.SECRET_KEY}".encode()
    for part in [*scope.split("/"), words]:
        key = hmac.digest(key, part.encode(), "sha256")
    assert headers["X-Amz-Date"] == "20191007T150005Z"
    assert headers["X-Amz-Security-Token"] == "a session"
    assert headers["Authorization"] == (
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope},"
        f" SignedHeaders={names}, Signature={key.hex()}"
    )


def test_one_message_per_call_goes_out_by_windows(single: ApiCarrier) -> None:
    readers = [recipient(n) for n in range(20)]

    outcome = hand_over(single, outgoing(*readers))

    assert isinstance(outcome, Answered)
    assert len(single.server.calls) == 20
    assert len(single.arrived()) == 20
    assert single.provider.capabilities.batch_size == 64


def test_the_tag_is_the_calls_key_and_says_nothing_about_people(
    bulk: ApiCarrier,
) -> None:
    bulk.provider.send(BATCH)

    [call] = vendor(bulk).calls
    assert call["DefaultEmailTags"] == [{"Name": "batch", "Value": BATCH.key}]


@pytest.mark.parametrize("shared_body", [False, True])
def test_the_configuration_set_is_named_in_every_call(
    tmp_path: Path, *, shared_body: bool
) -> None:
    options = {"configuration_set": "events", "shared_body": shared_body}
    with api("ses", tmp_path, **options) as carrier:
        hand_over(carrier, outgoing())

        [call] = vendor(carrier).calls
        assert call["ConfigurationSetName"] == "events"


def test_fifty_readers_share_one_body(bulk: ApiCarrier) -> None:
    bulk.provider.send(outgoing(*[recipient(n) for n in range(50)]))

    [call] = bulk.server.calls
    assert call.body.count(b"Palabras largas") == 20


# --- what came back


def test_each_recipient_gets_the_id_of_their_own_message(bulk: ApiCarrier) -> None:
    outcome = bulk.provider.send(BATCH)

    assert outcome == Answered(
        results=[
            Accepted(provider_id=identifier(reader.address))
            for reader in BATCH.recipients
        ]
    )


def test_a_message_that_is_refused_fails_alone(bulk: ApiCarrier) -> None:
    vendor(bulk).statuses = {"reader2@example.net": "MESSAGE_REJECTED"}

    outcome = bulk.provider.send(BATCH)

    assert isinstance(outcome, Answered)
    assert [type(result) for result in outcome.results] == [Accepted, Refused, Accepted]
    assert isinstance(outcome.results[1], Refused)
    assert outcome.results[1].code == "MESSAGE_REJECTED"
    assert "reader2" not in outcome.results[1].detail
    assert outcome.rest is None


@pytest.mark.parametrize(
    ("status", "rest"),
    [
        ("TRANSIENT_FAILURE", None),
        ("FAILED", None),
        ("ACCOUNT_THROTTLED", (False, None)),
        ("ACCOUNT_DAILY_QUOTA_EXCEEDED", (False, 4 * 3600.0)),
        ("ACCOUNT_SENDING_PAUSED", (True, None)),
        ("CONFIGURATION_SET_NOT_FOUND", (True, None)),
    ],
)
def test_a_message_that_is_not_taken_now_waits_and_others_wait_for_the_account(
    bulk: ApiCarrier, status: str, rest: tuple[bool, float | None] | None
) -> None:
    vendor(bulk).statuses = {"reader2@example.net": status}

    outcome = bulk.provider.send(BATCH)

    assert isinstance(outcome, Answered)
    first, second, third = outcome.results
    assert isinstance(first, Accepted)
    assert isinstance(second, Deferred)
    assert isinstance(third, Accepted)
    said = outcome.rest and (outcome.rest.stop, outcome.rest.retry_after)
    assert said == rest


def test_an_account_that_takes_nothing_has_taken_nothing(bulk: ApiCarrier) -> None:
    vendor(bulk).statuses = {
        reader.address: "ACCOUNT_SUSPENDED" for reader in BATCH.recipients
    }

    outcome = bulk.provider.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.stop


def test_a_status_that_nobody_knows_is_no_reason_to_send_again(
    bulk: ApiCarrier,
) -> None:
    vendor(bulk).statuses = {"reader2@example.net": "SOMETHING_NEW"}

    outcome = bulk.provider.send(BATCH)

    assert isinstance(outcome, Answered)
    assert isinstance(outcome.results[1], Unsure)


@pytest.mark.parametrize(
    ("status", "name", "text"),
    [
        (400, "AccountSuspendedException", "No."),
        (400, "SendingPausedException", "No."),
        (400, "MailFromDomainNotVerifiedException", "No."),
        (400, "MessageRejected", "Email address is not verified: digest@example.org"),
        (400, "MessageRejected", "Did not have authority to send from email x"),
        (403, "AccessDeniedException", "No."),
        (403, "SignatureDoesNotMatch", "No."),
        (404, "NotFoundException", "Configuration set <events> does not exist."),
    ],
)
def test_what_a_person_must_mend_stops_the_mailing_and_fails_nobody(
    single: ApiCarrier, status: int, name: str, text: str
) -> None:
    single.server.script = failed(status, name, text)

    outcome = single.provider.send(outgoing())

    assert isinstance(outcome, NotTaken)
    assert (outcome.stop, outcome.split) == (True, False)


@pytest.mark.parametrize(
    ("status", "name", "text", "seconds"),
    [
        (429, "TooManyRequestsException", "Maximum sending rate exceeded.", 0.0),
        (400, "ThrottlingException", "Maximum sending rate exceeded.", 0.0),
        (400, "LimitExceededException", "No.", 0.0),
        (429, "TooManyRequestsException", "Daily message quota exceeded.", 4 * 3600.0),
        (400, "Throttling", "Daily message quota exceeded.", 4 * 3600.0),
    ],
)
def test_a_limit_makes_everybody_wait_and_a_days_quota_for_hours(
    single: ApiCarrier, status: int, name: str, text: str, seconds: float
) -> None:
    single.server.script = failed(status, name, text)

    outcome = single.provider.send(outgoing())

    assert isinstance(outcome, NotTaken)
    assert outcome.retry_after == seconds
    assert (outcome.stop, outcome.split) == (False, False)


def test_nobody_can_ask_ses_what_became_of_a_call(single: ApiCarrier) -> None:
    assert single.provider.capabilities.search is None
    assert single.provider.capabilities.idempotency_ttl is None
    assert not isinstance(single.provider, Searchable)


# --- settings


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"region": None}, "region"),
        ({"region": "Ireland"}, "region"),
        ({"region": "eu-west-1.example.org/"}, "region"),
        ({"access_key": None}, "access_key"),
        ({"configuration_set": "two words"}, "configuration_set"),
        ({"session_token": "two words"}, "session_token"),
    ],
)
def test_a_setting_that_is_none_is_refused(
    tmp_path: Path, options: dict[str, Any], key: str
) -> None:
    merged = APIS["ses"] | options
    given = {name: value for name, value in merged.items() if value is not None}

    with pytest.raises(ConfigError, match=rf"\[providers.main\] {key}: "):
        build("ses", tmp_path, **given)


@pytest.mark.parametrize(
    ("region", "says"),
    [
        (None, "is missing; the SES console shows it"),
        ("eu-west-9", "near are eu-west-1, eu-west-2, eu-west-3"),
        ("us-est-1", "us-east-1"),
        ("cn-north-1", "is none where there is Amazon SES"),
    ],
)
def test_a_region_without_ses_is_refused_with_those_near_it(
    tmp_path: Path, region: str | None, says: str
) -> None:
    given = {**APIS["ses"], "region": region}

    with pytest.raises(ConfigError, match=says):
        build("ses", tmp_path, **{k: v for k, v in given.items() if v is not None})


def test_without_botocore_the_settings_say_how_to_get_it() -> None:
    program = """
import sys
from pathlib import Path

sys.modules["botocore"] = None  # as if it were not installed
from mailer.adapters.providers import registry
from mailer.config import ProviderSettings
from mailer.core.errors import ConfigError

settings = ProviderSettings(name="main", kind="ses")
try:
    registry.build(settings, folder=Path(), clock=lambda: None)
except ConfigError as error:
    print(error)
"""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=True,
    )

    assert done.stdout.startswith("mailer.toml: [providers.main] kind: ")
    assert "pip install coalition-mailer[ses]" in done.stdout
