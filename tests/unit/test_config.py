"""mailer.toml and the environment: what they decide, and how mistakes are answered."""

import base64
import os
from pathlib import Path

import pytest

from mailer.config import Settings, load
from mailer.core.errors import ConfigError
from mailer.core.lists import MailingList, parse
from mailer.core.routes import Route

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(range(1, 33))).decode()
WHOLE = """
database = "sqlite:///mailer.db"
base_url = "https://mail.example.org"
secret_key = "file:secret.key"

[coalition]
name = "Close the Camps"
postal_address = "PO Box 1, San Diego, CA 92101"
languages = ["en", "es"]

[coalition.note]
en = "Bring water."

[sender]
name = "Close the Camps"
address = "actions@example.org"
reply_to = "organizers@example.org"
feedback_id = "camps"

[delivery]
provider = "main"

[providers.main]
kind = "postmark"
token = "env:POSTMARK_TOKEN"
stream = "broadcast"

[sources.website]
kind = "sql"
url = "file:website.url"

[places]
"Bay Area, CA" = "Oakland, CA"
"""
ENVIRONMENT = {"POSTMARK_TOKEN": "sesame-4711"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mailer.toml").write_text(WHOLE)
    (tmp_path / "secret.key").write_text(f"1:{KEY}\n")
    (tmp_path / "website.url").write_text("postgresql://reader:hush@db/site\n")
    return tmp_path


def write(folder: Path, old: str, new: str) -> None:
    file = folder / "mailer.toml"
    words = file.read_text()
    assert old in words
    file.write_text(words.replace(old, new, 1))


def read(folder: Path, **environment: str) -> Settings:
    return load(folder, {**ENVIRONMENT, **environment})


def complaint(folder: Path, **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, **environment)
    return str(caught.value)


def test_the_settings_are_read_with_their_secrets_looked_up(folder: Path) -> None:
    found = read(folder)

    assert found.provider == "main"
    assert found.providers["main"].options == {
        "token": "sesame-4711",
        "stream": "broadcast",
    }
    assert found.sources["website"].options == {
        "url": "postgresql://reader:hush@db/site"
    }
    assert found.keys == {1: bytes(range(32))}
    assert found.coalition.note == {"en": "Bring water."}
    assert found.sender.reply_to == "organizers@example.org"
    assert found.places == {"Bay Area, CA": "Oakland, CA"}


def test_what_may_be_left_out_has_a_harmless_default(folder: Path) -> None:
    (folder / "mailer.toml").write_text(
        'base_url = "http://127.0.0.1:8000"\n[coalition]\nname = "C"\n'
        '[sender]\nname = "C"\naddress = "c@example.org"\n'
    )

    found = read(folder)

    assert found.providers[found.provider].kind == "outbox"  # sends nothing anywhere
    assert found.database == "sqlite:///mailer.db"
    assert found.coalition.languages == ("en", "es")


# --- secrets


def test_no_secret_shows_when_the_settings_are_printed(folder: Path) -> None:
    write(folder, "sqlite:///mailer.db", "postgresql+psycopg://mailer:shush@db/mail")
    found = read(folder)
    printed = f"{found!r} {found.providers!r} {found.sources!r}"

    for secret in ("sesame", "hush", "shush", KEY, repr(bytes(range(32)))):
        assert secret not in printed


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("env:MISSING_ONE", "the environment has no MISSING_ONE"),
        ("env:EMPTY", "the environment has no EMPTY, or it is empty"),
        ("env:", "write env:NAME"),
        ("file:missing.txt", "missing.txt: No such file"),
        ("file:", "write file:PATH"),
        ("file:.", "is no file"),
        ("file:pipe", "pipe is no file"),
        ("file:huge.txt", "huge.txt is too large to be a secret"),
        ("file:empty.txt", "empty.txt is empty"),
        ("file:binary.txt", "binary.txt is not UTF-8"),
        ("file:a\\u0000b", "write file:PATH"),
    ],
)
def test_a_secret_that_cannot_be_found_names_key_and_way_out(
    folder: Path, written: str, says: str
) -> None:
    (folder / "empty.txt").write_text("\n")
    (folder / "binary.txt").write_bytes(b"sesame\xff")
    (folder / "huge.txt").write_text("sesame" * 20_000)
    os.mkfifo(folder / "pipe")  # nobody will ever write into it
    write(folder, "env:POSTMARK_TOKEN", written)

    options = read(folder, EMPTY=" ").providers["main"].options
    with pytest.raises(ConfigError) as caught:
        options["token"]

    message = str(caught.value)
    assert message.startswith("mailer.toml: [providers.main] token: ")
    assert says in message
    assert "sesame" not in message


