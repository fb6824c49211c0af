"""`mailer organizations mute`: from the command to what `mailer why` says."""

from tests.e2e.conftest import MONDAY, Shell

ANA = "ana@barrio.example"


def test_a_muted_organization_gets_no_edition_and_why_says_so(filled: Shell) -> None:
    muted = filled("organizations", "mute", "UNIÓN DEL BARRIO", "--json")
    dry = filled("send", "weekly", "--dry-run", "--as-of", MONDAY)
    filled("send", "weekly", "--as-of", MONDAY)
    why = filled("why", ANA)

    assert muted.json["organization"] == "Unión del Barrio"
    assert "muted with their organization" in dry.out + dry.err
    assert len(filled.messages) == 2
    assert "Their organization is muted: no editions." in why.out
    assert "their organization was muted" in why.out
    assert "for good" in filled("organizations").out

    filled("organizations", "unmute", "Unión del Barrio")
    assert "is muted" not in filled("why", ANA).out


def test_a_day_that_is_over_and_a_name_that_nobody_has_are_refused(
    filled: Shell,
) -> None:
    over = filled(
        "organizations", "mute", "AFT 1931", "--until", "2019-01-01", check=False
    )
    nobody = filled("organizations", "mute", "Nobody", check=False)

    assert (over.code, nobody.code) == (1, 1)
    assert "write a day to come" in over.err
    assert "mailer organizations lists them" in nobody.err
