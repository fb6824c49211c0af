"""What every provider promises, whatever carries the mail."""

import html
from collections.abc import Iterator
from dataclasses import replace
from email.headerregistry import Address
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from mailer.core.envelope import Segments
from mailer.core.errors import InputError
from mailer.ports import (
    Accepted,
    Answered,
    NotTaken,
    Outgoing,
    Refused,
    Result,
)
from tests.contract.providers.carriers import (
    WAYS,
    BrevoCarrier,
    Carrier,
    carrier as running_carrier,
    hand_over,
    seen,
)
from tests.contract.providers.letters import letter, outgoing, recipient

NAME_MESSAGES_THEMSELVES = {"mailgun", "resend", "ses"}
KEEP_OUR_NAMES = [w for w, (k, _) in WAYS.items() if k not in NAME_MESSAGES_THEMSELVES]


@pytest.fixture(params=WAYS)
def carrier(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Carrier]:
    with running_carrier(request.param, tmp_path) as found:
        yield found


def test_a_single_message_arrives_as_it_was_composed(carrier: Carrier) -> None:
    reader, sent = recipient(7), letter()
    values = {"leave": reader.leave, "preferences": reader.preferences}

    outcome = hand_over(carrier, outgoing(reader))

    assert isinstance(outcome, Answered)
    [result] = outcome.results
    assert isinstance(result, Accepted)
    [message] = carrier.arrived()
    assert message.to == "reader7@example.net"
    assert message.subject == sent.subject
    assert message.html == sent.html.fill(
        values | {"reason_html": html.escape(reader.reason)}
    )
    assert message.text == sent.text.fill(values | {"reason_text": reader.reason})
    expected = Address(sent.sender_name, addr_spec=sent.sender_address)
    assert message.sender == str(expected)


def test_the_list_headers_arrive_whole(carrier: Carrier) -> None:
    reader = recipient(7)

    hand_over(carrier, outgoing(reader))

    [message] = carrier.arrived()
    headers = message.headers
    assert headers["List-Unsubscribe"] == f"<https://mail.example.org/u/{reader.leave}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # Brevo would send the letters of a name as they are
    name = "" if isinstance(carrier, BrevoCarrier) else "Semanario de la coalición "
    assert headers["List-Id"] == f"{name}<weekly.example.org>"
    assert headers["Feedback-ID"] == "20191007:weekly:coalition:mailer"
    assert headers["Reply-To"] == "people@example.org"


def test_what_is_no_lists_mail_offers_nothing_to_leave(carrier: Carrier) -> None:
    sent = outgoing(*map(recipient, range(carrier.provider.capabilities.batch_size)))
    headers = tuple(each for each in sent.letter.headers if each[0] != "List-Id")
    alone = replace(sent.letter, leave_prefix=None, headers=headers)

    outcome = hand_over(carrier, replace(sent, letter=alone))

    assert isinstance(outcome, Answered)
    arrived = carrier.arrived()
    assert len(arrived) == len(sent.recipients)
    for message in arrived:
        assert not [name for name in message.headers if name.startswith("List-")]
        assert message.headers["Feedback-ID"] == "20191007:weekly:coalition:mailer"


@pytest.mark.parametrize("way", KEEP_OUR_NAMES)
def test_a_message_keeps_our_message_id_where_the_provider_lets_us(
    way: str, tmp_path: Path
) -> None:
    reader = recipient(7)

    with running_carrier(way, tmp_path) as carrier:
        hand_over(carrier, outgoing(reader))
        [message] = carrier.arrived()

    assert message.headers["Message-ID"] == f"<{letter().message_id(reader.uid)}>"


def test_a_full_batch_arrives_in_one_go(carrier: Carrier) -> None:
    readers = [recipient(n) for n in range(carrier.provider.capabilities.batch_size)]

    outcome = hand_over(carrier, outgoing(*readers))

    assert isinstance(outcome, Answered)
    assert [type(result) for result in outcome.results] == [Accepted] * len(readers)
    arrived = {message.to for message in carrier.arrived()}
    assert arrived == {reader.address for reader in readers}


def test_everybody_gets_their_own_leave_link_and_nobody_elses(
    carrier: Carrier,
) -> None:
    readers = [recipient(n) for n in range(carrier.provider.capabilities.batch_size)]

    hand_over(carrier, outgoing(*readers))

    tokens = {message.to: message.leave_tokens for message in carrier.arrived()}
    assert tokens == {reader.address: {reader.leave} for reader in readers}


