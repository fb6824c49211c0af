"""The scripted provider against the vendors' own OpenAPI files, and against its log."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.fakes.postoffice import faults
from tests.fakes.postoffice.faults import Dice, Fault
from tests.fakes.postoffice.running import Office, running
from tests.fakes.postoffice.server import TOKEN

SPECS = Path(__file__).parent / "specs"
POSTMARK = json.loads((SPECS / "postmark.json").read_bytes())
RESEND = json.loads((SPECS / "resend.json").read_bytes())
Start = Callable[..., AbstractContextManager[Office]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    def begin(**options: Any) -> AbstractContextManager[Office]:
        return running(tmp_path / "accepted.jsonl", **options)

    return begin


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One without faults, for everybody who names what they send apart."""
    with running(tmp_path_factory.mktemp("office") / "accepted.jsonl") as one:
        yield one


def call(
    office: Office,
    method: str,
    path: str,
    body: object = None,
    **headers: str,
) -> tuple[int, bytes, Mapping[str, str]]:
    connection = HTTPConnection("127.0.0.1", office.port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, json.dumps(body).encode(), named)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.headers)
    finally:
        connection.close()


def postmark(office: Office, messages: object) -> tuple[int, Any, Mapping[str, str]]:
    status, body, headers = call(
        office, "POST", "/email/batch", messages, X_Postmark_Server_Token=TOKEN
    )
    return status, json.loads(body), headers


def search(office: Office, **query: object) -> tuple[int, Any]:
    query = {"messagestream": "broadcast", **query}
    words = "&".join(f"{name}={value}" for name, value in query.items())
    status, body, _headers = call(
        office, "GET", f"/messages/outbound?{words}", X_Postmark_Server_Token=TOKEN
    )
    return status, json.loads(body)


def resend(
    office: Office, messages: object, path: str = "/emails/batch", **more: str
) -> tuple[int, Any]:
    status, body, _headers = call(
        office, "POST", path, messages, Authorization=f"Bearer {TOKEN}", **more
    )
    return status, json.loads(body)


def to_postmark(*recipients: str, key: str = "k") -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [
        {
            "From": "Coalition <actions@example.org>",
            "To": recipient,
            "Subject": "This week",
            "HtmlBody": "<p>Hello</p>",
            "TextBody": "Hello",
            "Tag": key,
            "Metadata": {"batch": key},
            "MessageStream": "broadcast",
        }
        for recipient in recipients
    ]
    return messages


def to_resend(*recipients: str, subject: str = "This week") -> list[dict[str, Any]]:
    return [
        {
            "from": "Coalition <actions@example.org>",
            "to": [recipient],
            "subject": subject,
            "html": "<p>Hello</p>",
        }
        for recipient in recipients
    ]


def check(spec: Mapping[str, Any], schema: str, document: object) -> None:
    rules = {**spec, "$ref": f"#/components/schemas/{schema}"}
    jsonschema.Draft202012Validator(rules).validate(document)


def logged(office: Office, key: str) -> list[str]:
    return [one.recipient for one in office.accepted() if one.key == key]


# --- what the vendors say


def test_a_postmark_batch_is_answered_message_by_message_as_its_contract_says(
    office: Office,
) -> None:
    messages = to_postmark("a@example.org", "b@example.org", key="batch-1")
    messages.insert(1, {**messages[0], "To": "nobody at all"})
    check(POSTMARK, "SendEmailBatchRequest", messages)

    status, answer, _ = postmark(office, messages)

    check(POSTMARK, "SendEmailBatchResponse", answer)
    assert status == 200
    assert [item["ErrorCode"] for item in answer] == [0, 300, 0]
    assert "To" not in answer[1]
    accepted = [one for one in office.accepted() if one.key == "batch-1"]
    assert [one.recipient for one in accepted] == ["a@example.org", "b@example.org"]
    assert [one.message_id for one in accepted] == [
        answer[0]["MessageID"],
        answer[2]["MessageID"],
    ]


@pytest.mark.parametrize(
    "filter_", ["tag=batch-2", "metadata_batch=batch-2", "recipient=r1@two.example"]
)
def test_the_search_finds_what_was_accepted_as_its_contract_says(
    office: Office, filter_: str
) -> None:
    name, _, value = filter_.partition("=")
    readers = [f"r{number}@two.example" for number in range(3)]
    if not logged(office, "batch-2"):
        postmark(office, to_postmark(*readers, key="batch-2"))

    status, found = search(office, count=500, offset=0, **{name: value})

    check(POSTMARK, "OutboundSearchResponse", found)
    assert status == 200
    expected = {"r1@two.example"} if name == "recipient" else set(readers)
    assert {message["Recipients"][0] for message in found["Messages"]} == expected
    assert {message["Metadata"]["batch"] for message in found["Messages"]} == {
        "batch-2"
    }


