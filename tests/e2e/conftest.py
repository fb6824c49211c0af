"""The real command line and the real service, in processes of their own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.databases import database_url, migrated_file, postgresql
from tests.e2e import forked

__all__ = ["database_url", "migrated_file", "postgresql"]
ROOT = Path(__file__).parents[2]
MONDAY = "2019-10-07T15:00:00Z"
SAMPLE_ACTIONS = """\
external_id,start_date,start_time,city,state,sponsors,target,status
1,2019-10-12,10:00,San Diego,CA,Unión del Barrio,Otay Mesa,confirmed
2,2019-10-12,,Los Angeles,CA,Mijente; AF3IRM Los Angeles,,confirmed
3,2019-10-25,,Minneapolis,MN,"MIRAC; Unidos MN",,confirmed
"""
SAMPLE_PEOPLE = """\
organization,email,language,city,state,consent_basis,consent_at
Unión del Barrio,ana@barrio.example,es,San Diego,CA,form,2019-09-03
AFT 1931,ben@aft.example,en,San Diego,CA,form,2019-09-04
Unidos MN,cy@unidos.example,en,Minneapolis,MN,form,2019-09-05
Nobody Yet,dee@nobody.example,en,Los Angeles,CA,,
"""


@dataclass
class Ran:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return what it wrote with --json."""
        return json.loads(self.out)


@dataclass
class Shell:
    """Runs `mailer` in a project folder."""

    folder: Path

    def __call__(self, *words: str, check: bool = True, **environment: str) -> Ran:
        """Run `mailer WORDS`; fails the test on a failure unless told otherwise."""
        run = forked.run if forked.fits(environment) else _fresh
        ran = Ran(
            *run(
                ["--project", str(self.folder), *words],
                environment=self.environment(**environment),
                folder=self.folder.parent,
            )
        )
        assert not check or ran.code == 0, ran.err
        assert "Traceback" not in ran.err, ran.err
        return ran

    def start(
        self, *words: str, log: Path | None = None, **environment: str
    ) -> forked.Running:
        """Start `mailer WORDS`, to be waited for or told to end."""
        return forked.Running(
            ["--project", str(self.folder), *words],
            environment=self.environment(**environment),
            folder=self.folder.parent,
            log=log,
        )

    def scheduler(self, *words: str) -> forked.Running:
        """Start the project's own scheduler.py in its folder."""
        return forked.Running(
            words,
            environment=self.environment(),
            folder=self.folder,
            script=self.folder / "scheduler.py",
        )

    def command(self, *words: str) -> Sequence[str]:
        """Return the command line."""
        return [sys.executable, "-m", "mailer", "--project", str(self.folder), *words]

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment without anybody's own settings."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MAILER_")}
        return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **more}

    def edit(self, file: str, before: str, after: str) -> None:
        """Change a file of the project as a person would."""
        path = self.folder / file
        words = path.read_text("utf-8")
        assert before in words, f"{file} does not contain {before!r}"
        path.write_text(words.replace(before, after), "utf-8")

    @property
    def messages(self) -> list[Path]:
        """Return the outbox's messages."""
        return sorted((self.folder / "outbox").rglob("*.eml"))


def _fresh(
    words: Sequence[str], *, environment: Mapping[str, str], folder: Path
) -> tuple[int, str, str]:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "mailer", *words],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        timeout=forked.LONGEST,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def fill(
    shell: Shell, actions: str = SAMPLE_ACTIONS, people: str = SAMPLE_PEOPLE
) -> None:
    """Import actions and subscribers to the weekly list."""
    (shell.folder / "actions.csv").write_text(actions, "utf-8")
    (shell.folder / "people.csv").write_text(people, "utf-8")
    shell("import", "actions", str(shell.folder / "actions.csv"))
    shell("import", "subscribers", str(shell.folder / "people.csv"), "--list", "weekly")


@pytest.fixture(scope="session")
def initial(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A project as `mailer init` makes it, to be copied."""
    made = Shell(tmp_path_factory.mktemp("initial") / "project")
    made("init", str(made.folder))
    return made


@pytest.fixture(scope="session")
def initial_filled(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A project with the sample actions and people, to be copied."""
    made = copied(initial, tmp_path_factory.mktemp("filled"))
    fill(made)
    return made


@pytest.fixture
def shell(initial: Shell, tmp_path: Path) -> Shell:
    """A fresh project, made by `mailer init`."""
    return copied(initial, tmp_path)


@pytest.fixture
def filled(initial_filled: Shell, tmp_path: Path) -> Shell:
    """A fresh project with three actions, and four people of whom one is pending."""
    return copied(initial_filled, tmp_path)


def copied(origin: Shell, folder: Path) -> Shell:
    """Copy a project into a folder."""
    shutil.copytree(origin.folder, folder / "project")
    return Shell(folder / "project")
