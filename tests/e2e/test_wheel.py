"""What people get who install the distribution instead of cloning it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Shell

BUILD = "from hatchling.build import build_wheel; print(build_wheel({folder!r}))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built distribution."""
    folder = tmp_path_factory.mktemp("dist")
    built = subprocess.run(  # noqa: S603 - our own build
        [sys.executable, "-c", BUILD.format(folder=str(folder))],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return folder / built.stdout.split()[-1]


def test_the_wheel_carries_all_that_init_lays_out(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    kept = ("templates", "lists")
    wanted = {
        f"mailer/project/{path.relative_to(ROOT)}"
        for folder in kept
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }

    assert wanted | {"mailer/project/scheduler.py", "mailer/py.typed"} <= names
    assert "mailer/sample/october-2019.txt" in names
    assert not [name for name in names if name.startswith("tests/")]


def test_an_installed_wheel_makes_a_project_that_sends(
    wheel: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    shell = Shell(tmp_path / "demo")
    environment = {**shell.environment(), "PYTHONPATH": str(site)}

    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "mailer", "demo", "--dir", str(shell.folder)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    assert len(shell.messages) > 30
