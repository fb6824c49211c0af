"""What a server answers to one request (RFC 9112), read whole or not at all."""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from mailer.adapters.wire import Limit, Wire

LARGEST_ANSWER = 16 * 1024 * 1024  # octets; ten times what any answer of ours needs
_LONGEST_LINE = 64 * 1024
_MOST_HEADERS = 200
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")
_NO_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


class Headers(Mapping[str, str]):
    """Header fields by name, in any case; what comes twice is joined by a comma."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = {name.lower(): value for name, value in fields.items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]  # by name, in any case
    body: bytes = field(repr=False)


class UnreadableError(Exception):
    """What came back is no answer."""


def read(wire: Wire, limit: Limit) -> tuple[Answer, bool]:
    """Read one answer; also say whether the connection can carry another request.

    Raises UnreadableError if it is none, OSError if the connection breaks before its
    end.
    """
    version, status, headers = _head(wire, limit)
    wish = headers.get("connection", "").lower()
    keep = "close" not in wish and (version == b"1" or "keep-alive" in wish)
    coding = headers.get("transfer-encoding", "").lower()
    if status in _NO_BODY:
        body = b""
    elif coding:
        body = _chunks(wire, limit, coding)
    elif "content-length" in headers:
        body = wire.exactly(_length(headers["content-length"]), limit)
    else:
        body, keep = wire.rest(LARGEST_ANSWER, limit), False
    answer = Answer(
        status=status,
        headers=headers,
        body=_decoded(body, headers.get("content-encoding", "")),
    )
    return answer, keep and not wire.ahead


def beginning(wire: Wire, limit: Limit, *, most: int, stop: bytes) -> Answer:
    """Read one answer, and of its body no more than needed: up to `stop`, or so many.

    The body is as it came, its coding included; how it ends does not matter. Raises
    UnreadableError if it is no answer, OSError if the connection breaks before the body.
    """
    _, status, headers = _head(wire, limit)
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit():
        most = min(most, int(length[:18]))
    body = b"" if status in _NO_BODY else wire.until(stop, most, limit)
    return Answer(status=status, headers=headers, body=body)


def _head(wire: Wire, limit: Limit) -> tuple[bytes, int, Mapping[str, str]]:
    version, status = _status(wire, limit)
    headers = _headers(wire, limit)
    while HTTPStatus.CONTINUE <= status < HTTPStatus.OK:  # an interim one
        version, status = _status(wire, limit)
        headers = _headers(wire, limit)
    return version, status, headers


def _status(wire: Wire, limit: Limit) -> tuple[bytes, int]:
    found = _STATUS.fullmatch(wire.line(_LONGEST_LINE, limit))
    if not found:
        raise UnreadableError("the answer is not HTTP")
    return found[1], int(found[2])


def _headers(wire: Wire, limit: Limit) -> Headers:
    found: dict[str, str] = {}
    last = ""
    for _ in range(_MOST_HEADERS):
        line = wire.line(_LONGEST_LINE, limit).decode("latin-1")
        if not line:
            return Headers(found)
        if line[0] in " \t" and last:  # folded, as it was done once
            found[last] += f" {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise UnreadableError("a line of the answer is no header")
        last, value = name.rstrip().lower(), value.strip()
        found[last] = f"{found[last]}, {value}" if last in found else value
    raise UnreadableError("the answer has too many headers")


def _length(value: str) -> int:
    lengths = {each.strip() for each in value.split(",")}  # the same may come twice
    text = lengths.pop()
    if lengths or not (text.isascii() and text.isdigit()):
        raise UnreadableError("the answer's length is no number")
    if len(text) > 12 or int(text) > LARGEST_ANSWER:
        raise UnreadableError("the answer is too large to be one")
    return int(text)


def _chunks(wire: Wire, limit: Limit, coding: str) -> bytes:
    if coding != "chunked":
        raise UnreadableError("the answer is coded in a way that nobody asked for")
    chunks: list[bytes] = []
    size = 0
    while True:
        found = _SIZE.fullmatch(wire.line(_LONGEST_LINE, limit))
        if not found:
            raise UnreadableError("a part of the answer has no length")
        if not (length := int(found[1], 16)):
            break
        size += length
        if size > LARGEST_ANSWER:
            raise UnreadableError("the answer is too large to be one")
        chunks.append(wire.exactly(length, limit))
        if wire.line(2, limit):
            raise UnreadableError("a part of the answer is longer than it says")
    _headers(wire, limit)  # trailers
    return b"".join(chunks)


def _decoded(body: bytes, coding: str) -> bytes:
    """Unpack what some servers pack even though we ask for nothing packed."""
    if coding.lower() in {"", "identity"} or not body:
        return body
    if coding.lower() not in {"gzip", "x-gzip", "deflate"}:
        raise UnreadableError("the answer is packed in a way that nobody asked for")
    unpack = zlib.decompressobj(wbits=47)  # either header
    try:
        found = unpack.decompress(body, LARGEST_ANSWER)
    except zlib.error as error:
        raise UnreadableError("the answer cannot be unpacked") from error
    if not unpack.eof:
        raise UnreadableError("the answer is too large, or not packed to its end")
    return found
