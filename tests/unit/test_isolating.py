"""Names of two directions stand in one list in their order."""

from dataclasses import replace

import pytest

from mailer.adapters.gates import check
from mailer.adapters.renderer.isolating import in_html, isolated
from mailer.core.model import Sponsor
from tests.unit.gates.messages import SAMPLE, Extreme, rendered

ARABIC, HEBREW = "تحالف العدالة", "צדק לכולם"


def test_only_a_name_from_right_to_left_is_kept_apart() -> None:
    assert isolated(["A & B", ARABIC]) == [
        "A &amp; B",
        f'<span dir="rtl">{ARABIC}</span>',
    ]


def test_what_somebody_wrote_is_escaped_once_and_never_run() -> None:
    joined = in_html(", ".join)([*isolated(["<b>A</b>", f"<i>{HEBREW}</i>"])])
    assert joined == (
        f'&lt;b&gt;A&lt;/b&gt;, <span dir="rtl">&lt;i&gt;{HEBREW}&lt;/i&gt;</span>'
    )


@pytest.mark.parametrize("more", [0, 6])
def test_sponsors_of_two_directions_pass_every_gate(more: int) -> None:
    names = [ARABIC, "Unión del Barrio", HEBREW, *(f"Local {n}" for n in range(more))]
    sponsors = tuple(Sponsor(name=name) for name in names)
    near = SAMPLE.digest.near[0]
    item = replace(near, facts=replace(near.facts, sponsors=sponsors))
    sections = tuple(
        replace(
            section,
            items=tuple(item if one is near else one for one in section.items),
        )
        for section in SAMPLE.digest.sections
    )
    digest = replace(SAMPLE.digest, sections=sections)
    message = rendered(Extreme(digest=digest, brand={}), "en")

    assert f'<span dir="rtl">{ARABIC}</span>' in message.html
    assert ARABIC in message.text
    assert "<span" not in message.text
    assert check(message) == []
