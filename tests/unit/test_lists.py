"""List definitions: what a file may say, and how a mistake in it is answered."""

import tomllib
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailer.adapters.files import mailing_lists
from mailer.core.errors import ConfigError
from mailer.core.lists import Kind, MailingList, OptIn, parse

WHOLE = """
kind = "digest"
template = "digest"
opt_in = "single"
minimum_items = 3
horizon = "10 days"
late_limit = "90 minutes"

[title]
en = "Weekly actions"
es = "Acciones de la semana"

[cadence]
every = "2 weeks"
on = "monday"
at = "08:00"
timezone = "America/Los_Angeles"

[sender]
name = "Unión del Barrio"
address = "weekly@example.org"
"""


def read(toml: str, slug: str = "weekly") -> MailingList:
    return parse(tomllib.loads(toml), file=f"lists/{slug}.toml", slug=slug)


def changed(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new)


def test_a_definition_is_read_as_it_is_written() -> None:
    found = read(WHOLE)

    assert (found.slug, found.kind, found.opt_in) == (
        "weekly",
        Kind.DIGEST,
        OptIn.SINGLE,
    )
    assert found.cadence is not None
    assert (found.cadence.weekday, found.cadence.at) == (0, time(8))
    assert (found.cadence.zone.key, found.cadence.every_weeks) == (
        "America/Los_Angeles",
        2,
    )
    assert (found.minimum_items, found.horizon) == (3, timedelta(days=10))
    assert found.late_limit == timedelta(minutes=90)
    assert (found.sender_name, found.sender_address) == (
        "Unión del Barrio",
        "weekly@example.org",
    )


def test_readers_without_a_zone_live_in_the_lists_else_in_its_cadences() -> None:
    named = f'timezone = "America/Denver"\n{WHOLE}'

    assert read(named).zone.key == "America/Denver"
    assert read(WHOLE).zone.key == "America/Los_Angeles"
    assert read('title = "Weekly"').zone.key == "UTC"
    with pytest.raises(ConfigError, match=r"lists/weekly\.toml: timezone: .*Pacific"):
        read('title = "Weekly"\ntimezone = "Pacific"')


def test_a_title_is_all_that_a_list_must_have() -> None:
    found = read('title = "Weekly"')

    assert (found.kind, found.template, found.opt_in) == (
        Kind.DIGEST,
        "digest",
        OptIn.DOUBLE,  # the careful one
    )
    assert (found.cadence, found.sender_address) == (None, None)
    assert found.horizon == timedelta(weeks=5)


def test_a_reader_whose_language_has_no_title_gets_the_first_one() -> None:
    found = read('[title]\nes = "Semanal"')

    assert (found.title("es"), found.title("en")) == ("Semanal", "Semanal")


def test_a_time_may_stand_without_quotes_as_toml_has_it() -> None:
    found = read(changed('at = "08:00"', "at = 08:30:00"))

    assert found.cadence is not None
    assert found.cadence.at == time(8, 30)


