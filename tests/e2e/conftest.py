"""The real command line and the real service, in processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


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
        done = subprocess.run(  # noqa: S603 - our own program
            self.command(*words),
            capture_output=True,
            text=True,
            env=self.environment(**environment),
            cwd=self.folder.parent,
            timeout=120,
            check=False,
        )
        ran = Ran(done.returncode, done.stdout, done.stderr)
        assert not check or ran.code == 0, ran.err
        assert "Traceback" not in ran.err, ran.err
        return ran

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


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A fresh project, made by `mailer init`."""
    made = Shell(tmp_path / "project")
    made("init", str(made.folder))
    return made
