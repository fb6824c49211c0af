"""What of mailer.toml a page may show: never a secret, however it is written."""

import tomllib

import pytest
from hypothesis import given, strategies as st

from mailer.core.disclosing import How, disclosed

TOML = """
database = "postgresql+psycopg://mailer:hunter2@db.example:5432/mailer?sslmode=require"
secret_key = "file:secret.key"
[coalition]
coordinators = ["ana.ruiz@union.example"]
languages = ["en", "es"]
[delivery]
allow_only = ["@ours.example", "me@example.org"]
threads = 4
[providers.main]
kind = "postmark"
token = "env:POSTMARK_TOKEN"
events_key = "hunter2"
base_url = "https://user:hunter2@api.example/v1?key=hunter2"
[providers.main.more]
api_password = "hunter2"
[sources.calendar]
url = "https://calendar.example/ical/private-hunter2/basic.ics"
every = "1 hour"
[places]
"Key West" = "Key West, FL"
"""


def shown(toml: str = TOML) -> dict[tuple[str, str], tuple[How, str, bool]]:
    found = disclosed(
        tomllib.loads(toml),
        is_set=lambda name: name == "POSTMARK_TOKEN",
        is_there=lambda path: path == "elsewhere",
    )
    return {(one.table, one.key): (one.how, one.value, one.there) for one in found}


def test_each_key_is_shown_with_its_table_or_said_to_be_hidden() -> None:
    found = shown()

    assert found["", "secret_key"] == (How.FILE, "secret.key", False)
    assert found["providers.main", "token"] == (How.VARIABLE, "POSTMARK_TOKEN", True)
    assert found["providers.main", "events_key"] == (How.HIDDEN, "", True)
    assert found["providers.main.more", "api_password"][0] is How.HIDDEN
    assert found["delivery", "threads"] == (How.PLAIN, "4", True)
    assert found["delivery", "allow_only"][1] == "@ours.example, m…@example.org"
    assert found["coalition", "coordinators"][1] == "a…@union.example"
    assert found["places", "Key West"][1] == "Key West, FL"
    assert found["", "database"][1] == "postgresql+psycopg://db.example:5432/mailer/…"
    assert found["sources.calendar", "url"][1] == "https://calendar.example/…"


def test_no_secret_is_in_what_is_shown() -> None:
    assert "hunter2" not in str(shown())


@pytest.mark.parametrize("key", ["token", "password", "secret", "access_key_id"])
@given(secret=st.text("abcdefgh0123", min_size=12))
def test_no_key_that_sounds_secret_shows_its_value(key: str, secret: str) -> None:
    found = shown(f'[providers.x]\nkind = "smtp"\n{key} = "{secret}"')

    assert secret not in str(found)
