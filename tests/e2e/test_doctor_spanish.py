"""The console's doctor in Spanish: what is found is Spanish, what is to be copied is not."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.core.roles import Role
from tests.contract.spanish import AS_WRITTEN, ENGLISH
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import House

ADA = "ada@union.example"
_FOUND = re.compile(r'<ul class="findings">.*?</ul>', re.DOTALL)
_TABLE = """
[providers.postmark]
kind = "postmark"
token = "token-4711-4711-4711"
"""


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("doctor"))
    shell("stop", "--reason", "lista equivocada")
    shell.edit("mailer.toml", "actions@example.org", "actions@gmail.com")
    shell.edit("mailer.toml", 'provider = "outbox"', 'provider = "postmark"')
    file = shell.folder / "mailer.toml"
    file.write_text(file.read_text("utf-8") + _TABLE, "utf-8")
    (shell.folder / "secret.key").chmod(0o644)
    with House(shell.folder).open() as house:
        house.person(ADA, [Role.ADMIN], codes=True)
        yield house


def test_a_spanish_doctor_speaks_no_english_but_what_is_to_be_copied(
    house: House,
) -> None:
    page = house.signed_in(ADA).get("/console/doctor?lang=es").text
    lists = _FOUND.findall(page)
    found = "".join(lists)
    left = html.unescape(re.sub("<[^>]+>", " ", AS_WRITTEN.sub("", found)))
    kept = {html.unescape(one[0]) for one in re.findall(r'lang="en">(([^<]*))', found)}

    assert found.count("<li>") >= 10
    assert not ENGLISH.search(left), left
    assert "falta [coalition] postal_address" in left
    assert "parado desde" in left
    assert kept >= {f"chmod 600 {house.project.folder / 'secret.key'}", "mailer start"}
    assert not [each for each in kept if ENGLISH.search(each)]


@pytest.mark.parametrize(
    ("table", "said", "remedy"),
    [
        (
            'token = "env:NOT_THERE_4711"',
            "en token: en el entorno falta NOT_THERE_4711, o está vacía",
            "defina NOT_THERE_4711 y vuelva a iniciar las páginas",
        ),
        (
            'token = "file:not-there.txt"',
            "en token: no se puede leer",
            "cree ese archivo",
        ),
        ("batch = true", "en token: falta", 'escriba token = "env:NAME"'),
        (
            'token = "token-4711"\nstreem = "broadcast"',
            "en streem: aquí no se conoce",
            "quítelo, o escriba uno de estos:",
        ),
    ],
)
def test_a_slip_in_a_providers_table_is_said_in_spanish(
    initial: Shell, tmp_path: Path, table: str, said: str, remedy: str
) -> None:
    shell = copied(initial, tmp_path / "slip")
    shell.edit("mailer.toml", 'provider = "outbox"', 'provider = "postmark"')
    file = shell.folder / "mailer.toml"
    written = f'\n[providers.postmark]\nkind = "postmark"\n{table}\n'
    file.write_text(file.read_text("utf-8") + written, "utf-8")
    with House(shell.folder).open() as house:
        house.person(ADA, [Role.ADMIN], codes=True)
        page = house.signed_in(ADA).get("/console/doctor?lang=es").text
    found = "".join(_FOUND.findall(page))
    left = html.unescape(re.sub("<[^>]+>", "", found))

    assert said in left
    assert f"→ {remedy}" in left
    in_the_open = "token-4711" in table
    assert f"ya, {'1 aviso' if in_the_open else '0 avisos'}," in page
    assert not ENGLISH.search(re.sub("<[^>]+>", " ", AS_WRITTEN.sub("", found)))


def test_an_english_doctor_says_what_it_always_said(house: House) -> None:
    page = html.unescape(house.signed_in(ADA).get("/console/doctor?lang=en").text)

    assert (
        "<strong>postal address:</strong> [coalition] postal_address is missing" in page
    )
    assert "→ when all is well: mailer start" in page
    assert 'span lang="en"' not in "".join(_FOUND.findall(page))
