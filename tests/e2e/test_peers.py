"""Nobody twice, with providers that nobody here wrote.

npm's emulate plays Resend and remembers keys; postfix's smtp-sink takes each message
and hangs up instead of answering, so that nobody can know.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.contract.peers import running
from tests.contract.peers.running import Peer
from tests.e2e.conftest import MONDAY, SAMPLE_PEOPLE, Shell, fill
from tests.e2e.storm.ground import lay
from tests.e2e.storm.nursery import Nursery
from tests.e2e.storm.orders import Means, Peril, Point
from tests.e2e.storm.storm import Storm, Weather
from tests.e2e.storm.verdict import judge
from tests.fakes.postoffice.acceptances import Acceptance
from tests.fakes.postoffice.running import Office

READERS = 40
ONE_PERSON = "".join(SAMPLE_PEOPLE.splitlines(keepends=True)[:2])


@pytest.fixture
def emulate(tmp_path: Path) -> Iterator[Peer]:
    words = ("start", "--service", "resend", "--port", "{port}")
    log = tmp_path / "emulate"
    with running.node("emulate/dist/index.js", *words, log=log) as peer:
        yield peer


def accepted(peer: Peer) -> list[Acceptance]:
    """What Resend has taken, as it shows it itself."""
    with closing(HTTPConnection("127.0.0.1", peer.port, timeout=20)) as connection:
        connection.request("GET", "/emails", headers={"Authorization": "Bearer re_x"})
        with connection.getresponse() as answer:
            emails = json.loads(answer.read())["data"]
    return [
        Acceptance(
            key=email["tags"][0]["value"],
            recipient=email["to"][0],
            sha256=hashlib.sha256(email["html"].encode()).hexdigest(),
            time=0.0,
            message_id=email["id"],
        )
        for email in emails
    ]


def test_workers_that_die_between_call_and_record_mail_nobody_twice(
    shell: Shell, emulate: Peer, tmp_path: Path
) -> None:
    ground = lay(
        shell,
        f"sqlite:///{shell.folder}/mailer.db",
        Office(port=emulate.port, log=emulate.log),
        means=Means.KEY,
        readers=READERS,
    )
    lives = [[Peril(point=Point.CALLED, nth=nth)] for nth in (1, 2, 1)]
    with (tmp_path / "errors").open("a+b") as errors, Nursery(errors) as nursery:
        weather = Weather(workers=1, first_lives=lives)
        losses = Storm(ground=ground, nursery=nursery, weather=weather).run()

    verdict = judge(ground, accepted(emulate))
    assert losses.died == len(lives)
    assert not verdict.broken
    assert verdict.states == {"sent": READERS}


def test_a_server_that_hangs_up_at_the_final_dot_is_never_asked_again_by_itself(
    shell: Shell, tmp_path: Path
) -> None:
    fill(shell, people=ONE_PERSON)
    shell.edit("mailer.toml", "# postal_address", "postal_address")
    shell.edit("mailer.toml", 'provider = "outbox"', 'provider = "sink"')
    with running.smtp_sink("-q", ".", log=tmp_path / "sink") as sink:
        with (shell.folder / "mailer.toml").open("a", encoding="utf-8") as settings:
            settings.write(
                '\n[providers.sink]\nkind = "smtp"\nhost = "127.0.0.1"\n'
                f'port = {sink.port}\nsecurity = "none"\n'
            )
        sent = shell("send", "weekly", "--as-of", MONDAY, check=False)
        shell("work", "--until-idle")
        again = shell("send", "weekly", "--as-of", MONDAY, check=False)

        assert sink.counted("mesg") == 1
    listed = shell("parked", "--addresses", "--json").json
    assert [row["address"] for row in listed] == ["ana@barrio.example"]
    assert (sent.code, again.code) == (1, 1)
    assert "mailer parked" in sent.err