@pytest.mark.parametrize(
    ("old", "new", "key", "way_out"),
    [
        ('kind = "digest"', 'kind = "weekly"', "kind", "digest, blast"),
        ('kind = "digest"', "kind = 5", "kind", "digest, blast"),
        ('kind = "digest"', "kind = ['digest']", "kind", "digest, blast"),
        ('kind = "digest"', 'kind = "blast"', "cadence", "remove it"),
        ('kind = "digest"', 'knd = "digest"', "knd", "known are"),
        ('"digest"\nopt', '"../mail"\nopt', "template", "folder in templates/email"),
        ('"digest"\nopt', '"_design"\nopt', "template", "folder in templates/email"),
        ('"digest"\nopt', '" "\nopt', "template", "text in quotes"),
        ('"digest"\nopt', "7\nopt", "template", "text in quotes"),
        ('"single"', '"none"', "opt_in", "single, double"),
        ("= 3", "= 0", "minimum_items", "whole number from 1"),
        ("= 3", "= true", "minimum_items", "whole number from 1"),
        ("= 3", '= "3"', "minimum_items", "whole number from 1"),
        ("= 3", "= 2.5", "minimum_items", "whole number from 1"),
        ('"10 days"', '"ten days"', "horizon", '"36 hours"'),
        ('"10 days"', '"0 days"', "horizon", '"36 hours"'),
        ('"10 days"', "10", "horizon", '"36 hours"'),
        ('"90 minutes"', '"-1 hours"', "late_limit", '"36 hours"'),
        ('es = "Acciones', 'fr = "Actions', "title.fr", "en, es"),
        ('"Weekly actions"', "5", "title.en", "text in quotes"),
        ('"Weekly actions"', '""', "title.en", "text in quotes"),
        ('"Weekly actions"', '"a\\nBcc: b"', "title.en", "one line"),
        ('"Weekly actions"', '"a\\u202eb"', "title.en", "one line"),
        ('every = "2 weeks"', 'every = "3 weeks"', "[cadence] every", "4 weeks"),
        ('every = "2 weeks"', "every = 2", "[cadence] every", "4 weeks"),
        ('on = "monday"', 'on = "Mon"', "[cadence] on", "monday"),
        ('on = "monday"', "", "[cadence] on", "is missing"),
        ('at = "08:00"', 'at = "8 am"', "[cadence] at", '"08:00"'),
        ('at = "08:00"', 'at = "25:00"', "[cadence] at", '"08:00"'),
        ('at = "08:00"', 'at = "24:00"', "[cadence] at", '"08:00"'),
        ('at = "08:00"', 'at = "08:00Z"', "[cadence] at", '"08:00"'),
        ('at = "08:00"', "at = 12", "[cadence] at", '"08:00"'),
        ('at = "08:00"', "at = 2019-10-07", "[cadence] at", '"08:00"'),
        ("America/Los_Angeles", "Pacific", "[cadence] timezone", "America/Los_Angeles"),
        ("America/Los_Angeles", "America", "[cadence] timezone", "America/Los_Angeles"),
        ("America/Los_Angeles", "../../etc/passwd", "[cadence] timezone", "time zone"),
        ("America/Los_Angeles", "", "[cadence] timezone", "text in quotes"),
        ('timezone = "America/Los_Angeles"', "", "[cadence] timezone", "is missing"),
        ("timezone =", "time_zone =", "[cadence] timezone", "is missing"),
        ('on = "monday"', 'on = "monday"\nday = 1', "[cadence] day", "known are"),
        ('"weekly@example.org"', '"weekly"', "[sender] address", "actions@example.org"),
        (
            '"weekly@example.org"',
            '"a@local"',
            "[sender] address",
            "actions@example.org",
        ),
        ('"weekly@example.org"', '"A <a@b.org>"', "[sender] address", "without a name"),
        ('"weekly@example.org"', '"a@münchen.de"', "[sender] address", "xn--"),
        ('"weekly@example.org"', '"a@b.org\\nc@d.org"', "[sender] address", "accept"),
        ('"weekly@example.org"', "5", "[sender] address", "text in quotes"),
        ('"Unión del Barrio"', '"a\\r\\nBcc: b"', "[sender] name", "one line"),
        ("name = ", "nam = ", "[sender] nam", "known are"),
    ],
)
def test_a_mistake_is_answered_with_file_key_and_way_out(
    old: str, new: str, key: str, way_out: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(changed(old, new))

    message = str(caught.value)
    assert message.startswith(f"lists/weekly.toml: {key}: ")
    assert way_out in message


@pytest.mark.parametrize("key", ["cadence", "sender"])
def test_a_table_written_as_a_word_is_no_table(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"weekly.toml: {key}: .*\[{key}\]"):
        read(f'title = "Weekly"\n{key} = "monday"')


@pytest.mark.parametrize("slug", ["Weekly", "weekly digest", "-weekly", "ñ", "a" * 41])
def test_a_file_name_that_cannot_stand_in_an_address_is_refused(slug: str) -> None:
    with pytest.raises(ConfigError, match=r"\(file name\).*weekly-digest.toml"):
        read('title = "Weekly"', slug)


def test_an_error_shows_no_more_than_the_beginning_of_a_long_value() -> None:
    with pytest.raises(ConfigError) as caught:
        read(changed('"digest"\ntemplate', f'"{"x" * 9999}"\ntemplate'))

    assert len(str(caught.value)) < 200


# --- the folder


def folder(path: Path, **files: bytes) -> Path:
    (path / "lists").mkdir()
    (path / "templates" / "email" / "digest").mkdir(parents=True)
    for name, data in files.items():
        (path / "lists" / f"{name}.toml").write_bytes(data)
    return path


def test_lists_are_found_by_their_file_names(tmp_path: Path) -> None:
    found = mailing_lists(folder(tmp_path, weekly=WHOLE.encode(), a=b'title = "A"'))

    assert list(found) == ["a", "weekly"]


def test_the_mark_that_windows_puts_before_a_file_does_no_harm(tmp_path: Path) -> None:
    found = mailing_lists(folder(tmp_path, weekly=b'\xef\xbb\xbftitle = "Weekly"'))

    assert found["weekly"].title("en") == "Weekly"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"title =", "lists/weekly.toml: not valid TOML"),
        (b'title = "\xff"', "lists/weekly.toml: not valid TOML"),
        (b'title = "A"\ntemplate = "bulletin"', "weekly.toml: template: there is no"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, data: bytes, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        mailing_lists(folder(tmp_path, weekly=data))


def test_a_project_without_lists_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mailer init"):
        mailing_lists(folder(tmp_path))


def test_the_lists_that_come_with_the_program_can_be_read() -> None:
    shipped: dict[str, Any] = dict(mailing_lists(Path(__file__).parents[2]))

    assert shipped
    assert all(set(each.titles) == {"en", "es"} for each in shipped.values())


def test_a_list_is_private_unless_it_says_otherwise() -> None:
    private = parse({"title": "A"}, file="a.toml", slug="a")
    public = parse({"title": "A", "archive": True}, file="a.toml", slug="a")

    assert (private.archive, private.search_engines) == (False, False)
    assert (public.archive, public.search_engines) == (True, False)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"archive": "true"}, "a.toml: archive: must be true or false, without quotes"),
        ({"archive": 1}, "a.toml: archive: must be true or false"),
        ({"search_engines": True}, "search_engines: there is nothing to find without"),
    ],
)
def test_a_list_is_not_made_public_by_a_slip(
    more: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse({"title": "A", **more}, file="a.toml", slug="a")
