"""Who stands in a file twice is found out in a few bits, and never by chance."""

from collections import Counter
from collections.abc import Collection, Iterable

from hypothesis import given, strategies as st

from mailer.pipeline.repeats import Row, survey

NAMES = st.sampled_from([f"p{n}@one.example" for n in range(12)])
STATUSES = st.sampled_from(["", "subscribed", "unsubscribed"])
FILES = st.lists(st.tuples(NAMES, STATUSES), max_size=30)


def reading(pairs: list[tuple[str, str]]) -> Iterable[Row]:
    return [
        (line, {"email": name, "status": status})
        for line, (name, status) in enumerate(pairs, start=2)
    ]


@given(FILES)
def test_whoever_stands_there_twice_is_suspected_and_whoever_left_is_known(
    pairs: list[tuple[str, str]],
) -> None:
    found = survey(lambda _columns: reading(pairs), spelled=str, size=100)

    counted = Counter(name for name, _ in pairs)
    twice = {name for name, times in counted.items() if times > 1}
    gone = {name for name, status in pairs if status == "unsubscribed"}
    assert found.rows == len(pairs)
    assert all(found.suspected(name) for name in twice)
    assert twice & gone <= found.gone.keys() <= gone


def test_other_spellings_of_an_address_are_the_same_one() -> None:
    pairs = [("Ana@One.example", ""), ("ana@one.EXAMPLE", "unsubscribed")]

    found = survey(lambda _columns: reading(pairs), spelled=str, size=100)

    assert found.gone == {"ana@one.example": 3}


def test_of_many_different_addresses_few_are_suspects() -> None:
    def read(_columns: Collection[str]) -> Iterable[Row]:
        return ((n, {"email": f"person{n}@one.example"}) for n in range(20_000))

    found = survey(read, spelled=str, size=20_000 * 100)

    assert len(found.suspects) < 20_000 // 50
