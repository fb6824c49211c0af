"""What is Mailgun's own: one body for many, and variables that nobody can slip in."""

import html
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.core.envelope import Segments
from mailer.core.errors import ConfigError, InputError
from mailer.ports import Accepted, Answered, Found, NotTaken, Provider, Searchable
from tests.contract.providers.api_server import ApiServer, Say
from tests.contract.providers.carriers import (
    APIS,
    ApiCarrier,
    MailgunCarrier,
    api,
    build,
    seen,
)
from tests.contract.providers.letters import letter, outgoing, recipient
from tests.contract.providers.mailgun_server import Mailgun

BATCH = outgoing(recipient(1), recipient(2))
LOOK_ALIKES = (
    "%recipient.leave%",
    "%recipient.preferences% and %recipient.reason_text%",
    "%unsubscribe_url%",
    "50%tag_unsubscribe_url%",
    "%recipient_email%%recipient%",
    "%%mailing_list_unsubscribe_url%%",
    "%recipient.leave",
    "100%",
)


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[ApiCarrier]:
    with api("mailgun", tmp_path, timeout=3) as found:
        yield found


@pytest.fixture
def vendor(carrier: ApiCarrier) -> Mailgun:
    assert isinstance(carrier, MailgunCarrier)
    return carrier.vendor


@pytest.fixture
def server(carrier: ApiCarrier) -> ApiServer:
    return carrier.server


@pytest.fixture
def mailgun(carrier: ApiCarrier) -> Provider:
    return carrier.provider


# --- what goes out


def test_a_thousand_readers_share_one_body(
    mailgun: Provider, server: ApiServer
) -> None:
    readers = [recipient(n) for n in range(1000)]

    mailgun.send(outgoing(*readers))

    [call] = server.calls
    assert call.body.count(b"Palabras largas") == 20
    assert len(call.body) < 1000 * 500


def test_tracking_is_switched_off_in_all_its_forms(
    mailgun: Provider, vendor: Mailgun
) -> None:
    mailgun.send(BATCH)

    [form] = vendor.forms
    for switch in ("o:tracking", "o:tracking-clicks", "o:tracking-opens"):
        assert form[switch] == ["no"]


def test_tag_and_variable_hold_the_batchs_key_and_nothing_about_people(
    mailgun: Provider, vendor: Mailgun
) -> None:
    mailgun.send(BATCH)

    [form] = vendor.forms
    assert form["o:tag"] == form["v:batch"] == [BATCH.key]
    assert [name for name in form if name.startswith("v:")] == ["v:batch"]


@pytest.mark.parametrize("look_alike", LOOK_ALIKES)
def test_words_that_look_like_a_variable_stay_words_wherever_people_write_them(
    carrier: ApiCarrier, look_alike: str
) -> None:
    plain = letter()
    written = letter(
        subject=f"Marcha {look_alike}",
        sender_name=f"La {look_alike}",
        html=replace(
            plain.html,
            texts=(f"<p>{look_alike}</p>{plain.html.texts[0]}", *plain.html.texts[1:]),
        ),
        text=replace(
            plain.text,
            texts=(*plain.text.texts[:-1], f"{plain.text.texts[-1]}{look_alike}"),
        ),
    )
    reader = recipient(1, reason=f"Because {look_alike}")

    carrier.provider.send(outgoing(reader, letter=written))

    [message] = carrier.arrived()
    assert seen(message.subject) == f"Marcha {look_alike}"
    assert seen(message.sender).lstrip('"').startswith(f"La {look_alike}")
    assert f"<p>{look_alike}</p>" in html.unescape(message.html)
    assert f"Because {look_alike}" in html.unescape(message.html)
    assert seen(message.text).endswith(look_alike)
    assert f"Because {look_alike}" in seen(message.text)
    assert message.leave_tokens == {reader.leave}


def test_words_before_a_slot_do_not_eat_it(carrier: ApiCarrier) -> None:
    text = Segments(
        ("100% sure: %recipient.leave", " 100%", "\n"), ("leave", "reason_text")
    )
    reader = recipient(1, reason="50% of us")

    carrier.provider.send(outgoing(reader, letter=letter(text=text)))

    [message] = carrier.arrived()
    expected = f"100% sure: %recipient.leave{reader.leave} 100%50% of us\n"
    assert seen(message.text) == expected


def test_encoded_octets_in_links_and_widths_in_styles_stay_as_they_are(
    carrier: ApiCarrier,
) -> None:
    link = "https://example.org/Coalici%C3%B3n%20ma%C3%B1ana"
    style = "<style>td{width:50%;height:100%} .a{left:5%}</style>"
    page = Segments(
        (f'{style}<a href="{link}" style="width:100%">x</a>', ""), ("leave",)
    )
    text = Segments((f"{link} ", ""), ("leave",))

    carrier.provider.send(outgoing(letter=letter(html=page, text=text)))

    [message] = carrier.arrived()
    assert style in message.html
    assert f'<a href="{link}" style="width:100%">' in message.html
    assert message.text.startswith(f"{link} ")