def test_a_secret_written_after_env_is_not_repeated(folder: Path) -> None:
    write(folder, "env:POSTMARK_TOKEN", "env:se-sa-me-4711")

    with pytest.raises(ConfigError) as caught:
        read(folder).providers["main"].options["token"]

    assert "write env:NAME" in str(caught.value)
    assert "4711" not in str(caught.value)


def test_a_secret_that_is_missing_stops_nobody_who_needs_none(folder: Path) -> None:
    (folder / "website.url").unlink()

    found = load(folder, {})

    assert set(found.providers["main"].options) == {"token", "stream"}
    assert found.providers["main"].options["stream"] == "broadcast"


def test_the_mark_and_line_end_of_a_secret_file_are_no_part_of_it(folder: Path) -> None:
    (folder / "website.url").write_bytes(b"\xef\xbb\xbfsqlite:///site.db\r\n")

    assert read(folder).sources["website"].options["url"] == "sqlite:///site.db"


def test_a_key_file_may_hold_comments_and_several_keys(folder: Path) -> None:
    (folder / "secret.key").write_bytes(
        f"# rotated in October\r\n1:{KEY}  # the old one\r\n\r\n 2:{OTHER}\r\n".encode()
    )

    assert read(folder).keys == {1: bytes(range(32)), 2: bytes(range(1, 33))}


def test_keys_may_stand_in_the_environment(folder: Path) -> None:
    (folder / "secret.key").unlink()

    found = read(folder, MAILER_SECRET_KEY=f"1:{KEY} 7:{OTHER}")

    assert set(found.keys) == {1, 7}


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ("# nothing here", "holds no key"),
        (KEY, "NUMBER:BASE64"),
        (f"256:{KEY}", "0 to 255"),
        (f"-1:{KEY}", "0 to 255"),
        (f"{'9' * 5000}:{KEY}", "0 to 255"),
        ("1:c2hvcnQ=", "at least 32 random bytes"),
        (f"1:{KEY[:-4]}é???", "NUMBER:BASE64"),
        (f"1:{KEY}\n1:{OTHER}", "two keys with the number 1"),
    ],
)
def test_a_key_that_cannot_sign_is_refused_without_being_shown(
    folder: Path, keys: str, says: str
) -> None:
    (folder / "secret.key").write_text(keys)
    message = complaint(folder)

    assert message.startswith("mailer.toml: secret_key: ")
    assert says in message
    assert "mailer init" in message
    assert KEY[:12] not in message

    message = complaint(folder, MAILER_SECRET_KEY=keys.replace("# nothing here", "#"))
    assert message.startswith("MAILER_SECRET_KEY (environment): ")


def test_the_key_itself_must_not_stand_in_mailer_toml(folder: Path) -> None:
    write(folder, "file:secret.key", f"1:{KEY}")
    message = complaint(folder)

    assert "mailer.toml: secret_key: must not stand here" in message
    assert KEY not in message


def test_without_a_key_file_the_way_out_is_named(folder: Path) -> None:
    (folder / "secret.key").unlink()

    assert "secret_key: cannot read" in complaint(folder)


# --- the environment overrides the file


def test_the_environment_overrides_database_address_and_provider(folder: Path) -> None:
    found = read(
        folder,
        MAILER_DATABASE_URL="sqlite:///other.db",
        MAILER_BASE_URL="http://127.0.0.1:9/",
        MAILER_PROVIDER="outbox",
    )

    assert found.database == "sqlite:///other.db"
    assert found.base_url == "http://127.0.0.1:9"
    assert found.providers[found.provider].kind == "outbox"


