"""An envelope filled by a join is the envelope that the slow way builds."""

import email.policy
import html
import json
import quopri
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given, strategies as st

from mailer.core.envelope import (
    SLOTS,
    Frame,
    Letter,
    Recipient,
    Segments,
    cut,
    json_html,
    json_inner,
    json_text,
    markers,
    pieces,
)
from mailer.core.errors import InputError, TemplateError
from mailer.core.headers import (
    encode_header,
    encode_structured,
    header_text,
    mailbox,
    wire_address,
)
from mailer.core.mime import MimeForm, quoted_piece, quoted_printable

DATE = datetime(2019, 10, 7, 15, 0, tzinfo=UTC)
NONCE = "k7Qx2mT9"

words = st.text(st.characters(codec="utf-8"), max_size=200)
# The characters that break encoders: line ends, padding, "=", dots, wide letters
awkward = st.text(st.sampled_from("\r\n\t =._aé→🌼"), max_size=200)
sentences = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=300)
texts = st.one_of(words, awkward, sentences)
header_words = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=300
)
tokens = st.text(st.sampled_from("ABCXYZabcxyz0189-_"), min_size=51, max_size=51)


@st.composite
def segments(draw: st.DrawFn) -> Segments:
    slots = tuple(draw(st.lists(st.sampled_from(SLOTS), max_size=8)))
    count = len(slots) + 1
    return Segments(tuple(draw(st.lists(texts, min_size=count, max_size=count))), slots)


def letter_of(html_part: Segments, text_part: Segments, **changes: str) -> Letter:
    return Letter(
        mailing_key=b"k",
        sender_name=changes.get("sender_name", "Coalition"),
        sender_address="digest@example.org",
        reply_to=None,
        subject=changes.get("subject", "24 actions"),
        html=html_part,
        text=text_part,
        leave_prefix="https://mail.example.org/u/",
        domain="example.org",
        headers=(("List-Id", "Weekly <weekly.example.org>"),),
    )


@st.composite
def recipients(draw: st.DrawFn) -> Recipient:
    return Recipient(
        uid=draw(st.binary(min_size=16, max_size=16)),
        address=draw(st.sampled_from(["a@b.org", "first.last+tag@sub.example.net"])),
        leave=draw(tokens),
        preferences=draw(tokens),
        reason=draw(texts),
    )


def slow_way(letter: Letter, recipient: Recipient) -> EmailMessage:
    values = {
        "leave": recipient.leave,
        "preferences": recipient.preferences,
        "reason_html": html.escape(_lines(recipient.reason)),
        "reason_text": _lines(recipient.reason),
    }
    message = EmailMessage()
    message["From"] = Address(letter.sender_name, addr_spec=letter.sender_address)
    message["Subject"] = letter.subject
    message["Date"] = DATE
    for name, value in letter.headers:
        message[name] = value
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["To"] = recipient.address
    message["Message-ID"] = f"<{letter.message_id(recipient.uid)}>"
    message["List-Unsubscribe"] = f"<{letter.leave_prefix}{recipient.leave}>"
    text, rich = _one_kind_of_line(letter.text), _one_kind_of_line(letter.html)
    message.set_content(text.fill(values), cte="base64")
    message.add_alternative(rich.fill(values), subtype="html", cte="base64")
    return message


def _one_kind_of_line(segments: Segments) -> Segments:
    return Segments(tuple(map(_lines, segments.texts)), segments.slots)


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, subtype: str) -> str:
    found = message.get_body((subtype,))
    assert found is not None
    assert found.defects == []
    payload = found.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return _lines(payload.decode("utf-8"))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


# --- the whole message


@given(segments(), segments(), recipients())
def test_the_join_and_the_slow_way_make_the_same_message(
    html_part: Segments, text_part: Segments, recipient: Recipient
) -> None:
    letter = letter_of(html_part, text_part)

    fast = parsed(MimeForm(letter, DATE).fill(recipient))

    slow = slow_way(letter, recipient)
    assert fast.defects == []
    assert fast.get_content_type() == slow.get_content_type()
    for subtype in ("plain", "html"):
        expected = slow.get_body((subtype,))
        assert expected is not None
        # EmailMessage ends every text with a line break of its own
        assert part(fast, subtype).removesuffix("\n") == (
            part(slow, subtype).removesuffix("\n")
        )
    ignored = {"content-type", "mime-version"}
    assert {n: v for n, v in fast.items() if n.lower() not in ignored} == {
        n: v for n, v in slow.items() if n.lower() not in ignored
    }


