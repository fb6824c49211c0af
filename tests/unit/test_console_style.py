"""The console's style: whole after every merge."""

import re

import pytest

from tests.fakes.site import TEMPLATES

_NO_RULE = re.compile(r"/\*.*?\*/|\"[^\"\n]*\"|'[^'\n]*'", re.DOTALL)


@pytest.mark.parametrize("style", ["console/console.css", "pages.css"])
def test_every_rule_of_a_style_is_closed(style: str) -> None:
    rules = _NO_RULE.sub("", (TEMPLATES / "web" / style).read_text("utf-8"))
    open_ones = 0
    for number, line in enumerate(rules.splitlines(), 1):
        open_ones += line.count("{") - line.count("}")
        assert open_ones >= 0, f"{style}: a brace too many closes before line {number}"
    assert open_ones == 0