def test_the_search_goes_page_by_page_and_no_page_is_larger_than_500(
    office: Office,
) -> None:
    readers = [f"r{number}@three.example" for number in range(5)]
    postmark(office, to_postmark(*readers, key="batch-3"))

    pages = [search(office, count=2, offset=at, tag="batch-3")[1] for at in (0, 2, 4)]

    assert [page["TotalCount"] for page in pages] == [5, 5, 5]
    found = [
        message["To"][0]["Email"] for page in pages for message in page["Messages"]
    ]
    assert found == readers[::-1]
    assert search(office, count=501, offset=0, tag="batch-3")[0] == 422
    assert search(office, count=500, offset=9501, tag="batch-3")[0] == 422
    assert search(office, tag="batch-3")[0] == 422
    assert search(office, count=1, offset=0, colour="red")[0] == 422


def test_the_search_is_of_one_stream(office: Office) -> None:
    postmark(office, to_postmark("a@four.example", key="batch-4"))

    broadcast = search(office, count=1, offset=0, tag="batch-4")[1]
    other = search(office, count=1, offset=0, tag="batch-4", messagestream="outbound")[
        1
    ]

    assert (broadcast["TotalCount"], other["TotalCount"]) == (1, 0)


def test_the_search_sees_nothing_for_certain_before_its_lag_is_over(
    start: Start,
) -> None:
    with start(lag=0.6) as office:
        readers = [f"r{number}@example.org" for number in range(50)]
        postmark(office, to_postmark(*readers))
        early = search(office, count=500, offset=0, tag="k")[1]["TotalCount"]
        time.sleep(0.6)
        late = search(office, count=500, offset=0, tag="k")[1]["TotalCount"]
    assert early < 50
    assert late == 50


def test_a_resend_batch_is_answered_as_its_contract_says(office: Office) -> None:
    messages = to_resend("a@example.org", "b@example.org")
    for message in messages:
        check(RESEND, "SendEmailRequest", message)

    status, answer = resend(office, messages, Idempotency_Key="resend-1")

    check(RESEND, "CreateBatchEmailsResponse", answer)
    assert status == 200
    assert logged(office, "resend-1") == ["a@example.org", "b@example.org"]
    assert [item["id"] for item in answer["data"]] == [
        one.message_id for one in office.accepted() if one.key == "resend-1"
    ]


@pytest.mark.parametrize("path", ["/emails", "/emails/batch"])
def test_the_same_key_gives_the_same_ids_and_sends_nothing_again(
    office: Office, path: str
) -> None:
    messages = to_resend("a@example.org")
    body: object = messages if path.endswith("batch") else messages[0]

    first = resend(office, body, path, Idempotency_Key=path)
    again = resend(office, body, path, Idempotency_Key=path)

    assert first == again
    assert logged(office, path) == ["a@example.org"]


def test_the_same_key_with_another_body_is_a_conflict(office: Office) -> None:
    resend(office, to_resend("a@example.org"), Idempotency_Key="resend-2")

    status, answer = resend(
        office, to_resend("a@example.org", subject="Other"), Idempotency_Key="resend-2"
    )

    assert (status, answer["name"]) == (409, "invalid_idempotent_request")
    assert logged(office, "resend-2") == ["a@example.org"]
    assert office.counts()["conflicts"] >= 1


def test_a_key_is_of_256_characters_at_most(office: Office) -> None:
    status, answer = resend(
        office, to_resend("a@example.org"), Idempotency_Key="k" * 257
    )
    assert (status, answer["name"]) == (400, "invalid_idempotency_key")


def test_one_bad_message_refuses_a_strict_resend_batch_and_not_a_permissive_one(
    office: Office,
) -> None:
    messages = [*to_resend("a@example.org"), {"from": "x@example.org", "subject": "s"}]

    strict, _ = resend(office, messages, Idempotency_Key="resend-3")
    permissive, answer = resend(
        office, messages, Idempotency_Key="resend-4", x_batch_validation="permissive"
    )

    assert (strict, logged(office, "resend-3")) == (422, [])
    assert (permissive, logged(office, "resend-4")) == (200, ["a@example.org"])
    assert [error["index"] for error in answer["errors"]] == [1]


def test_a_stranger_is_told_so_and_nothing_is_taken(office: Office) -> None:
    status, body, _ = call(
        office, "POST", "/email/batch", to_postmark("a@example.org", key="stranger")
    )
    assert (status, json.loads(body)["ErrorCode"]) == (401, 10)
    status, body, _ = call(office, "POST", "/emails", to_resend("a@example.org")[0])
    assert (status, json.loads(body)["name"]) == (401, "missing_api_key")
    assert logged(office, "stranger") == []


# --- what goes wrong

BEFORE = {
    "429": 429,
    "429-seconds": 429,
    "429-date": 429,
    "401": 401,
    "500-before": 500,
    "503-before": 503,
    "reset-before": None,
    "hang-before": None,
    "html-before": 200,
}
AFTER = {
    "500-after": 500,
    "reset-after": None,
    "hang-after": None,
    "truncated": 200,
    "html-after": 200,
}


