"""Settings: `mailer.toml` and the environment, read once into frozen records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalition:
    """Who speaks."""

    name: str
    postal_address: str | None = None  # required to send anywhere but the outbox
    languages: tuple[str, ...] = ("en", "es")
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
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One `[sources.NAME]` table."""

    name: str
    kind: str
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a project folder and the environment decide."""

    folder: Path
    database: str  # an SQLAlchemy URL
    base_url: str  # where the links in mail lead, without a slash at the end
    keys: Mapping[int, bytes]  # key id → secret
    coalition: Coalition
    sender: Sender
    provider: str  # the one in `providers` that delivers
    providers: Mapping[str, ProviderSettings]
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)  # label → gazetteer's
    default_region: str | None = None
