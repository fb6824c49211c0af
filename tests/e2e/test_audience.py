"""`mailer audience`: whom a rule reaches, on the command line."""

import json
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.e2e.conftest import MONDAY, Shell

ORGANIZATIONS = """\
name,city,state,kind
Unión del Barrio,San Diego,CA,Community
AFT 1931,San Diego,CA,Union
"""
PEOPLE = """\
organization,email,language,city,state,consent_basis,consent_at,tags
Unión del Barrio,ana@barrio.example,es,San Diego,CA,form,2019-09-03,press; Legal Team
AFT 1931,ben@aft.example,en,San Diego,CA,form,2018-01-04,"""


@pytest.fixture
def town(filled: Shell) -> Shell:
    """A project with tags and kinds, and three who may be mailed by the weekly list."""
    (filled.folder / "groups.csv").write_text(ORGANIZATIONS, "utf-8")
    (filled.folder / "tagged.csv").write_text(PEOPLE, "utf-8")
    filled("import", "organizations", str(filled.folder / "groups.csv"))
    filled(
        "import", "subscribers", str(filled.folder / "tagged.csv"), "--list", "weekly"
    )
    return filled


def test_the_card_says_whom_a_rule_reaches_and_who_is_left_out(town: Shell) -> None:
    rule = town.folder / "rule.json"
    rule.write_text(
        '{"include": [{"region": "us-ca"}, {"near": {"place": "Chula Vista, CA", "km": 30}}],'
        ' "exclude": [{"tag": "nobody else"}]}',
        "utf-8",
    )
    unknown = town("audience", str(rule), "--list", "weekly", check=False)
    assert unknown.code == 1
    assert (
        f'{rule}: exclude[0].tag: "nobody else": no subscriber has this tag'
        in unknown.err
    )
    assert "legal team" in unknown.err

    rule.write_text(rule.read_text("utf-8").replace("nobody else", "press"), "utf-8")
    done = town("audience", str(rule), "--list", "weekly", "--as-of", MONDAY)

    assert (
        "People in California or within 30 km of Chula Vista, CA; but nobody tagged “press”."
    ) in done.out
    assert (
        "1 person would get a blast of the list weekly at 2019-10-07 15:00 UTC"
        in done.out
    )
    assert "1 more person is meant by the rule, and left out:" in done.out
    assert "no consent" in done.out
    assert "b…@aft.example" in done.out
    assert "under 1 year" in done.out
    assert "ben@" not in done.out


def test_one_json_object_says_the_same_and_what_an_approval_is_bound_to(
    town: Shell,
) -> None:
    rule = '{"include": [{"kind": ["union", "community"]}]}'

    later = "2020-09-03T15:00:00Z"  # Ana agreed a year ago on this day, Ben on the next
    done = town("audience", rule, "--list", "weekly", "--as-of", later, "--json")

    said = done.json
    assert said["count"] == 2
    assert json.loads(said["rule"]) == {"include": [{"kind": ["community", "union"]}]}
    assert len(said["fingerprint"]) == 64
    assert said["words"]["es"].startswith("Quien tiene un puesto en una organización")
    assert said["regions"] == [{"name": "us-ca", "people": 2}]
    assert {row["name"] for row in said["organizations"]} == {
        "Unión del Barrio",
        "AFT 1931",
    }
    assert said["consent"] == {
        "under 1 year": 1, "1 to 2 years": 1, "over 2 years": 0, "unknown": 0,
    }  # fmt: skip
    assert said["left_out"]["no consent"] == 0
    assert said["usual"] is None


def test_a_rule_may_come_by_standard_input(town: Shell) -> None:
    command = town.command("audience", "-", "--list", "weekly", "--json")
    for rule, code, words in (
        (b'\xef\xbb\xbf{"include": [{"language": "es"}]}', 0, '"count": 1'),
        (b'{"include": [{"langage": "es"}]}', 1, "standard input: include[0].langage"),
        (b'{"include": [\xff]}', 1, "standard input: is not UTF-8"),
    ):
        done = subprocess.run(  # noqa: S603 - our own program
            command,
            input=rule,
            capture_output=True,
            env=town.environment(),
            check=False,
        )
        assert done.returncode == code
        assert words in (done.stderr if code else done.stdout).decode()


