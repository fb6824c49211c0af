"""Reads mailer.toml and the environment into Settings."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from mailer.config import delivery
from mailer.config.records import (
    Coalition,
    Doctor,
    ProviderSettings,
    Sender,
    Settings,
    SourceSettings,
)
from mailer.config.written import FILE, VARIABLES, Written
from mailer.core import branding, keys
from mailer.core.branding import Branding
from mailer.core.errors import ConfigError, InputError
from mailer.core.tables import LANGUAGES, Table

_BASE_URL = re.compile(
    r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
    r"(?:/[A-Za-z0-9._~!$&*+,;=:@%/-]*)?",
    re.ASCII | re.IGNORECASE,
)
_DNS_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
_PROVIDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")  # also part of an address


def load(
    folder: Path, environment: Mapping[str, str], *, colour: str | None = None
) -> Settings:
    """Read the settings of a project folder; ConfigError names file and key.

    `colour` stands in for the one that the file has, to see what another looks like.
    """
    file = folder / FILE
    if not file.is_file():
        raise ConfigError(
            f"there is no {FILE} in {folder}; make a project with: mailer init DIR,"
            " or name one with --project DIR"
        )
    try:
        # Editors on Windows put a mark before the first line.
        data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{FILE}: not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    if colour is not None:
        data = {**data, "brand": {**data.get("brand", {}), "colour": colour}}
    return _settings(Written(folder, environment, Table(data, FILE)))


def _settings(written: Written) -> Settings:
    top = written.top
    providers = {
        name: ProviderSettings(
            name=name,
            kind=kind,
            rate=table.rate("rate"),
            options=written.options(table, kind, but=("kind", "rate")),
        )
        for name, kind, table in written.named("providers")
    }
    _refuse_names(providers.values())
    held = _keys(written)
    table = top.table("delivery") or Table({}, FILE, "delivery.")
    route, insisted = delivery.route(written, table, providers)
    settings = Settings(
        folder=written.folder,
        database=_database(written),
        base_url=_base_url(written),
        keys=held.secrets,
        retired=held.retired,
        coalition=_coalition(written),
        sender=_sender(written),
        route=route,
        insisted=insisted,
        providers=providers,
        sources={
            name: SourceSettings(
                name=name,
                kind=kind,
                options=written.options(table, kind, but=("kind",)),
            )
            for name, kind, table in written.named("sources")
        },
        places=_places(written),
        rate=table.rate("rate"),
        domains=delivery.domains(table),
        branding=_branding(written),
        threads=delivery.threads(table),
        breaker=delivery.breaker(table),
        wake=table.choice("wake", ["polling", "procrastinate"], "polling"),
        keep=table.duration("keep", default="26 weeks"),
        doctor=_doctor(written),
        allow_only=delivery.allow_only(written, table),
        caps=delivery.caps_of(table),
        quiet_hours=delivery.quiet_hours(table),
        counted_from=table.integer("counted_from", default=200, low=0),
    )
    table.refuse_unknown()
    top.refuse_unknown()
    return replace(
        settings,
        secret_files=tuple(written.secret_files),
        bare=tuple(written.bare),
        variables=tuple(each for each in VARIABLES if written.stand_in(each)),
    )


def _refuse_names(providers: Iterable[ProviderSettings]) -> None:
    """Refuse names that lead nowhere as part of an address."""
    for each in providers:
        if not _PROVIDER.fullmatch(each.name):
            raise ConfigError(
                f'{FILE}: [providers."{each.name}"]: a provider\'s name is part of'
                " the address that it tells of events: write it with 40 letters,"
                " digits, hyphens and underscores at most"
            )


def _database(written: Written) -> str:
    if url := written.stand_in("MAILER_DATABASE_URL"):
        written.top.known.add("database")
        return url
    if "database" in written.top.data:
        written.note_secret(written.top, "database", "")
    url = written.secret(written.top, "database", "sqlite:///mailer.db")
    if not isinstance(url, str) or not url.strip():
        written.top.fail(
            "database",
            'must be an address in quotes, such as "sqlite:///mailer.db"',
        )
    return url.strip()


def _base_url(written: Written) -> str:
    """Return the address that links in mail begin with; it stands in headers."""
    url = written.stand_in("MAILER_BASE_URL")
    url = url or written.top.text("base_url")
    written.top.known.add("base_url")
    try:
        parts = urlsplit(url)
        usable = parts.port != 0 and bool(parts.hostname)
    except ValueError:  # a port that is no number, a bracket that never closes
        usable = False
    if not usable or not _BASE_URL.fullmatch(url):
        # Not shown: it may hold a password.
        written.fail(
            written.top,
            "base_url",
            "MAILER_BASE_URL",
            'must be written as "https://mail.example.org", perhaps with a port'
            " and a path; without a user, a query or a fragment, in ASCII (a host"
            " outside it as xn--…)",
        )
    return url.rstrip("/")


def _coalition(written: Written) -> Coalition:
    table = written.required("coalition")
    languages = table.raw("languages", list(LANGUAGES))
    if (
        not isinstance(languages, list)
        or not languages
        or not all(language in LANGUAGES for language in languages)
    ):
        table.fail(
            "languages",
            f"must be a list of some of {', '.join(LANGUAGES)}, the default first",
        )
    coalition = Coalition(
        name=table.line("name"),
        postal_address=table.text("postal_address", None),
        languages=tuple(dict.fromkeys(languages)),
        note=table.by_language("note") if "note" in table.data else {},
        signature=table.by_language("signature") if "signature" in table.data else {},
        coordinators=table.addresses("coordinators"),
    )
    table.known |= {"note", "signature"}
    table.refuse_unknown()
    return coalition


def _branding(written: Written) -> Branding:
    table = written.top.table("brand") or Table({}, FILE, "brand.")
    return branding.parse(table, lambda name: (written.folder / name).read_bytes())


def _sender(written: Written) -> Sender:
    table = written.required("sender")
    sender = Sender(
        name=table.line("name"),
        address=table.address("address"),
        reply_to=table.address("reply_to", None),
        feedback_id=table.line("feedback_id", None),
    )
    table.refuse_unknown()
    return sender


def _doctor(written: Written) -> Doctor:
    table = written.top.table("doctor")
    if table is None:
        return Doctor()
    selectors = table.raw("selectors", [])
    if not isinstance(selectors, list) or not all(
        isinstance(each, str) and _DNS_NAME.fullmatch(each) for each in selectors
    ):
        table.fail("selectors", 'must be a list such as ["s1", "20261101pm"]')
    return_path = table.text("return_path", None)
    if return_path is not None and (
        "." not in return_path or not _DNS_NAME.fullmatch(return_path)
    ):
        table.fail("return_path", 'must be a domain such as "send.example.org"')
    table.refuse_unknown()
    return Doctor(selectors=tuple(selectors), return_path=return_path)


def _places(written: Written) -> Mapping[str, str]:
    table = written.top.table("places")
    return {label: table.text(label) for label in table.data} if table else {}


def _keys(written: Written) -> keys.Keys:
    said = written.stand_in("MAILER_SECRET_KEY") or _key_file(written)
    written.top.known.add("secret_key")
    try:
        return keys.parse(said)
    except InputError as error:
        _fail_key(written, str(error))


def _key_file(written: Written) -> str:
    reference = written.top.text("secret_key", "file:secret.key")
    if not reference.startswith(("env:", "file:")):
        written.top.fail(
            "secret_key",
            "must not stand here: write file:PATH or env:NAME; mailer init writes"
            " such a file",
        )
    return str(written.secret(written.top, "secret_key", "file:secret.key"))


def _fail_key(written: Written, hint: str) -> NoReturn:
    written.fail(
        written.top,
        "secret_key",
        "MAILER_SECRET_KEY",
        f"{hint}; mailer init writes a file that does",
    )
