"""`mailer token`, as an admin types it."""

from collections.abc import Iterator

import pytest

from mailer.core.roles import Role
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import House
from tests.e2e.programs import stranger

ANA = "ana@union.example"


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("tokens"))
    with House(shell.folder).open() as house:
        house.person(ANA, [Role.APPROVER], codes=True)
        yield house


def test_a_token_is_made_shown_once_used_listed_and_revoked(house: House) -> None:
    shell = Shell(house.project.folder)
    at = ("--as-of", f"{house.now:%Y-%m-%dT%H:%M:%SZ}")
    assert "No token yet" in shell("token", "list", *at).err

    made = shell(
        "token", "create", ANA, "--scope", "overview", "--scope", "stop",
        "--name", "phone", "--days", "7", *at,
    )  # fmt: skip
    secret = made.out.strip()
    assert "good until 2026-11-28" in made.err
    assert stranger(house, secret)("GET", "/lists").status_code == 200
    [row] = shell("token", "list", ANA, "--json", *at).json
    assert (row["name"], row["scopes"]) == ("phone", ["overview", "stop"])
    assert (row["state"], row["account"]) == ("good", ANA)
    assert secret not in shell("token", "list", *at).out
    shell("token", "revoke", str(row["number"]), *at)
    assert stranger(house, secret)("GET", "/lists").status_code == 401
    [row] = shell("token", "list", "--json", *at).json
    assert row["state"] == "revoked"


def test_what_is_not_granted_at_the_shell_is_refused_with_the_way_out(
    house: House,
) -> None:
    shell = Shell(house.project.folder)

    def refused(*words: str) -> str:
        ran = shell("token", *words, check=False)
        assert ran.code in (1, 2)
        assert "cm_" not in ran.out
        return ran.err

    assert "in the console alone" in refused("create", ANA, "--scope", "approve")
    assert "roles of this account" in refused("create", ANA, "--scope", "start")
    assert "--days: write 1 to 365" in refused(
        "create", ANA, "--scope", "stop", "--days", "366"
    )
    assert "no account" in refused("create", "x@union.example", "--scope", "stop")
    assert "no token 99" in refused("revoke", "99")
    assert "--name" in refused("create", ANA, "--scope", "stop", "--name", " ")