def test_what_the_environment_decides_may_be_missing_in_the_file(folder: Path) -> None:
    write(folder, 'base_url = "https://mail.example.org"', "")
    write(folder, "sqlite:///mailer.db", "env:NOT_HERE")

    found = read(
        folder, MAILER_BASE_URL="https://m.example.org", MAILER_DATABASE_URL="sqlite://"
    )

    assert (found.base_url, found.database) == ("https://m.example.org", "sqlite://")


def test_an_empty_variable_overrides_nothing(folder: Path) -> None:
    assert read(folder, MAILER_PROVIDER="", MAILER_BASE_URL=" ").provider == "main"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("MAILER_PROVIDER", "pigeon"), ("MAILER_BASE_URL", "mail.example.org")],
)
def test_a_wrong_variable_is_named_instead_of_the_file(
    folder: Path, variable: str, value: str
) -> None:
    assert complaint(folder, **{variable: value}).startswith(
        f"{variable} (environment): "
    )


# --- where links lead


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("https://mail.example.org/", "https://mail.example.org"),
        ("https://example.org/mail/", "https://example.org/mail"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
    ],
)
def test_an_address_may_have_a_port_a_path_and_a_slash(
    folder: Path, written: str, read_as: str
) -> None:
    write(folder, "https://mail.example.org", written)

    assert read(folder).base_url == read_as


@pytest.mark.parametrize(
    "written",
    [
        "mail.example.org",
        "ftp://mail.example.org",
        "https://",
        "https://mail.example.org?a=1",
        "https://mail.example.org/?",
        "https://mail.example.org#top",
        "https://mail.example.org:port",
        "https://mail.example.org:99999",
        "https://[::1",
        "https://me:sesame@mail.example.org",
        "https://münchen.example",
        "https://mail.example.org/a b",
        "https://mail.example.org/\\r\\nBcc:",
        "https://mail.example.org/>,<mailto:x",
        'https://mail.example.org/\\"',
    ],
)
def test_an_address_that_would_break_links_or_headers_is_refused(
    folder: Path, written: str
) -> None:
    write(folder, "https://mail.example.org", written)
    message = complaint(folder)

    assert message.startswith("mailer.toml: base_url: ")
    assert '"https://mail.example.org"' in message
    assert "sesame" not in message


# --- everything else


@pytest.mark.parametrize(
    ("old", "new", "key", "way_out"),
    [
        ('database = "sqlite:///mailer.db"', "database = 5", "database", "sqlite:///"),
        ('database = "sqlite:///mailer.db"', 'data = "x"', "data", "known are"),
        ("base_url = ", "#", "base_url", "is missing"),
        ("[coalition]\nname", "[coalition]\nnam", "[coalition] name", "is missing"),
        (
            '"Close the Camps"\npostal',
            "5\npostal",
            "[coalition] name",
            "text in quotes",
        ),
        ('Camps"\npostal', 'Ca\\nmps"\npostal', "[coalition] name", "one line"),
        ('["en", "es"]', '"en"', "[coalition] languages", "en, es"),
        ('["en", "es"]', "[]", "[coalition] languages", "en, es"),
        ('["en", "es"]', '["fr"]', "[coalition] languages", "en, es"),
        ('["en", "es"]', '[["en"]]', "[coalition] languages", "en, es"),
        ('en = "Bring water."', 'fr = "Eau."', "[coalition] note.fr", "en, es"),
        (
            '[coalition.note]\nen = "Bring',
            "note = 5 #",
            "[coalition] note",
            'note = "…"',
        ),
        ("[sender]", "[from]", "sender", "[sender]"),
        ("actions@example.org", "actions", "[sender] address", "actions@example.org"),
        (
            "organizers@example.org",
            "A <a@b.org>",
            "[sender] reply_to",
            "without a name",
        ),
        (
            'feedback_id = "camps"',
            'feedback_id = "a\\nb"',
            "[sender] feedback_id",
            "line",
        ),
        ('provider = "main"', 'provider = "mian"', "[delivery] provider", "main"),
        ('provider = "main"', 'speed = "full"', "[delivery] speed", "known are"),
        ('kind = "postmark"', "", "[providers.main] kind", "is missing"),
        ("[providers.main]", "[providers]", "[providers] kind", "[providers.kind]"),
        ("[places]", "[places]\nHere = 5", "[places] Here", "text in quotes"),
    ],
)
def test_a_mistake_is_answered_with_file_key_and_way_out(
    folder: Path, old: str, new: str, key: str, way_out: str
) -> None:
    write(folder, old, new)
    message = complaint(folder)

    assert message.startswith(f"mailer.toml: {key}: ")
    assert way_out in message