def halving(carrier: Carrier, batch: Outgoing) -> list[Result]:
    """Send as the pipeline does: a refused call again in halves, down to one."""
    outcome = hand_over(carrier, batch)
    if isinstance(outcome, Answered):
        return list(outcome.results)
    assert isinstance(outcome, NotTaken)
    assert outcome.split
    if len(batch.recipients) == 1:
        return [Refused(code="refused", detail=outcome.detail)]
    middle = len(batch.recipients) // 2
    halves = batch.recipients[:middle], batch.recipients[middle:]
    return [
        result
        for number, half in enumerate(halves)
        for result in halving(
            carrier,
            replace(
                batch,
                key=str(uuid5(UUID(batch.key), str(number))),
                recipients=half,
            ),
        )
    ]


def test_a_bad_address_fails_alone_at_the_latest_when_its_call_is_halved(
    carrier: Carrier,
) -> None:
    bad = recipient(2, address=carrier.bad_address)

    results = halving(carrier, outgoing(recipient(1), bad, recipient(3)))

    assert [type(result) for result in results] == [Accepted, Refused, Accepted]
    arrived = sorted(message.to for message in carrier.arrived())
    assert arrived == ["reader1@example.net", "reader3@example.net"]


@pytest.mark.parametrize(
    "address",
    [
        "eve@example.net\r\nBcc: everybody@example.net",
        "eve@example.net>,<everybody@example.net",
        "eve@example.net, everybody@example.net",
        'eve@example.net","Bcc":"everybody@example.net',
        "josé@example.net",
        "reader@exámple.net",
        "a" * 65 + "@example.net",
        "",
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(
    carrier: Carrier, address: str
) -> None:
    outcome = hand_over(carrier, outgoing(recipient(1, address=address)))

    assert isinstance(outcome, Answered)
    [result] = outcome.results
    assert isinstance(result, Refused)
    assert result.code == "invalid-address"
    assert "eve" not in result.detail
    assert carrier.arrived() == []


@pytest.mark.parametrize("inserted", ["\r\nBcc: eve@example.net", "\n", "\x00", "\x85"])
@pytest.mark.parametrize("field", ["subject", "sender_name", "reply_to"])
def test_a_letter_that_would_smuggle_in_a_header_is_not_sent(
    carrier: Carrier, field: str, inserted: str
) -> None:
    smuggling = letter(**{field: f"people@example.org{inserted}"})

    with pytest.raises(InputError):
        hand_over(carrier, outgoing(letter=smuggling))

    assert carrier.arrived() == []


def test_a_list_header_that_would_smuggle_in_another_is_not_sent(
    carrier: Carrier,
) -> None:
    smuggling = letter(headers=(("List-Id", "x <y>\r\nBcc: eve@example.net"),))

    with pytest.raises(InputError):
        hand_over(carrier, outgoing(letter=smuggling))

    assert carrier.arrived() == []


def test_slots_look_alikes_in_the_words_of_people_stay_words(carrier: Carrier) -> None:
    reader = recipient(1, reason='{{ leave }} %(to)s "quoted" \\ ${x} =3D </pre>')

    hand_over(carrier, outgoing(reader))

    [message] = carrier.arrived()
    assert reader.reason in seen(message.text)
    assert reader.reason in html.unescape(message.html)
    assert "</pre>" not in message.html


LOOK_ALIKES = [
    "{{leave}}", "{{ leave }}", "{{{leave}}}", "{{ params.leave }}", "{{#each}}",
    "{% raw %}", "{# nothing #}", "\\{{leave}}", "C:\\", "{", "{{", "}}",
    "%recipient.leave%", "%unsubscribe_url%", "100%", "-leave-", "[unsubscribe]",
]  # fmt: skip


def test_words_of_any_template_language_stay_words_wherever_people_write_them(
    carrier: Carrier,
) -> None:
    for number, look_alike in enumerate(LOOK_ALIKES):
        written = letter(
            subject=f"Marcha {look_alike}",
            html=Segments((f"<p>{look_alike}</p>{look_alike}", "<p>"), ("leave",)),
            text=Segments(
                (look_alike, f" {look_alike}", "\n"), ("leave", "reason_text")
            ),
        )
        reader = recipient(number, reason=f"Because {look_alike}")
        key = str(uuid5(UUID(outgoing().key), look_alike))

        hand_over(carrier, outgoing(reader, letter=written, key=key))

        [message] = [one for one in carrier.arrived() if one.to == reader.address]
        assert seen(message.subject) == f"Marcha {look_alike}"
        expected = f"<p>{look_alike}</p>{look_alike}{reader.leave}<p>"
        assert html.unescape(message.html).rstrip("\n") == expected
        expected = f"{look_alike}{reader.leave} {look_alike}Because {look_alike}\n"
        assert seen(message.text) == expected


def test_a_provider_can_be_closed_twice_and_used_again(carrier: Carrier) -> None:
    carrier.provider.close()
    carrier.provider.close()

    assert isinstance(hand_over(carrier, outgoing()), Answered)
    assert len(carrier.arrived()) == 1
