"""The peers that several tests call: each starts once per process of the run."""

from collections.abc import Iterator

import pytest

from tests.contract.peers import running
from tests.contract.peers.running import Peer


@pytest.fixture(scope="session")
def local_ses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """npm's aws-ses-v2-local."""
    log = tmp_path_factory.mktemp("aws-ses-v2-local") / "log"
    words = ("--host", "127.0.0.1", "--port", "{port}")
    with running.node("aws-ses-v2-local/dist/cli.js", *words, log=log) as peer:
        yield peer


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """moto's server, with the sender's domain of our letters verified."""
    log = tmp_path_factory.mktemp("moto") / "log"
    words = ("-H", "127.0.0.1", "-p", "{port}")
    with running.python("moto.server", *words, log=log) as peer:
        yield peer


@pytest.fixture(scope="session")
def emulate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """npm's emulate, as Resend."""
    log = tmp_path_factory.mktemp("emulate") / "log"
    words = ("start", "--service", "resend", "--port", "{port}")
    with running.node("emulate/dist/index.js", *words, log=log) as peer:
        yield peer