def test_an_empty_rule_is_nobody(town: Shell) -> None:
    done = town("audience", '{"include": []}', "--list", "weekly")

    assert "Nobody: nothing is chosen." in done.out
    assert "0 people would get" in done.out


def test_caps_of_mailer_toml_hold_people_back_unless_it_is_urgent(town: Shell) -> None:
    town.edit("mailer.toml", '# caps = "3/week" ', 'caps = ["1/day", "3/week"] ')
    with closing(sqlite3.connect(town.folder / "mailer.db")) as database:
        database.execute(
            "INSERT INTO mailings (id, key, list_number, edition, kind, state, due_at, as_of,"
            " until, planned_at) SELECT 1, x'00', number, 'raid', 'blast', 'sending',"
            " '2019-10-07', '2019-10-07', '2019-10-07', '2019-10-07' FROM lists"
            " WHERE slug = 'weekly'"
        )
        database.execute(
            "INSERT INTO deliveries (mailing_id, subscriber_id, address_hash, state, changed_at)"
            " SELECT 1, id, address_hash, 'sent', '2019-10-07 12:00:00.000000'"
            " FROM subscribers WHERE address LIKE 'ana@%'"
        )
        database.commit()
    words = [
        "audience",
        '{"include": [{"list": "weekly"}]}',
        "--list",
        "weekly",
        "--as-of",
        MONDAY,
    ]

    held, urgent = town(*words), town(*words, "--urgent")

    assert "2 people would get" in held.out
    assert "capped: they had as many blasts as anybody gets" in held.out
    assert "3 people would get" in urgent.out
    assert "1 of them was mailed within the last 24 hours" in urgent.out
    assert "the cap of 1/day and 3/week holds nobody back" in urgent.out
    assert "the last mailing of this list: 1." in urgent.out


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ('# caps = "3/week" ', 'caps = "3/year" ', "[delivery] caps: must be written"),
        ('# caps = "3/week" ', "caps = [3] ", "[delivery] caps: must be written"),
        ('# quiet_hours = "21:00-08:00"', 'quiet_hours = "9-5"', "[delivery] quiet_hours: must be"),
    ],
)  # fmt: skip
def test_a_setting_that_makes_no_sense_is_named(
    filled: Shell, key: str, value: str, words: str
) -> None:
    filled.edit("mailer.toml", key, value)

    done = filled("lists", check=False)

    assert done.code == 1
    assert words in done.err


def test_a_list_that_is_not_there_is_told_with_those_that_are(filled: Shell) -> None:
    done = filled("audience", '{"include": []}', "--list", "nobodys", check=False)

    assert done.code == 1
    assert "urgent" in done.err


def test_tags_and_kinds_are_kept_once_and_an_import_takes_none_away(
    town: Shell,
) -> None:
    again = town(
        "import",
        "subscribers",
        str(town.folder / "tagged.csv"),
        "--list",
        "weekly",
        "--json",
    )
    assert again.json["unchanged"] == 2
    bare = town.folder / "bare.csv"
    bare.write_text(
        'email,language,TAGS\nana@barrio.example,es,"""press"",""radio"""\n', "utf-8"
    )
    town("import", "subscribers", str(bare), "--list", "weekly")

    with closing(sqlite3.connect(town.folder / "mailer.db")) as database:
        rows = database.execute("SELECT tag FROM subscriber_tags ORDER BY tag")
        assert [row[0] for row in rows] == ["legal team", "press", "radio"]
        kinds = database.execute(
            "SELECT kind FROM organizations WHERE kind IS NOT NULL ORDER BY 1"
        )
        assert [row[0] for row in kinds] == ["community", "union"]


def test_a_tag_that_is_too_long_is_rejected_with_its_line(town: Shell) -> None:
    long = town.folder / "long.csv"
    long.write_text(f"email,tags\ncy@unidos.example,{'x' * 61}\n", "utf-8")

    done = town("import", "subscribers", str(long), "--list", "weekly", check=False)

    assert "line 2, tags:" in done.err
    assert "longer than 60 characters" in done.err
