"""Files from outside, read as text: encodings, limits, and what is no text at all."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from mailer.core.errors import InputError

MAX_BYTES = 64 * 1024 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Controls, and the marks that turn the direction of the text around them: nobody can
# see them, and mail headers must not have them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u061c\u202a-\u202e\u2060"
    "\u2066-\u2069\ufeff]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a file says; `guessed` when its encoding had to be taken on trust."""

    words: str
    encoding: str
    guessed: bool = False


def read_bytes(path: Path, *, limit: int = MAX_BYTES) -> bytes:
    """Read a file from outside; raises InputError naming it and what to do."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder; name a file in it") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > limit:
        raise InputError(
            f"{path}: is larger than {limit // 1024 // 1024} MB; split it into parts"
        )
    return data


def read_text(path: Path, *, limit: int = MAX_BYTES) -> Text:
    """Read a file as text; raises InputError as `read_bytes` and `decode` do."""
    return decode(read_bytes(path, limit=limit), str(path))


def decode(data: bytes, file: str) -> Text:
    """Decode UTF-8 and UTF-16 by their marks, plain UTF-8, else Windows-1252.

    Raises InputError when the bytes are no text.
    """
    if data.startswith(b"PK\x03\x04"):
        raise InputError(
            f"{file}: is a spreadsheet or an archive, not text; open it and save it as"
            " CSV (UTF-8)"
        )
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode(data, encoding, file)
    if b"\x00" in data:
        raise InputError(f"{file}: is binary, not text; save it as UTF-8 text")
    try:
        return Text(words=data.decode("utf-8"), encoding="utf-8")
    except UnicodeDecodeError:
        return _decode(data, "windows-1252", file, guessed=True)


def _decode(data: bytes, encoding: str, file: str, *, guessed: bool = False) -> Text:
    try:
        words = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file}: is neither UTF-8 nor Windows-1252 text; save it as UTF-8"
        ) from error
    if "\x00" in words:
        raise InputError(f"{file}: is binary, not text; save it as UTF-8 text")
    return Text(words=words, encoding=encoding, guessed=guessed)


def one_line(words: str) -> str:
    """Return the words with single plain spaces and nothing invisible."""
    return " ".join(_INVISIBLE.sub("", words).split())


def paragraphs(words: str) -> str:
    """Return the words with their line breaks but nothing invisible."""
    unified = words.replace("\r\n", "\n").replace("\r", "\n")
    lines = [_INVISIBLE.sub("", line).rstrip() for line in unified.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def quoted(words: str, *, limit: int = 60) -> str:
    """Return foreign words fit for a message: on one line, cut, in quotes."""
    line = one_line(words[: limit * 4])
    return f'"{line}"' if len(line) <= limit else f'"{line[: limit - 1]}…"'
