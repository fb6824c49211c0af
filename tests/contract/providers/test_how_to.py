"""The page about each provider: what it says to paste works as it stands."""

import base64
import re
from pathlib import Path

import pytest

from mailer import config
from mailer.adapters.http import NotSent
from mailer.adapters.providers import registry
from tests.contract.providers.carriers import NOW
from tests.contract.providers.tellers import KEY, TELLERS

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to"
PAGES = {kind: f"{kind}.md" for kind in registry.KINDS if kind != "outbox"}
PAGES["ses"] = "amazon-ses.md"
HEADINGS = [
    "What to click",
    "What to paste",
    "What to publish in DNS",
    "What it costs",
    "What it cannot do",
]
PROJECT = """
database = "sqlite:///mailer.db"
base_url = "https://mail.example.org"
secret_key = "env:SECRET"
[sender]
name = "Coalition"
address = "digest@example.org"
[coalition]
name = "Coalition"
postal_address = "PO Box 1, San Diego, CA 92101"
languages = ["en"]
"""


@pytest.mark.parametrize("kind", PAGES)
def test_what_a_page_says_to_paste_sends_and_hears_through_that_provider(
    kind: str, tmp_path: Path
) -> None:
    page = (HOW_TO / PAGES[kind]).read_text("utf-8")
    [pasted] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "mailer.toml").write_text(PROJECT + pasted, "utf-8")
    secrets = dict.fromkeys(re.findall(r'"env:(\w+)"', pasted), KEY)
    secrets["SECRET"] = f"1:{base64.b64encode(bytes(range(32))).decode()}"
    for name in secrets.keys() - {"SECRET"}:  # no two are the same
        secrets[name] = f"{name}-{KEY}"
    if kind in ("resend", "sendgrid"):
        secrets[f"{kind.upper()}_EVENTS"] = TELLERS[kind].options["events_key"]

    settings = config.load(tmp_path, secrets)

    [named] = [n for n, p in settings.providers.items() if p.kind == kind]
    assert settings.provider == named
    chosen = settings.providers[named]
    provider = registry.build(chosen, folder=tmp_path, clock=lambda: NOW)
    provider.close()
    hearing = registry.hearing(chosen, get=lambda _url: NotSent(detail="nobody"))
    assert (hearing is None) == (kind == "smtp")
    if hearing:
        assert f"mail.example.org/events/{named}" in page


@pytest.mark.parametrize("kind", PAGES)
def test_every_page_answers_the_same_questions_in_the_same_order(kind: str) -> None:
    page = (HOW_TO / PAGES[kind]).read_text("utf-8")

    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == HEADINGS


def test_every_link_between_the_pages_leads_somewhere() -> None:
    for file in HOW_TO.glob("*.md"):
        for target in re.findall(
            r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read_text("utf-8")
        ):
            assert (file.parent / target).exists(), f"{file.name}: {target}"