@given(segments(), segments(), recipients())
def test_no_line_of_the_body_is_longer_than_76_octets_and_none_ends_alone(
    html_part: Segments, text_part: Segments, recipient: Recipient
) -> None:
    raw = MimeForm(letter_of(html_part, text_part), DATE).fill(recipient)

    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    encoded = [line for line in body.split(b"\r\n") if not line.startswith(b"Content")]
    assert max(map(len, encoded)) <= 76
    assert raw.replace(b"\r\n", b"").find(b"\n") == -1
    assert raw.replace(b"\r\n", b"").find(b"\r") == -1
    assert body.isascii()


@given(segments(), segments(), header_words, recipients())
def test_a_stuffed_message_is_the_message_with_each_dot_that_begins_a_line_doubled(
    html_part: Segments, text_part: Segments, subject: str, recipient: Recipient
) -> None:
    letter = letter_of(html_part, text_part, subject=f".{subject}")
    plain = MimeForm(letter, DATE).fill(recipient)

    stuffed = MimeForm(letter, DATE, stuffed=True).fill(recipient)

    assert stuffed == plain.replace(b"\r\n.", b"\r\n..")
    assert not plain.startswith(b".")
    assert plain.endswith(b"\r\n")


@given(header_words, header_words)
def test_subject_and_sender_are_read_as_they_were_written(
    subject: str, sender: str
) -> None:
    nothing = Segments(("",), ())
    letter = letter_of(nothing, nothing, subject=subject, sender_name=sender)
    reader = Recipient(
        uid=bytes(16), address="a@b.org", leave="x", preferences="y", reason=""
    )

    raw = MimeForm(letter, DATE).fill(reader)

    head = raw.partition(b"\r\n\r\n")[0]
    message = parsed(raw)
    assert str(message["Subject"]) == subject
    # by the older parser: the newer one sees a space between two encoded words
    name, address = parseaddr(message_from_bytes(raw)["From"])
    assert str(make_header(decode_header(name))) == sender
    assert address == "digest@example.org"
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert head.isascii()


def test_the_same_recipient_always_gets_the_same_bytes() -> None:
    letter = letter_of(Segments(("a", "b"), ("leave",)), Segments(("c",), ()))
    reader = Recipient(
        uid=bytes(16), address="a@b.org", leave="x", preferences="y", reason="z"
    )

    assert MimeForm(letter, DATE).fill(reader) == MimeForm(letter, DATE).fill(reader)


def test_message_ids_differ_by_recipient_and_by_mailing_and_show_neither() -> None:
    letter = letter_of(Segments(("",), ()), Segments(("",), ()))
    other = replace(letter, mailing_key=b"other")
    one, two = bytes(16), bytes(15) + b"\1"

    identifiers = {
        letter.message_id(one),
        letter.message_id(two),
        other.message_id(one),
    }

    assert len(identifiers) == 3
    assert all(i.endswith("@example.org") and len(i) == 32 for i in identifiers)


# --- pieces


@given(texts)
def test_quoted_printable_decodes_to_the_same_text(text: str) -> None:
    raw = quoted_printable(text)

    assert quopri.decodestring(raw).replace(b"\r\n", b"\n").decode() == _lines(text)


@given(st.lists(texts, min_size=1, max_size=5))
def test_quoted_pieces_join_without_a_seam(parts: list[str]) -> None:
    raw = b"".join(map(quoted_piece, parts))

    decoded = quopri.decodestring(raw).replace(b"\r\n", b"\n").decode()
    assert decoded == "".join(map(_lines, parts))
    assert max(map(len, raw.split(b"\r\n"))) <= 76


@given(st.lists(st.one_of(st.binary(), st.sampled_from(["a", "b"])), max_size=12))
def test_a_frame_fills_every_hole_with_its_value(parts: list[bytes | str]) -> None:
    values = {"a": b"<A>", "b": b"<B>"}

    filled = Frame(parts).fill(values)

    expected = [values[p] if isinstance(p, str) else p for p in parts]
    assert filled == b"".join(expected)
    assert Frame(parts).fill(values) == filled


@given(segments(), st.fixed_dictionaries(dict.fromkeys(SLOTS, texts)))
def test_json_pieces_join_to_one_valid_string(
    segment: Segments, values: dict[str, str]
) -> None:
    frame = Frame([b'"', *pieces(segment, json_inner), b'"'])

    filled = frame.fill({slot: json_inner(value) for slot, value in values.items()})

    assert json.loads(filled) == segment.fill(values)


@given(texts)
def test_a_slots_words_are_escaped_for_html_and_kept_for_text(value: str) -> None:
    assert json.loads(b'"' + json_html(value) + b'"') == html.escape(value)
    assert json.loads(b'"' + json_text(value) + b'"') == value


@given(segments())
def test_segments_survive_the_store(segment: Segments) -> None:
    assert Segments.load(segment.dump()) == segment


# --- cutting


