"""Settings: `mailer.toml` and the environment, read once into frozen records."""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from mailer.core import allowing, branding, caps, keys, quiet, routes
from mailer.core.allowing import AllowList
from mailer.core.branding import Branding
from mailer.core.breaker import Limits
from mailer.core.caps import Cap
from mailer.core.errors import ConfigError, InputError
from mailer.core.lists import MailingList
from mailer.core.quiet import QuietHours
from mailer.core.rates import Rate
from mailer.core.routes import Route
from mailer.core.sealed import Sealed
from mailer.core.tables import LANGUAGES, Table

FILE = "mailer.toml"
_MOST_THREADS = 64
_LARGEST_SECRET = 64 * 1024  # octets
_BASE_URL = re.compile(
    r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
    r"(?:/[A-Za-z0-9._~!$&*+,;=:@%/-]*)?",
    re.ASCII | re.IGNORECASE,
)
_DNS_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PROVIDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")  # also part of an address
_SECRET = ("token", "password", "secret_key", "session_token", "events_key")
# The variables that stand in for a key, and which.
VARIABLES: Mapping[str, str] = {
    "MAILER_DATABASE_URL": "database",
    "MAILER_BASE_URL": "base_url",
    "MAILER_SECRET_KEY": "secret_key",
    "MAILER_PROVIDER": "[delivery] provider, and what lists say of theirs",
    "MAILER_ALLOW_ONLY": "[delivery] allow_only",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalition:
    """Who speaks."""

    name: str
    postal_address: str | None = None  # required to send anywhere but the outbox
    languages: tuple[str, ...] = LANGUAGES
    note: Mapping[str, str] = field(default_factory=dict)  # language → a few sentences
    signature: Mapping[str, str] = field(default_factory=dict)  # language → words
    coordinators: tuple[str, ...] = ()  # who is told that something waits for them


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whom the mail is from."""

    name: str
    address: str
    reply_to: str | None = None
    feedback_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """One `[providers.NAME]` table; its secrets are looked up when they are needed."""

    name: str
    kind: str
    options: Mapping[str, object] = field(default_factory=dict, repr=False)
    rate: Rate | None = None  # what it takes, over all workers


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One `[sources.NAME]` table."""

    name: str
    kind: str
    options: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """What `mailer doctor` cannot find out by itself."""

    selectors: tuple[str, ...] = ()  # of the DKIM keys, where the provider's vary
    return_path: str | None = None  # the domain that bounces go to


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a project folder and the environment decide."""

    folder: Path
    database: str = field(repr=False)  # an SQLAlchemy URL; may hold a password
    base_url: str  # where the links in mail lead, without a slash at the end
    keys: Mapping[int, bytes] = field(repr=False)  # key id → secret, retired or not
    coalition: Coalition
    sender: Sender
    route: Route  # who in `providers` delivers, where a list does not say
    providers: Mapping[str, ProviderSettings]
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)  # label → gazetteer's
    rate: Rate | None = None  # of the provider, where its own table names none
    domains: Mapping[str, Rate] = field(default_factory=dict)  # receiving domains
    branding: Branding = field(default_factory=Branding)
    threads: int = 1  # senders in one process
    breaker: Limits = field(default_factory=Limits)  # when a mailing pauses itself
    wake: str = "polling"  # how idle workers learn of new work
    keep: timedelta = timedelta(weeks=26)  # how long it is on record who got what
    insisted: bool = False  # the environment names the provider, for all lists
    allow_only: AllowList | None = None  # who may be mailed; None: everybody
    caps: tuple[Cap, ...] = ()  # how many blasts one person gets; urgent ones aside
    quiet_hours: QuietHours | None = None  # on the clocks of readers
    counted_from: int = 200  # people; above it an approver types how many
    doctor: Doctor = field(default_factory=Doctor)
    secret_files: tuple[Path, ...] = ()  # every file: that a secret is read from
    bare: tuple[str, ...] = ()  # tables and keys that hold a secret itself
    variables: tuple[str, ...] = ()  # of the environment, that stand in for a key
    retired: frozenset[int] = frozenset()  # of the keys, those whose links are refused

    @property
    def link_keys(self) -> Mapping[int, bytes]:
        """Return the keys by which links are read; the newest signs."""
        return {
            number: secret
            for number, secret in self.keys.items()
            if number not in self.retired
        }

    @property
    def provider(self) -> str:
        """Return the name of the provider that carries most of the mail."""
        return self.route.main

    def route_of(self, mailing_list: MailingList) -> Route:
        """Return who carries a list's mail; raises ConfigError if nobody can."""
        if self.insisted or mailing_list.route is None:
            return self.route
        file = Table({}, f"lists/{mailing_list.slug}.toml")
        routes.check(file, mailing_list.route, self.providers)
        return mailing_list.route


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
    return _Reading(folder, environment, Table(data, FILE)).settings()


class _Reading:
    """Reads one mailer.toml against one environment."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], top: Table
    ) -> None:
        self.folder, self.environment, self.top = folder, environment, top
        self.secret_files: dict[Path, None] = {}  # in order, each once
        self.bare: list[str] = []

    def settings(self) -> Settings:
        top = self.top
        providers = {
            name: ProviderSettings(
                name=name,
                kind=kind,
                rate=table.rate("rate"),
                options=self._options(table, kind, but=("kind", "rate")),
            )
            for name, kind, table in self._named("providers")
        }
        self._refuse_names(providers.values())
        held = self._keys()
        delivery = top.table("delivery") or Table({}, FILE, "delivery.")
        route, insisted = self._route(delivery, providers)
        settings = Settings(
            folder=self.folder,
            database=self._database(),
            base_url=self._base_url(),
            keys=held.secrets,
            retired=held.retired,
            coalition=self._coalition(),
            sender=self._sender(),
            route=route,
            insisted=insisted,
            providers=providers,
            sources={
                name: SourceSettings(
                    name=name,
                    kind=kind,
                    options=self._options(table, kind, but=("kind",)),
                )
                for name, kind, table in self._named("sources")
            },
            places=self._places(),
            rate=delivery.rate("rate"),
            domains=self._domains(delivery),
            branding=self._branding(),
            threads=self._threads(delivery),
            breaker=self._breaker(delivery),
            wake=delivery.choice("wake", ["polling", "procrastinate"], "polling"),
            keep=delivery.duration("keep", default="26 weeks"),
            doctor=self._doctor(),
            allow_only=self._allow_only(delivery),
            caps=self._caps(delivery),
            quiet_hours=self._quiet_hours(delivery),
            counted_from=delivery.integer("counted_from", default=200, low=0),
        )
        delivery.refuse_unknown()
        top.refuse_unknown()
        return replace(
            settings,
            secret_files=tuple(self.secret_files),
            bare=tuple(self.bare),
            variables=tuple(
                each for each in VARIABLES if self._environment_or(each, "")
            ),
        )

    def _refuse_names(self, providers: Iterable[ProviderSettings]) -> None:
        """Refuse names that lead nowhere as part of an address."""
        for each in providers:
            if not _PROVIDER.fullmatch(each.name):
                raise ConfigError(
                    f'{FILE}: [providers."{each.name}"]: a provider\'s name is part of'
                    " the address that it tells of events: write it with 40 letters,"
                    " digits, hyphens and underscores at most"
                )

    def _route(
        self, delivery: Table, providers: dict[str, ProviderSettings]
    ) -> tuple[Route, bool]:
        """Return who delivers, and whether the environment says so.

        The outbox need not be described.
        """
        written = routes.read(delivery)
        insisted = self._environment_or("MAILER_PROVIDER", "")
        route = (
            Route(shares={insisted: 1})
            if insisted
            else written or Route(shares={"outbox": 1})
        )
        if "outbox" in route.names and "outbox" not in providers:
            providers["outbox"] = ProviderSettings(name="outbox", kind="outbox")
        if insisted and insisted not in providers:
            self._fail(
                delivery,
                "provider",
                "MAILER_PROVIDER",
                f"there is no [providers.{insisted}]; there is"
                f" {', '.join(providers) or 'none at all'}",
            )
        routes.check(delivery, route, providers)
        return route, bool(insisted)

    def _allow_only(self, delivery: Table) -> AllowList | None:
        """Return who may be mailed; an empty list says nobody, none says everybody."""
        entries = delivery.raw("allow_only", None)
        if insisted := self._environment_or("MAILER_ALLOW_ONLY", ""):
            entries = insisted.replace(",", " ").split()
        if entries is None:
            return None
        hint = 'must be a list such as ["@ours.example", "me@example.org"]'
        if not isinstance(entries, list):
            delivery.fail("allow_only", hint)
        try:
            return allowing.parse(entries)
        except (AttributeError, InputError):  # AttributeError: it is no text
            self._fail(delivery, "allow_only", "MAILER_ALLOW_ONLY", hint)

    def _environment_or(self, variable: str, value: str) -> str:
        return self.environment.get(variable, "").strip() or value

    def _fail(self, table: Table, key: str, variable: str, hint: str) -> NoReturn:
        """Raise ConfigError for a key, or for the variable that stands in for it."""
        if self.environment.get(variable, "").strip():
            raise ConfigError(f"{variable} (environment): {hint}")
        table.fail(key, hint)

    def _database(self) -> str:
        if url := self._environment_or("MAILER_DATABASE_URL", ""):
            self.top.known.add("database")
            return url
        if "database" in self.top.data:
            self._note_secret(self.top, "database", "")
        url = self._secret(self.top, "database", "sqlite:///mailer.db")
        if not isinstance(url, str) or not url.strip():
            self.top.fail(
                "database",
                'must be an address in quotes, such as "sqlite:///mailer.db"',
            )
        return url.strip()

    def _base_url(self) -> str:
        """Return the address that links in mail begin with; it stands in headers."""
        url = self._environment_or("MAILER_BASE_URL", "")
        url = url or self.top.text("base_url")
        self.top.known.add("base_url")
        try:
            parts = urlsplit(url)
            usable = parts.port != 0 and bool(parts.hostname)
        except ValueError:  # a port that is no number, a bracket that never closes
            usable = False
        if not usable or not _BASE_URL.fullmatch(url):
            # Not shown: it may hold a password.
            self._fail(
                self.top,
                "base_url",
                "MAILER_BASE_URL",
                'must be written as "https://mail.example.org", perhaps with a port'
                " and a path; without a user, a query or a fragment, in ASCII (a host"
                " outside it as xn--…)",
            )
        return url.rstrip("/")

    def _coalition(self) -> Coalition:
        table = self._required("coalition")
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
            signature=table.by_language("signature")
            if "signature" in table.data
            else {},
            coordinators=table.addresses("coordinators"),
        )
        table.known |= {"note", "signature"}
        table.refuse_unknown()
        return coalition

    def _branding(self) -> Branding:
        table = self.top.table("brand") or Table({}, FILE, "brand.")
        return branding.parse(table, lambda name: (self.folder / name).read_bytes())

    def _sender(self) -> Sender:
        table = self._required("sender")
        sender = Sender(
            name=table.line("name"),
            address=table.address("address"),
            reply_to=table.address("reply_to", None),
            feedback_id=table.line("feedback_id", None),
        )
        table.refuse_unknown()
        return sender

    def _required(self, key: str) -> Table:
        table = self.top.table(key)
        if table is None:
            self.top.fail(key, f"is missing; add a table [{key}]")
        return table

    def _named(self, key: str) -> Iterator[tuple[str, str, Table]]:
        """Yield each table within a table: its name, its kind and itself."""
        table = self.top.table(key)
        for name in table.data if table else ():
            one = table.table(name) if table else None
            if one is not None:
                yield name, one.text("kind"), one

    def _options(
        self, table: Table, kind: str, *, but: Collection[str]
    ) -> Mapping[str, object]:
        """Return a table's other keys; their secrets stay where they are until needed."""
        keys = [key for key in table.data if key not in but]
        for key in keys:
            self._note_secret(table, key, kind)
        return Sealed(iter(keys), lambda key: self._secret(table, key, None))

    def _note_secret(self, table: Table, key: str, kind: str) -> None:
        """Remember a secret that the file holds itself, or the file that does."""
        value = table.data[key]
        if not isinstance(value, str) or value.startswith("env:"):
            return
        if value.startswith("file:"):
            self._note_file(value.removeprefix("file:"))
            return
        public = (kind, key) == ("sendgrid", "events_key")  # it only verifies
        if (key in _SECRET and not public) or _has_password(value):
            self.bare.append(table.shown(key))

    def _note_file(self, name: str) -> None:
        if name.strip() and "\0" not in name:
            self.secret_files[self.folder / name] = None

    def _breaker(self, delivery: Table) -> Limits:
        """Return the shares of bad outcomes at which a mailing pauses itself."""
        table = delivery.table("breaker") or Table({}, FILE, "delivery.breaker.")
        usual = Limits()
        limits = Limits(
            attempts=table.integer("attempts", default=usual.attempts, low=1),
            hard=table.share("hard", default=usual.hard),
            complained=table.share("complained", default=usual.complained),
            blocked=table.share("blocked", default=usual.blocked),
            domain_attempts=table.integer(
                "domain_attempts", default=usual.domain_attempts, low=1
            ),
        )
        table.refuse_unknown()
        return limits

    def _caps(self, delivery: Table) -> tuple[Cap, ...]:
        """Return how many blasts a person gets at most; nothing is no limit."""
        written = delivery.raw("caps", [])
        found = [
            caps.parse(each) if isinstance(each, str) else None
            for each in (written if isinstance(written, list) else [written])
        ]
        known = [cap for cap in found if cap is not None]
        if len(known) < len(found):
            delivery.fail("caps", caps.HINT)
        return tuple(dict.fromkeys(known))

    def _quiet_hours(self, delivery: Table) -> QuietHours | None:
        written = delivery.text("quiet_hours", None)
        hours = quiet.parse(written) if written is not None else None
        if written is not None and hours is None:
            delivery.fail("quiet_hours", quiet.HINT)
        return hours

    def _threads(self, delivery: Table) -> int:
        threads = delivery.integer("threads", default=1, low=1)
        if threads > _MOST_THREADS:
            delivery.fail("threads", f"must be {_MOST_THREADS} at most")
        return threads

    def _domains(self, delivery: Table) -> Mapping[str, Rate]:
        """Read how fast each receiving domain is written to, by its name."""
        table = delivery.table("domains")
        found: dict[str, Rate] = {}
        for name in table.data if table else ():
            rate = table.rate(name) if table else None
            if rate is not None:
                found[name.lower()] = rate
        return found

    def _doctor(self) -> Doctor:
        table = self.top.table("doctor")
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

    def _places(self) -> Mapping[str, str]:
        table = self.top.table("places")
        return {label: table.text(label) for label in table.data} if table else {}

    def _secret(self, table: Table, key: str, default: Any) -> Any:
        """Look up `env:NAME` and `file:PATH`; any other value stands for itself."""
        value = table.raw(key, default)
        if not isinstance(value, str):
            return value
        if value.startswith("env:"):
            return self._from_environment(table, key, value.removeprefix("env:"))
        if value.startswith("file:"):
            return self._from_file(table, key, value.removeprefix("file:"))
        return value

    def _from_environment(self, table: Table, key: str, name: str) -> str:
        if not _VARIABLE.fullmatch(name):  # not shown: it may be the secret itself
            table.fail(key, "write env:NAME with the name of an environment variable")
        if not self.environment.get(name, "").strip():
            table.fail(
                key,
                f"the environment has no {name}, or it is empty; set {name} and retry",
            )
        return self.environment[name].strip()

    def _from_file(self, table: Table, key: str, name: str) -> str:
        if not name.strip() or "\0" in name:
            table.fail(key, "write file:PATH with the path of a file")
        path = self.folder / name
        try:
            if path.exists() and not path.is_file():  # a pipe would be waited for
                table.fail(key, f"{path} is no file; write the secret into one")
            with path.open("rb") as file:
                written = file.read(_LARGEST_SECRET + 1)
            secret = written.decode("utf-8-sig").strip()
        except OSError as error:
            table.fail(key, f"cannot read {path}: {error.strerror}; make that file")
        except UnicodeDecodeError:
            table.fail(key, f"{path} is not UTF-8 text")
        if len(written) > _LARGEST_SECRET:
            table.fail(key, f"{path} is too large to be a secret")
        if not secret:
            table.fail(key, f"{path} is empty; write the secret into it")
        self._note_file(name)
        return secret

    def _keys(self) -> keys.Keys:
        written = self._environment_or("MAILER_SECRET_KEY", "") or self._key_file()
        self.top.known.add("secret_key")
        try:
            return keys.parse(written)
        except InputError as error:
            self._fail_key(str(error))

    def _key_file(self) -> str:
        reference = self.top.text("secret_key", "file:secret.key")
        if not reference.startswith(("env:", "file:")):
            self.top.fail(
                "secret_key",
                "must not stand here: write file:PATH or env:NAME; mailer init writes"
                " such a file",
            )
        return str(self._secret(self.top, "secret_key", "file:secret.key"))

    def _fail_key(self, hint: str) -> NoReturn:
        self._fail(
            self.top,
            "secret_key",
            "MAILER_SECRET_KEY",
            f"{hint}; mailer init writes a file that does",
        )


def _has_password(url: str) -> bool:
    """Return whether this is an address with a password in it."""
    try:
        return "://" in url and bool(urlsplit(url).password)
    except ValueError:
        return False
