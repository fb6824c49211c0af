"""Postfix's smtp-sink, which can also refuse, and hang up whenever it is told to."""

from pathlib import Path

import pytest

from mailer.ports import Accepted, Answered, Deferred, NotTaken, Outcome, Unsure
from tests.contract.peers.running import smtp_sink
from tests.contract.providers.carriers import build
from tests.contract.providers.letters import outgoing, recipient

READERS = [recipient(number) for number in range(3)]


def sent(folder: Path, port: int) -> Outcome:
    where = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": 10}
    provider = build("smtp", folder, **where)
    try:
        return provider.send(outgoing(*READERS))
    finally:
        provider.close()


def kinds(outcome: Outcome) -> list[str]:
    assert isinstance(outcome, Answered)
    return [type(result).__name__ for result in outcome.results]


def test_a_server_that_answers_takes_every_message_once(tmp_path: Path) -> None:
    with smtp_sink(log=tmp_path / "log") as sink:
        assert kinds(sent(tmp_path, sink.port)) == [Accepted.__name__] * 3
        assert sink.counted("mesg") == 3


def test_of_whoever_hangs_up_at_the_final_dot_that_message_is_unknown_and_no_other(
    tmp_path: Path,
) -> None:
    with smtp_sink("-q", ".", log=tmp_path / "log") as sink:
        results = kinds(sent(tmp_path, sink.port))

        assert results == [Unsure.__name__, *[Deferred.__name__] * 2]
        assert sink.counted("mesg") == 1


@pytest.mark.parametrize("command", ["HELO,EHLO", "MAIL", "RCPT", "DATA"])
def test_of_whoever_hangs_up_earlier_nothing_is_unknown(
    tmp_path: Path, command: str
) -> None:
    with smtp_sink("-q", command, log=tmp_path / "log") as sink:
        assert isinstance(sent(tmp_path, sink.port), NotTaken)
        assert sink.counted("mesg") == 0


@pytest.mark.parametrize(("option", "result"), [("-f", "Refused"), ("-r", "Deferred")])
@pytest.mark.parametrize("command", ["RCPT", "."])
def test_a_refusal_is_one_for_good_or_for_now_whether_of_reader_or_message(
    tmp_path: Path, command: str, option: str, result: str
) -> None:
    with smtp_sink(option, command, log=tmp_path / "log") as sink:
        assert kinds(sent(tmp_path, sink.port)) == [result] * 3
