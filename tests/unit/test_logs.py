"""Log lines: one per event, for a terminal or a machine, and never an address."""

import io
import json
from dataclasses import replace

import pytest

from mailer.adapters.journal import Journal
from mailer.adapters.logs import Level, logger
from mailer.ports import Called, Standing
from tests.factories import MAILING, MONDAY


def lines(*, as_json: bool, level: Level = Level.INFO) -> tuple[Journal, io.StringIO]:
    stream = io.StringIO()
    log = logger(stream, clock=lambda: MONDAY, as_json=as_json, level=level)
    return Journal(log), stream


def call(outcome: str = "answered", detail: str = "", **results: int) -> Called:
    return Called(
        provider="main",
        mailing="weekly/2019-10-07",
        purpose="send",
        outcome=outcome,
        results=results,
        seconds=0.25,
        detail=detail,
    )


def test_a_machine_reads_one_json_object_per_line() -> None:
    journal, stream = lines(as_json=True)
    journal.said("started", provider="main")
    journal.trouble("it waits")

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first == {
        "at": "2019-10-07T15:00:00Z",
        "event": "started",
        "level": "info",
        "provider": "main",
    }
    assert (second["level"], second["event"]) == ("warning", "it waits")


def test_a_person_reads_words() -> None:
    journal, stream = lines(as_json=False)
    journal.said("started", provider="main", next={"weekly": "2019-10-14"})

    assert stream.getvalue() == (
        "2019-10-07T15:00:00Z started provider=main next=weekly:2019-10-14\n"
    )


@pytest.mark.parametrize("as_json", [True, False])
def test_what_a_provider_says_of_an_address_is_masked(*, as_json: bool) -> None:
    journal, stream = lines(as_json=as_json)
    journal.called(call("not taken", "550 <ana@barrio.example> is no user; bo@x.org"))
    journal.trouble("refused: ñandú@münchen.example")

    assert "@" not in stream.getvalue()
    assert stream.getvalue().count("[address]") == 3


def test_calls_that_went_well_are_told_only_when_asked() -> None:
    quiet, few = lines(as_json=True)
    loud, all_of_it = lines(as_json=True, level=Level.DEBUG)
    for journal in (quiet, loud):
        journal.called(call(accepted=500))

    assert few.getvalue() == ""
    assert json.loads(all_of_it.getvalue())["accepted"] == 500


def test_a_change_of_state_is_told_once_and_what_was_over_before_is_not() -> None:
    journal, stream = lines(as_json=True)

    def standing(_number: int) -> Standing:
        return Standing(
            mailing="weekly/2019-10-07",
            state="finished",
            reason=None,
            audience=3,
            variants=1,
            deliveries={"pending": 0, "sent": 3},
            reasons={},
        )

    states = ["sending", "sending", "finished", "finished"]
    for state in states:
        journal.changes([replace(MAILING, state=state)], standing)
    told = [json.loads(line) for line in stream.getvalue().splitlines()]

    assert [(each["was"]) for each in told] == ["new", "sending"]
    assert told[1]["sent"] == 3

    later, silence = lines(as_json=True)
    later.changes([replace(MAILING, state="finished")], standing)
    assert silence.getvalue() == ""
