"""`python -m tests.e2e.storm --means search`: a longer storm than a test has time for.

Prints one JSON object; exits with 1 if a promise was not kept.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.e2e.conftest import Shell
from tests.e2e.storm.ground import lay
from tests.e2e.storm.nursery import Nursery
from tests.e2e.storm.orders import Means
from tests.e2e.storm.rough import FAULTS, KILLS
from tests.e2e.storm.storm import Storm, Weather
from tests.e2e.storm.verdict import judge
from tests.fakes.postoffice.running import running


def main() -> None:
    """Raise one storm in a temporary project folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.storm")
    parser.add_argument("--means", type=Means, choices=Means, required=True)
    parser.add_argument("--database", help="an empty one; an SQLite file otherwise")
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--deaths", type=int, default=60, help="at most")
    parser.add_argument("--seed", type=int, default=1)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = _storm(said, Path(folder))
    json.dump(told, sys.stdout, indent=1)
    sys.stdout.write("\n")
    sys.exit(1 if told["broken"] else 0)


def _storm(said: argparse.Namespace, folder: Path) -> dict[str, object]:
    shell = Shell(folder / "project")
    shell("init", str(shell.folder))
    database = said.database or f"sqlite:///{shell.folder}/mailer.db"
    shell("db", "upgrade", MAILER_DATABASE_URL=database)
    with (
        running(
            folder / "log", faults=FAULTS, seed=said.seed, lag=0.4, hang=3.0
        ) as office,
        (folder / "errors").open("a+b") as errors,
        Nursery(errors) as nursery,
    ):
        ground = lay(
            shell,
            database,
            office,
            means=said.means,
            readers=said.readers,
            batch=said.batch,
        )
        losses = Storm(
            ground=ground,
            nursery=nursery,
            weather=Weather(
                workers=said.workers,
                seed=said.seed,
                all_lives=KILLS,
                killed_every=1.0,
                deaths=said.deaths,
                patience=900.0,
            ),
        ).run()
        accepted, counts = office.accepted(), office.counts()
    verdict = judge(ground, accepted)
    return {
        "means": said.means,
        "readers": said.readers,
        "states": verdict.states,
        "accepted": len(accepted),
        "broken": verdict.broken,
        "losses": asdict(losses),
        "provider": counts,
    }


if __name__ == "__main__":
    main()