def test_a_variable_in_a_style_sheet_is_taken_apart_by_a_comment(
    carrier: ApiCarrier,
) -> None:
    page = Segments(
        ("<STYLE>.a::after{content:'%recipient.leave%'}</style>", ""), ("leave",)
    )

    carrier.provider.send(outgoing(letter=letter(html=page)))

    [message] = carrier.arrived()
    assert "'%/**/recipient.leave%'" in message.html


def test_a_header_with_a_variable_is_not_sent(carrier: ApiCarrier) -> None:
    slipped = letter(headers=(("Feedback-ID", "a:%recipient.leave%:b:mailer"),))

    with pytest.raises(InputError, match="Feedback-ID"):
        carrier.provider.send(outgoing(letter=slipped))

    assert carrier.arrived() == []


def test_a_call_over_twenty_five_megabytes_is_to_be_halved_before_it_is_sent(
    mailgun: Provider, server: ApiServer
) -> None:
    outcome = mailgun.send(outgoing(letter=letter(subject="x" * 26_000_000)))

    assert isinstance(outcome, NotTaken)
    assert outcome.split
    assert server.calls == []


# --- what came back


def test_one_id_stands_for_all_of_a_call(mailgun: Provider) -> None:
    outcome = mailgun.send(BATCH)

    taken = Accepted(provider_id="20191007150001.1@mg.example.org")
    assert outcome == Answered(results=[taken, taken])
    assert not mailgun.capabilities.per_recipient_result


@pytest.mark.parametrize(
    "text",
    [
        "from parameter is not a valid address. please check documentation",
        "'from' parameter is missing",
        "Domain mg.example.org is not allowed to send: The domain is unverified",
        "Free accounts are for test purposes only.",
        "Sandbox subdomains are for test purposes only.",
        "Send options (parameters starting with o:, h:, or v:) are limited to 16KB total",
    ],
)
def test_what_a_person_must_mend_stops_the_mailing_and_fails_nobody(
    mailgun: Provider, server: ApiServer, text: str
) -> None:
    server.script = Say(400, f'{{"message":"{text}"}}'.encode())

    outcome = mailgun.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert (outcome.stop, outcome.split) == (True, False)


def test_a_limit_tells_in_words_how_long_it_lasts(
    mailgun: Provider, server: ApiServer
) -> None:
    server.script = Say(
        429,
        b'{"message":"Domain example.com is not allowed to send: account-requests-'
        b'per-sec limit exceeded, try again after 120 seconds"}',
    )

    outcome = mailgun.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.retry_after == 120.0
    assert not outcome.stop


def test_a_greeting_from_the_wrong_path_has_taken_nothing(
    mailgun: Provider, server: ApiServer
) -> None:
    server.script = Say(200, b"Mailgun Magnificent API\n")

    outcome = mailgun.send(BATCH)

    assert isinstance(outcome, NotTaken)
    assert outcome.stop


# --- the search


def test_events_are_read_to_the_last_page_and_the_key_goes_to_no_other_server(
    mailgun: Provider, vendor: Mailgun, server: ApiServer
) -> None:
    mailgun.send(BATCH)
    vendor.page = 1
    assert isinstance(mailgun, Searchable)

    found = mailgun.find(BATCH)

    assert isinstance(found, Found)
    assert all(found.accepted)
    # here each page names the next one on another host, as a proxy's upstream does
    assert [call.method for call in server.calls] == ["POST", "GET", "GET", "GET"]


def test_whatever_became_of_a_message_it_counts_as_taken(
    mailgun: Provider, vendor: Mailgun
) -> None:
    mailgun.send(BATCH)
    vendor.events[0]["event"] = "failed"
    assert isinstance(mailgun, Searchable)

    found = mailgun.find(BATCH)

    assert isinstance(found, Found)
    assert all(found.accepted)


def test_events_without_end_are_no_answer(mailgun: Provider, server: ApiServer) -> None:
    server.script = Say(
        200, b'{"items":[{"tags":[]}],"paging":{"next":"https://example.org/again"}}'
    )
    assert isinstance(mailgun, Searchable)

    assert isinstance(mailgun.find(BATCH), NotTaken)


# --- settings


@pytest.mark.parametrize("domain", [None, "", "mg", "mg.example.org/../x", "a b.org"])
def test_a_domain_that_is_none_is_refused(tmp_path: Path, domain: str | None) -> None:
    options = {"token": APIS["mailgun"]["token"], "domain": domain}
    given = {name: value for name, value in options.items() if value is not None}

    with pytest.raises(ConfigError, match=r"\[providers.main\] domain: must be"):
        build("mailgun", tmp_path, **given)
