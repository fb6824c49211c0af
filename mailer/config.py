"""Settings: `mailer.toml` and the environment, read once into frozen records."""

import base64
import binascii
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mailer.core.errors import ConfigError
from mailer.core.tables import LANGUAGES, Table

FILE = "mailer.toml"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalition:
    """Who speaks."""

    name: str
    postal_address: str | None = None  # required to send anywhere but the outbox
    languages: tuple[str, ...] = LANGUAGES
    note: Mapping[str, str] = field(default_factory=dict)  # language → a few sentences
    signature: Mapping[str, str] = field(default_factory=dict)  # language → words


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whom the mail is from."""

    name: str
    address: str
    reply_to: str | None = None
    feedback_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """One `[providers.NAME]` table, its secrets already looked up."""

    name: str
    kind: str
    options: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One `[sources.NAME]` table."""

    name: str
    kind: str
    options: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a project folder and the environment decide."""

    folder: Path
    database: str = field(repr=False)  # an SQLAlchemy URL; may hold a password
    base_url: str  # where the links in mail lead, without a slash at the end
    keys: Mapping[int, bytes] = field(repr=False)  # key id → secret
    coalition: Coalition
    sender: Sender
    provider: str  # the one in `providers` that delivers
    providers: Mapping[str, ProviderSettings]
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)  # label → gazetteer's


def load(folder: Path, environment: Mapping[str, str]) -> Settings:
    """Read the settings of a project folder; ConfigError names file and key."""
    file = folder / FILE
    if not file.is_file():
        raise ConfigError(
            f"there is no {FILE} in {folder}; make a project with: mailer init DIR,"
            " or name one with --project DIR"
        )
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{FILE}: not valid TOML: {error}") from None
    return _Reading(folder, environment, Table(data, FILE)).settings()


class _Reading:
    """Reads one mailer.toml against one environment."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], top: Table
    ) -> None:
        self.folder, self.environment, self.top = folder, environment, top

    def settings(self) -> Settings:
        top = self.top
        providers = self._named("providers", ProviderSettings)
        delivery = top.table("delivery") or Table({}, FILE, "delivery.")
        provider = self._overridden("MAILER_PROVIDER", delivery.text("provider", None))
        provider = provider or "outbox"
        if provider == "outbox" and "outbox" not in providers:
            providers["outbox"] = ProviderSettings(name="outbox", kind="outbox")
        if provider not in providers:
            delivery.fail(
                "provider",
                f"there is no [providers.{provider}]; there is {', '.join(providers)}",
            )
        settings = Settings(
            folder=self.folder,
            database=self._overridden(
                "MAILER_DATABASE_URL",
                self._secret(top, "database", "sqlite:///mailer.db"),
            ),
            base_url=self._base_url(),
            keys=self._keys(),
            coalition=self._coalition(),
            sender=self._sender(),
            provider=provider,
            providers=providers,
            sources=self._named("sources", SourceSettings),
            places=self._places(),
        )
        delivery.refuse_unknown()
        top.refuse_unknown()
        return settings

    def _overridden(self, variable: str, value: Any) -> Any:
        return self.environment.get(variable) or value

    def _base_url(self) -> str:
        url = self._overridden("MAILER_BASE_URL", self.top.text("base_url"))
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            self.top.fail("base_url", f'write "https://mail.example.org", not "{url}"')
        if parts.query or parts.fragment:
            self.top.fail("base_url", "must not have a query or a fragment")
        return str(url).rstrip("/")

    def _coalition(self) -> Coalition:
        table = self._required("coalition")
        languages = table.raw("languages", list(LANGUAGES))
        if (
            not isinstance(languages, list)
            or not languages
            or not set(languages) <= set(LANGUAGES)
        ):
            table.fail("languages", f"must be some of {', '.join(LANGUAGES)}")
        coalition = Coalition(
            name=table.text("name"),
            postal_address=table.text("postal_address", None),
            languages=tuple(languages),
            note=table.titles("note") if "note" in table.data else {},
            signature=table.titles("signature") if "signature" in table.data else {},
        )
        table.known |= {"note", "signature"}
        table.refuse_unknown()
        return coalition

    def _sender(self) -> Sender:
        table = self._required("sender")
        sender = Sender(
            name=table.text("name"),
            address=table.text("address"),
            reply_to=table.text("reply_to", None),
            feedback_id=table.text("feedback_id", None),
        )
        table.refuse_unknown()
        return sender

    def _required(self, key: str) -> Table:
        table = self.top.table(key)
        if table is None:
            self.top.fail(key, f"is missing; add a table [{key}]")
        return table

    def _named(self, key: str, record: Any) -> dict[str, Any]:
        table = self.top.table(key)
        found: dict[str, Any] = {}
        for name in table.data if table else ():
            one = table.table(name) if table else None
            if one is None:
                continue
            kind = one.text("kind")
            options = {
                option: self._secret(one, option, None)
                for option in one.data
                if option != "kind"
            }
            found[name] = record(name=name, kind=kind, options=options)
        return found

    def _places(self) -> Mapping[str, str]:
        table = self.top.table("places")
        return {label: table.text(label) for label in table.data} if table else {}

    def _secret(self, table: Table, key: str, default: Any) -> Any:
        """Look up `env:NAME` and `file:PATH`; any other value stands for itself."""
        value = table.raw(key, default)
        if not isinstance(value, str):
            return value
        if value.startswith("env:"):
            name = value.removeprefix("env:")
            if name not in self.environment:
                table.fail(key, f"the environment has no {name}")
            return self.environment[name]
        if value.startswith("file:"):
            path = self.folder / value.removeprefix("file:")
            try:
                return path.read_text(encoding="utf-8").strip()
            except OSError as error:
                table.fail(key, f"cannot read {path}: {error.strerror}")
        return value

    def _keys(self) -> Mapping[int, bytes]:
        written = self.environment.get("MAILER_SECRET_KEY") or self._secret(
            self.top, "secret_key", "file:secret.key"
        )
        keys: dict[int, bytes] = {}
        for line in str(written).split():
            number, _, encoded = line.partition(":")
            try:
                secret = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                secret = b""
            if not number.isdecimal() or int(number) > 255 or len(secret) < _KEY_BYTES:  # noqa: PLR2004 - one byte in a token
                self.top.fail(
                    "secret_key",
                    "each line must be NUMBER:BASE64 of at least 32 random bytes;"
                    " mailer init writes such a file",
                )
            keys[int(number)] = secret
        if not keys:
            self.top.fail("secret_key", "is empty; mailer init writes such a file")
        return keys
