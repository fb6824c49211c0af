"""Files from outside, read as text: encodings, limits, and what is no text at all."""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

from mailer.core.errors import InputError
from mailer.core.model import Flag

MAX_BYTES = 64 * 1024 * 1024
_CHUNK = 1024 * 1024  # octets read at once where a file may be of any size
_LONGEST_LINE = 8 * 1024 * 1024  # characters; a line is read as a whole
_SPREADSHEET = b"PK\x03\x04"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESS = "windows-1252"
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
    with readable(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _too_large(path, limit)
    return data


def refuse_larger(path: Path, limit: int) -> None:
    """Raise InputError when a file has more octets than can be read at once."""
    with readable(path) as file:
        if file.seek(0, SEEK_END) > limit:
            raise _too_large(path, limit)


def _too_large(path: Path, limit: int) -> InputError:
    return InputError(
        f"{path}: is larger than {limit // 1024 // 1024} MB; split it into parts"
    )


@contextmanager
def readable(path: Path) -> Iterator[BinaryIO]:
    """Open a file from outside; raises InputError naming it and what to do."""
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder; name a file in it") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def read_text(path: Path, *, limit: int = MAX_BYTES) -> Text:
    """Read a file as text; raises InputError as `read_bytes` and `decode` do."""
    return decode(read_bytes(path, limit=limit), str(path))


def decode(data: bytes, file: str) -> Text:
    """Decode UTF-8 and UTF-16 by their marks, plain UTF-8, else Windows-1252.

    Raises InputError when the bytes are no text.
    """
    if (marked := _marked(data, file)) is not None:
        return _decode(data, marked, file)
    if b"\x00" in data:
        raise _binary(file)
    try:
        return Text(words=data.decode("utf-8"), encoding="utf-8")
    except UnicodeDecodeError:
        return _decode(data, _GUESS, file, guessed=True)


def encoding_of(file: BinaryIO, name: str) -> tuple[str, bool]:
    """Return a file's encoding, and whether it is guessed, reading it part by part.

    Answers and raises as `decode` does, whatever the file's size; besides, raises
    InputError when a line is longer than eight million characters.
    """
    marked = _marked(file.read(4), name)
    if marked is not None:
        if not _decodes(file, marked, name):
            raise _undecodable(name)
        return marked, False
    if _decodes(file, "utf-8", name):
        return "utf-8", False
    if _decodes(file, _GUESS, name):
        return _GUESS, True
    raise _undecodable(name)


def _marked(head: bytes, file: str) -> str | None:
    """Return the encoding that a file's first octets name, if they do."""
    if head.startswith(_SPREADSHEET):
        raise InputError(
            f"{file}: is a spreadsheet or an archive, not text; open it and save it as"
            " CSV (UTF-8)"
        )
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def _decodes(file: BinaryIO, encoding: str, name: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    length = 0  # of the line at hand, as far as it was read
    while True:
        chunk = file.read(_CHUNK)
        try:
            words = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            return False
        if "\x00" in words:
            raise _binary(name)
        end = max(words.rfind("\n"), words.rfind("\r"))
        length = len(words) - 1 - end if end >= 0 else length + len(words)
        if length > _LONGEST_LINE:
            raise InputError(
                f"{name}: a line is longer than {_LONGEST_LINE:,} characters; is it"
                " a table at all?"
            )
        if not chunk:
            return True


def _decode(data: bytes, encoding: str, file: str, *, guessed: bool = False) -> Text:
    try:
        words = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(file) from error
    if "\x00" in words:
        raise _binary(file)
    return Text(words=words, encoding=encoding, guessed=guessed)


def _binary(file: str) -> InputError:
    return InputError(f"{file}: is binary, not text; save it as UTF-8 text")


def _undecodable(file: str) -> InputError:
    return InputError(
        f"{file}: is neither UTF-8 nor Windows-1252 text; save it as UTF-8"
    )


def encoding_flags(*, guessed: bool) -> tuple[Flag, ...]:
    """Return what a person should look at when the encoding was guessed."""
    if not guessed:
        return ()
    flag = Flag(
        line=None,
        field="(file)",
        code="encoding-guessed",
        message="is not UTF-8 and was read as Windows-1252; save it as UTF-8 if letters"
        " look wrong",
    )
    return (flag,)


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
