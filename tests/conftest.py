"""What all suites share, and the promise that none of them is silently left out.

With `MAILER_REQUIRE_ALL_SUITES` set, a skipped test and a suite of which nothing
passed are failures; `.ci/run` sets it. Without it the run ends by saying what was
not tried and how to try it. How thoroughly it tries is in `depth.py`.
"""

import gc
import os
import shutil
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

from tests import depth

# No page of the browser suite is looked at longer in a thorough run.
SUITES = depth.deep(
    everyday=("unit", "contract", "e2e", "browser"),
    thorough=("unit", "contract", "e2e"),
)
THOROUGH = "thorough"  # marks what knows a greater depth
FOLDER = Path(__file__).parent
LEFT_OUT = "left out"
REQUIRED = bool(os.environ.get("MAILER_REQUIRE_ALL_SUITES"))
# The one that has no windows shows the same, with a third less work.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
NO_CHROMIUM = (
    "there is no Chromium here: install it (apt install chromium-headless-shell, or"
    " chromium), or name one with CHROMIUM=/path/to/chromium"
)

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile(
    "mailer", deadline=None, max_examples=depth.deep(everyday=30, thorough=100)
)
hypothesis.settings.load_profile("mailer")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is; without one the tests that need it are skipped."""
    named = os.environ.get("CHROMIUM")
    for name in [named] if named else BROWSERS:
        if path := shutil.which(name):
            return path
    pytest.skip(NO_CHROMIUM)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{THOROUGH}: tries more with {depth.VARIABLE}")
    config.pluginmanager.register(_Marks(), "mailer-marks")
    if not hasattr(config, "workerinput"):  # of several processes the first one counts
        config.pluginmanager.register(_Account(), "mailer-account-of-suites")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what a thorough run repeats; by what it uses, so that none is forgotten."""
    for item in items:
        test = getattr(item, "obj", None)
        module = vars(getattr(item, "module", None) or object)
        if module.get("deep") is depth.deep or hasattr(test, "hypothesis"):
            item.add_marker(THOROUGH)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep what all tests are made of out of every search for garbage."""
    gc.collect()
    gc.freeze()


class _Marks:
    """Writes into each report why its test was left out; that is a failure if asked."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = str(call.excinfo.value) if call.excinfo else "marked so"
            report.user_properties.append((LEFT_OUT, reason))
            if REQUIRED:
                report.outcome = "failed"
                report.longrepr = f"{item.nodeid} was skipped: {reason}"
        return report


class _Account:
    """Counts what passed in each suite, and what was not tried for which reason."""

    def __init__(self) -> None:
        self.passed = dict.fromkeys(SUITES, 0)
        self.skipped: dict[str, int] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, reason in report.user_properties:
            if name == LEFT_OUT:
                self._skip(str(reason))
        if report.when == "call" and report.passed:
            suite = Path(report.nodeid).relative_to(FOLDER.name).parts[0]
            self.passed[suite] = self.passed.get(suite, 0) + 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._skip(f"{report.nodeid} is skipped as a whole")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if REQUIRED and session.exitstatus == pytest.ExitCode.OK and self._problems():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        problems = self._problems()
        if REQUIRED and problems:
            for problem in problems:
                terminalreporter.write_line(f"REQUIRED: {problem}", red=True)
        for reason, count in self.skipped.items():
            terminalreporter.write_line(
                f"NOT TRIED: {count} tests, because {reason}", yellow=True
            )

    def _problems(self) -> list[str]:
        idle = [suite for suite in SUITES if not self.passed[suite]]
        problems = [f"nothing passed in tests/{suite}" for suite in idle]
        return problems + [f"skipped: {reason}" for reason in self.skipped]

    def _skip(self, reason: str) -> None:
        self.skipped[reason] = self.skipped.get(reason, 0) + 1
