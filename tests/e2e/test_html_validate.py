"""Every message is HTML by the standard's rules, says html-validate.

It is a program of node's: `make html-validate` puts it where this looks for it.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.adapters import specimens
from tests.unit.gates.messages import EXTREMES, TEMPLATES, good, rendered

FOLDER = Path(__file__).parents[1] / "html_validate"
PROGRAM = FOLDER / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
NODE = Path(sys.executable).parent / "node"
BROKEN = {
    "element-required-attributes": replace(
        good(), html=good().html.replace('<html lang="en"', "<html")
    ),
    "close-order": replace(good(), html=good().html.replace("</h1>", "</h2>", 1)),
    "no-dup-id": replace(
        good(), html=good().html.replace("</h1>", '</h1><p id="a"></p><p id="a"></p>')
    ),
    "element-permitted-content": replace(
        good(), html=good().html.replace("</h1>", "</h1><span><div>a</div></span>", 1)
    ),
}


def complaints(pages: Mapping[str, str], folder: Path) -> dict[str, set[str]]:
    """The rules that each page breaks, by its name; nothing where it breaks none."""
    if not PROGRAM.exists():
        pytest.skip("html-validate is not installed here: make html-validate")
    for name, page in pages.items():
        (folder / f"{name.replace(' ', '-')}.html").write_text(page, "utf-8")
    report = folder / "report.json"  # a pipe would be cut off as node exits
    done = subprocess.run(  # noqa: S603 - the version that package-lock.json names
        [
            NODE, PROGRAM, "--config", FOLDER / "htmlvalidate.json",
            "--formatter", f"json={report}", *sorted(folder.glob("*.html")),
        ],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return {
        Path(page["filePath"]).stem: {one["ruleId"] for one in page["messages"]}
        for page in json.loads(report.read_text("utf-8"))
        if page["messages"]
    }


def test_every_message_is_valid(tmp_path: Path) -> None:
    pages = {
        f"{name} {language}": specimens.message(TEMPLATES, name, language).html
        for name in specimens.names(TEMPLATES)
        for language in ("en", "es")
    }
    for name, extreme in EXTREMES.items():
        pages[name] = rendered(extreme(), "es").html

    assert complaints(pages, tmp_path) == {}


def test_invalid_ones_are_noticed(tmp_path: Path) -> None:
    found = complaints({name: one.html for name, one in BROKEN.items()}, tmp_path)

    assert set(found) == set(BROKEN)
    for rule, rules in found.items():
        assert rule in rules