def test_cutting_splits_at_every_marker_in_order() -> None:
    marker = markers(NONCE)

    found = cut(
        f"a{marker['leave']}b{marker['reason_text']}c{marker['leave']}",
        NONCE,
        expected=["leave", "reason_text"],
    )

    assert found.slots == ("leave", "reason_text", "leave")
    assert found.texts == ("a", "b", "c", "")


@pytest.mark.parametrize(
    "words",
    [
        "zqOTHER-leave-qz",
        "zq-leave-qz",
        "{{ leave }} {% raw %} ${leave} %(leave)s {leave} %recipient.leave%",
    ],
)
def test_what_looks_like_a_slot_without_the_nonce_is_text(words: str) -> None:
    marker = markers(NONCE)["leave"]

    found = cut(f"{words}{marker}{words}", NONCE, expected=["leave"])

    assert found.fill({"leave": "X"}) == f"{words}X{words}"


def test_a_template_that_forgets_a_slot_is_refused_by_its_name() -> None:
    with pytest.raises(TemplateError, match="preferences"):
        cut(markers(NONCE)["leave"], NONCE, expected=["leave", "preferences"])


@pytest.mark.parametrize(
    "mangled", [f"zq{NONCE}-leave", f"zq{NONCE}-%6ceave-qz", f"ZQ{NONCE}-leave-qz"]
)
def test_a_marker_that_was_mangled_on_the_way_is_noticed(mangled: str) -> None:
    with pytest.raises(TemplateError, match="mangled"):
        cut(markers(NONCE)["leave"] + mangled, NONCE, expected=["leave"])


def test_a_slot_that_nobody_knows_is_noticed() -> None:
    with pytest.raises(TemplateError, match="mangled"):
        cut(f"zq{NONCE}-password-qz", NONCE, expected=[])


# --- headers

SMUGGLED = [
    "\r", "\n", "\r\n", "\x00", "\x0b", "\x0c", "\x1b", "\x7f", "\x80", "\x85", "\x9f",
    "\u2028", "\u2029", "\u200e", "\u200f", "\u061c", "\u202a", "\u202b", "\u202c",
    "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069",
]  # fmt: skip


@pytest.mark.parametrize("character", SMUGGLED, ids=ascii)
@pytest.mark.parametrize("place", ["{}Subject", "Sub{}ject", "Subject{}"])
def test_a_header_refuses_line_breaks_controls_and_reversed_writing(
    character: str, place: str
) -> None:
    value = place.format(character)

    with pytest.raises(InputError, match="Subject"):
        header_text("Subject", value)
    with pytest.raises(InputError, match="Subject"):
        encode_header("Subject", value)
    with pytest.raises(InputError, match="List-Id"):
        encode_structured("List-Id", value)
    with pytest.raises(InputError, match="From"):
        mailbox("From", value, "a@b.org")
    with pytest.raises(InputError, match="From"):
        mailbox("From", "A", f"a{character}@b.org")


@pytest.mark.parametrize(
    "value",
    [
        "Weekly <weekly.example.org>",
        "Semanario de la coalición <weekly.example.org>",
        "A long name of a coalition that goes on and on " * 4 + "<weekly.example.org>",
        "Un nombre larguísimo de la coalición que sigue " * 4 + "<weekly.example.org>",
    ],
)
def test_a_list_id_keeps_its_identifier_literal(value: str) -> None:
    wire = encode_structured("List-Id", value)

    assert wire.endswith("<weekly.example.org>")
    assert max(map(len, wire.split("\r\n"))) <= 78
    message = parsed(f"List-Id: {wire}\r\n\r\n".encode("ascii"))
    assert str(message["List-Id"]) == value


def test_a_list_header_without_a_place_to_fold_is_refused() -> None:
    with pytest.raises(InputError, match="Feedback-ID"):
        encode_structured("Feedback-ID", "x" * 2000)


@pytest.mark.parametrize(
    "address",
    [
        "a@b",
        "first.last+tag@sub.example.org",
        "o'neill@example.org",
        "x" * 64 + "@example.org",
        "reader@xn--exmple-qta.org",
    ],
)
def test_an_address_that_servers_accept_stands_as_it_is(address: str) -> None:
    assert wire_address("To", address) == address.encode()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@b.org",
        "a@",
        "a@b@c.org",
        ".a@b.org",
        "a.@b.org",
        "a..b@c.org",
        "a@-b.org",
        "a@b..org",
        "a@b.org.",
        "a b@c.org",
        '"a b"@c.org',
        "a@[127.0.0.1]",
        "josé@example.org",
        "a@exámple.org",
        "a@b.org\n",
        "x" * 65 + "@example.org",
        "a@" + "b" * 64 + ".org",
        "a@" + ".".join(["b" * 60] * 5),
    ],
)
def test_an_address_that_some_server_chokes_on_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="To: the address"):
        wire_address("To", address)