def test_a_folder_without_settings_names_the_command_that_makes_them(
    tmp_path: Path,
) -> None:
    assert "mailer init" in complaint(tmp_path)


@pytest.mark.parametrize("data", [b"base_url =", b'a = "\xff"', b"a = 1\na = 2"])
def test_what_is_no_toml_is_no_crash(folder: Path, data: bytes) -> None:
    (folder / "mailer.toml").write_bytes(data)

    assert complaint(folder).startswith("mailer.toml: not valid TOML: ")


def test_the_mark_that_windows_puts_before_a_file_does_no_harm(folder: Path) -> None:
    file = folder / "mailer.toml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))

    assert read(folder).sender.address == "actions@example.org"


def test_a_language_named_twice_is_one(folder: Path) -> None:
    write(folder, '["en", "es"]', '["es", "en", "es"]')

    assert read(folder).coalition.languages == ("es", "en")


def test_the_doctor_is_told_what_it_cannot_find_out(folder: Path) -> None:
    table = '[doctor]\nselectors = ["s1", "a.b"]\nreturn_path = "send.example.org"\n'
    write(folder, "[sources.website]", f"{table}\n[sources.website]")

    found = read(folder).doctor

    assert found.selectors == ("s1", "a.b")
    assert found.return_path == "send.example.org"


@pytest.mark.parametrize(
    "line",
    [
        'selectors = "s1"',
        "selectors = [1]",
        'selectors = ["s 1"]',
        'selectors = ["s1."]',
        'return_path = "me@example.org"',
        'return_path = "bounces"',
        'selector = "s1"',
    ],
)
def test_a_slip_in_the_doctors_table_is_named(folder: Path, line: str) -> None:
    write(folder, "[sources.website]", f"[doctor]\n{line}\n\n[sources.website]")

    assert f"[doctor] {line.partition(' ')[0]}" in complaint(folder)


def test_every_file_that_a_secret_came_from_is_remembered(folder: Path) -> None:
    assert {file.name for file in read(folder).secret_files} == {
        "secret.key",
        "website.url",
    }


# --- several providers, and a fence around them


SPARE = """[providers.spare]
kind = "resend"
token = "env:POSTMARK_TOKEN"

[providers.main]"""


def weekly(**keys: object) -> MailingList:
    return parse({"title": "Weekly", **keys}, file="lists/weekly.toml", slug="weekly")


def test_mail_goes_by_shares_with_somebody_to_stand_in(folder: Path) -> None:
    write(folder, "[providers.main]", SPARE)
    write(
        folder,
        'provider = "main"',
        'provider = { main = 3, spare = 1 }\nfallback = "spare"',
    )

    found = read(folder)

    assert found.route == Route(shares={"main": 3, "spare": 1}, fallback="spare")
    assert found.provider == "main"


def test_a_list_goes_its_own_way_and_any_other_the_usual_one(folder: Path) -> None:
    write(folder, "[providers.main]", SPARE)
    found = read(folder)

    assert found.route_of(weekly()) == found.route == Route(shares={"main": 1})
    own = found.route_of(weekly(provider="spare", fallback="main"))
    assert own == Route(shares={"spare": 1}, fallback="main")