@pytest.mark.parametrize(("name", "status"), [*BEFORE.items(), *AFTER.items()])
def test_a_fault_answers_as_its_name_says_and_the_log_knows_whether_it_was_taken(
    start: Start, name: str, status: int | None
) -> None:
    messages = to_postmark("a@example.org")
    with start(faults=f"{name}@1", hang=0.3) as office:
        got: tuple[int, bytes, Mapping[str, str]] | None = None
        with suppress(ConnectionError, HTTPException):
            got = call(
                office, "POST", "/email/batch", messages, X_Postmark_Server_Token=TOKEN
            )
        assert (got[0] if got else None) == status
        assert logged(office, "k") == (["a@example.org"] if name in AFTER else [])
        second, _, _ = postmark(office, messages)  # of the second call it says nothing
        assert second == 200
        assert office.counts()["faults"] == {name: 1}
    if got and status == 200:
        with pytest.raises(ValueError, match=r".+"):
            json.loads(got[1])


def test_retry_after_comes_as_seconds_and_as_a_date(start: Start) -> None:
    messages = to_postmark("a@example.org")
    with start(faults="429-seconds@1,429-date@2,429@3") as office:
        values = [
            postmark(office, messages)[2].get("Retry-After", "") for _ in range(3)
        ]
    assert values[0] == "1"
    wait = parsedate_to_datetime(values[1]) - datetime.now(UTC)
    assert abs(wait.total_seconds()) < 10
    assert values[2] == ""


def test_a_dripping_answer_is_whole_in_the_end(start: Start) -> None:
    with start(faults="drip@1", hang=0.5) as office:
        began = time.monotonic()
        status, answer, _ = postmark(office, to_postmark("a@example.org"))
        took = time.monotonic() - began
    assert (status, answer[0]["ErrorCode"]) == (200, 0)
    assert took >= 0.4


def test_a_partial_accept_refuses_some_messages_in_their_vendors_words(
    start: Start,
) -> None:
    readers = [f"r{number}@example.org" for number in range(200)]
    with start(faults="partial@1", seed=3) as office:
        _, answer, _ = postmark(office, to_postmark(*readers))
        accepted = logged(office, "k")
    check(POSTMARK, "SendEmailBatchResponse", answer)
    codes = [item["ErrorCode"] for item in answer]
    assert set(codes) == {0, 406, 429}
    took = [reader for reader, code in zip(readers, codes, strict=True) if code == 0]
    assert accepted == took


def test_a_poisoned_recipient_spoils_the_whole_call(start: Start) -> None:
    with start(poison=["bad@example.org"]) as office:
        spoiled, _, _ = postmark(
            office, to_postmark("a@example.org", "Bad@example.org")
        )
        also, _ = resend(office, to_resend("bad@example.org"), Idempotency_Key="k")
        good, _, _ = postmark(office, to_postmark("a@example.org"))
        assert (spoiled, also, good) == (422, 422, 200)
        assert logged(office, "k") == ["a@example.org"]


def test_a_search_goes_wrong_by_its_own_script(start: Start) -> None:
    with start(faults="search/503-before@1") as office:
        assert postmark(office, to_postmark("a@example.org"))[0] == 200
        assert search(office, count=1, offset=0, tag="k")[0] == 503
        assert search(office, count=1, offset=0, tag="k")[0] == 200


def test_the_log_is_whole_when_its_writer_is_killed_in_the_middle_of_a_call(
    start: Start,
) -> None:
    readers = [f"r{number}@example.org" for number in range(100)]
    body = json.dumps(to_postmark(*readers)).encode()
    with start() as office:
        with socket.create_connection(("127.0.0.1", office.port)) as half:
            half.sendall(
                b"POST /email/batch HTTP/1.1\r\nHost: x\r\n"
                + f"X-Postmark-Server-Token: {TOKEN}\r\n".encode()
                + f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body[: len(body) // 2]
            )
        assert postmark(office, to_postmark("a@example.org", key="other"))[0] == 200
        assert logged(office, "k") == []
        assert logged(office, "other") == ["a@example.org"]


def test_many_at_once_are_each_written_down_once(office: Office) -> None:
    def send(worker: int) -> None:
        for number in range(20):
            readers = [f"r{worker}-{number}-{i}@crowd.example" for i in range(10)]
            postmark(office, to_postmark(*readers, key="crowd"))

    threads = [threading.Thread(target=send, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    accepted = logged(office, "crowd")
    assert len(accepted) == len(set(accepted)) == 8 * 20 * 10


# --- the script


@pytest.mark.parametrize(
    "spec", ["429", "429=x", "teapot=0.1", "429=0.6,401=0.6", "search/partial=1"]
)
def test_a_script_that_means_nothing_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        faults.parse(spec)


def test_the_same_seed_throws_the_same_sequence() -> None:
    script = faults.parse("429=0.2,reset-after=0.3,401@7")

    def sequence(seed: int) -> Sequence[Fault | None]:
        dice = Dice(script.sends, seed)
        return [dice.throw() for _ in range(200)]

    assert sequence(1) == sequence(1) != sequence(2)
    assert sequence(1)[6] is sequence(2)[6] is Fault.UNAUTHORIZED
    assert 70 < sum(fault is not None for fault in sequence(1)) < 130
