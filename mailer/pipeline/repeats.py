"""Who stands in a file more than once, found out in a few bits per row.

Nobody who left by one row may be subscribed by another, and one row per person counts.
Both need the whole file before its first row is kept, and a table of all its addresses
would be larger than the file. Instead, each address sets one bit of a field: whoever
meets a set bit is a suspect, one in some hundred by chance. Of the suspects alone the
addresses are remembered and compared, so that nothing depends on chance in the end.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from mailer.core.tokens import normalize
from mailer.pipeline import consent

Row = tuple[int, Mapping[str, str]]
Read = Callable[[Collection[str]], Iterable[Row]]  # the rows, with these columns

COLUMNS = ("email", *consent.LEAVING)
_FEWEST, _MOST = 16, 28  # bits of an index: a field of 8 kB to 32 MB


@dataclass(frozen=True, slots=True)
class Repeats:
    """What a first reading tells about the second."""

    rows: int
    suspects: Collection[int]  # hashes of addresses that may stand there twice
    gone: Mapping[str, int]  # suspects who left, with the line that says so

    def suspected(self, key: str) -> bool:
        """Tell whether this address may stand in the file more than once."""
        return hash(key) in self.suspects


def survey(read: Read, *, spelled: Callable[[str], str], size: int) -> Repeats:
    """Read the rows once, and once more if anybody who left may be there twice.

    `size` is the file's, in octets: the field has about a bit for each two.
    """
    mask = (1 << min(max(size.bit_length() - 1, _FEWEST), _MOST)) - 1
    field = bytearray((mask + 1) >> 3)
    suspects: set[int] = set()
    count, leavers = 0, False
    for _, row in read(COLUMNS):
        count += 1
        leavers = leavers or consent.left(row) is not None
        email = row.get("email")
        if not email:
            continue
        mark = hash(normalize(spelled(email)))
        place, bit = (mark & mask) >> 3, 1 << (mark & 7)
        if field[place] & bit:
            suspects.add(mark)
        else:
            field[place] |= bit
    gone = _gone(read, spelled, suspects) if leavers and suspects else {}
    return Repeats(count, suspects, gone)


def _gone(
    read: Read, spelled: Callable[[str], str], suspects: Collection[int]
) -> Mapping[str, int]:
    keyed = (
        (normalize(spelled(row.get("email") or "")), line)
        for line, row in read(COLUMNS)
        if consent.left(row)
    )
    return {key: line for key, line in keyed if hash(key) in suspects}