def test_a_list_that_names_a_provider_nobody_described_says_so(folder: Path) -> None:
    found = read(folder)

    with pytest.raises(ConfigError, match=r"^lists/weekly\.toml: fallback: .*spare"):
        found.route_of(weekly(provider="main", fallback="spare"))


def test_a_provider_that_the_environment_insists_on_carries_every_list(
    folder: Path,
) -> None:
    found = read(folder, MAILER_PROVIDER="outbox")

    assert found.route_of(weekly(provider="main")) == Route(shares={"outbox": 1})


def test_everybody_may_be_mailed_unless_a_list_says_who(folder: Path) -> None:
    assert read(folder).allow_only is None

    write(
        folder,
        'provider = "main"',
        'provider = "main"\nallow_only = ["@ours.example", "me@example.org"]',
    )

    allowed = read(folder).allow_only
    assert allowed is not None
    assert "somebody@ours.example" in allowed
    assert "reader@example.net" not in allowed


def test_an_empty_list_lets_nobody_be_mailed(folder: Path) -> None:
    write(folder, 'provider = "main"', 'provider = "main"\nallow_only = []')

    allowed = read(folder).allow_only

    assert allowed is not None
    assert "me@example.org" not in allowed


def test_the_environment_can_put_up_the_fence(folder: Path) -> None:
    allowed = read(folder, MAILER_ALLOW_ONLY="@ours.example, me@example.org").allow_only

    assert allowed is not None
    assert allowed.entries == {"@ours.example", "me@example.org"}


@pytest.mark.parametrize(
    "written", ['"@ours.example"', "[7]", '["ours.example"]', '["@"]', "true"]
)
def test_a_fence_that_cannot_be_read_is_no_reason_to_mail_everybody(
    folder: Path, written: str
) -> None:
    write(folder, 'provider = "main"', f'provider = "main"\nallow_only = {written}')

    assert complaint(folder).startswith("mailer.toml: [delivery] allow_only: must be")


def test_a_fence_of_the_environment_that_cannot_be_read_is_named(folder: Path) -> None:
    said = complaint(folder, MAILER_ALLOW_ONLY="everybody")

    assert said.startswith("MAILER_ALLOW_ONLY (environment): must be")


# --- what doctor tells of the file itself


def test_secrets_that_the_file_holds_itself_are_named_and_not_kept(
    folder: Path,
) -> None:
    write(folder, '"env:POSTMARK_TOKEN"', '"sesame-4711"')
    write(folder, "sqlite:///mailer.db", "postgresql+psycopg://mailer:shush@db/mail")
    write(folder, '"file:website.url"', '"mysql://reader:hush@db/site"')

    bare = read(folder).bare

    assert set(bare) == {"database", "[providers.main] token", "[sources.website] url"}


def test_secrets_from_elsewhere_and_public_keys_are_no_secrets_of_the_file(
    folder: Path,
) -> None:
    write(folder, 'kind = "postmark"', 'kind = "sendgrid"\nevents_key = "MFkwEwYHKoZI"')

    assert read(folder).bare == ()


def test_variables_that_stand_in_for_a_key_are_named(folder: Path) -> None:
    assert read(folder).variables == ()
    assert read(folder, MAILER_PROVIDER="outbox", MAILER_BASE_URL=" ").variables == (
        "MAILER_PROVIDER",
    )


def test_a_receiving_domain_counts_from_as_many_messages_as_the_file_says(
    folder: Path,
) -> None:
    assert read(folder).breaker.domain_attempts == 20
    write(
        folder,
        "[providers.main]",
        "[delivery.breaker]\ndomain_attempts = 50\n\n[providers.main]",
    )

    assert read(folder).breaker.domain_attempts == 50


@pytest.mark.parametrize("name", ["a/b", "a b", "ä", "", "x" * 41, "-a"])
def test_a_providers_name_must_fit_into_an_address(folder: Path, name: str) -> None:
    write(
        folder,
        "[providers.main]",
        f'[providers."{name}"]\nkind = "outbox"\n\n[providers.main]',
    )

    assert complaint(folder).startswith(f'mailer.toml: [providers."{name}"]: ')
