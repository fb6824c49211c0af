"""The keys of one `[providers.NAME]` table, each asked for once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from mailer.config import ProviderSettings
from mailer.core.errors import ConfigError, InputError
from mailer.core.headers import wire_address
from mailer.core.saying import says


class Options:
    """Reads options; a ConfigError names the file and the key, never a secret."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._name = settings.name
        self._values = settings.options
        self._asked: set[str] = set()

    def error(self, key: str, fault: str, remedy: str = "") -> ConfigError:
        """Return the error to raise for this key."""
        return ConfigError.of(
            f"mailer.toml: [providers.{self._name}] ", key, fault, remedy
        )

    def text(self, key: str, default: str | None = None) -> str | None:
        """Return a text, trimmed."""
        value = self._value(key)
        if value is None:
            return default
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, says("must be text in quotes"))
        return value.strip()

    def secret(self, key: str) -> str:
        """Return a text that must be there and fit in a header: visible ASCII."""
        value = self.text(key)
        if value is None:
            raise self.error(
                key, says("is missing"), says('write %(key)s = "env:NAME"', key=key)
            )
        if not (value.isascii() and value.isprintable() and " " not in value):
            raise self.error(
                key, says("holds a space or a character that no token has")
            )
        return value

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        """Return one of these words."""
        value = self.text(key, default) or default
        if value not in allowed:
            raise self.error(
                key,
                says(
                    "%(value)s is none of %(known)s",
                    value=f'"{value}"',
                    known=", ".join(allowed),
                ),
            )
        return value

    def number(self, key: str, default: float, *, low: float, high: float) -> float:
        """Return a number within these bounds."""
        value = self._value(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, says("must be a number, without quotes"))
        if not low <= value <= high:
            raise self.error(
                key,
                says(
                    "must be from %(low)s to %(high)s, not %(value)s",
                    low=f"{low:g}",
                    high=f"{high:g}",
                    value=f"{value:g}",
                ),
            )
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._value(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.error(key, says("must be true or false, without quotes"))
        return value

    def url(self, key: str, default: str) -> str:
        """Return an http(s) address without a slash at the end."""
        value = self.text(key, default) or default
        if not _leads_to_a_server(value):
            raise self.error(  # not shown: it may hold a password
                key,
                says(
                    'must be an address such as "https://api.example.org", without a'
                    " user or a password"
                ),
            )
        return value.rstrip("/")

    def address(self, key: str) -> str | None:
        """Return a bare mail address."""
        value = self.text(key)
        try:
            return value and wire_address(key, value).decode("ascii")
        except InputError as error:
            raise self.error(
                key, says("must be an address such as name@example.org")
            ) from error

    def file(self, key: str, folder: Path) -> str | None:
        """Return the path of a file that exists, from the project folder."""
        value = self.text(key)
        if value is None:
            return None
        path = folder / value
        if not path.is_file():
            raise self.error(
                key,
                says('there is no file "%(name)s" in the project folder', name=value),
            )
        return str(path)

    def leave(self, *keys: str) -> None:
        """Let these keys stand: somebody else reads them."""
        self._asked.update(keys)

    def refuse_unknown(self) -> None:
        """Raise for a key that nothing has asked for: it is a slip of the pen."""
        known = self._asked | {"kind", "rate"}
        for key in self._values:
            if key not in known:
                raise self.error(
                    key,
                    says("is not known here"),
                    says(
                        "take it out, or write one of: %(known)s",
                        known=", ".join(sorted(known)),
                    ),
                )

    def _value(self, key: str) -> object:
        self._asked.add(key)
        return self._values.get(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What every provider is made of."""

    name: str  # of its table in mailer.toml
    options: Options = field(repr=False)
    folder: Path  # of the project; relative paths start here
    clock: Callable[[], datetime]


def _leads_to_a_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and parts.port != 0
        )
    except ValueError:  # a port that is no number, a bracket that never closes
        return False
