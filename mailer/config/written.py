"""What stands in mailer.toml, and in the variables and files that it leads to."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from mailer.core.errors import ConfigError
from mailer.core.saying import Verbatim, says
from mailer.core.sealed import Sealed
from mailer.core.tables import Table

FILE = "mailer.toml"
# The variables that stand in for a key, and which.
VARIABLES: Mapping[str, str] = {
    "MAILER_DATABASE_URL": "database",
    "MAILER_BASE_URL": "base_url",
    "MAILER_SECRET_KEY": "secret_key",
    "MAILER_PROVIDER": "[delivery] provider, and what lists say of theirs",
    "MAILER_ALLOW_ONLY": "[delivery] allow_only",
}
_LARGEST_SECRET = 64 * 1024  # octets
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = ("token", "password", "secret_key", "session_token", "events_key")


class Written:
    """One mailer.toml and one environment; remembers where secrets stand."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], top: Table
    ) -> None:
        """Take the folder that paths begin at, and the file's top table."""
        self.folder, self.environment, self.top = folder, environment, top
        self.secret_files: dict[Path, None] = {}  # in order, each once
        self.bare: list[str] = []

    def stand_in(self, variable: str) -> str:
        """Return what a variable says in place of a key; empty: nothing."""
        return self.environment.get(variable, "").strip()

    def fail(self, table: Table, key: str, variable: str, hint: str) -> NoReturn:
        """Raise ConfigError for a key, or for the variable that stands in for it."""
        if self.stand_in(variable):
            raise ConfigError(f"{variable} (environment): {hint}")
        table.fail(key, hint)

    def required(self, key: str) -> Table:
        """Return a table that there must be; raises ConfigError."""
        table = self.top.table(key)
        if table is None:
            self.top.fail(key, f"is missing; add a table [{key}]")
        return table

    def named(self, key: str) -> Iterator[tuple[str, str, Table]]:
        """Yield each table within a table: its name, its kind and itself."""
        table = self.top.table(key)
        for name in table.data if table else ():
            one = table.table(name) if table else None
            if one is not None:
                yield name, one.text("kind"), one

    def options(
        self, table: Table, kind: str, *, but: Collection[str]
    ) -> Mapping[str, object]:
        """Return a table's other keys; their secrets stay where they are until needed."""
        keys = [key for key in table.data if key not in but]
        for key in keys:
            self.note_secret(table, key, kind)
        return Sealed(iter(keys), lambda key: self.secret(table, key, None))

    def note_secret(self, table: Table, key: str, kind: str) -> None:
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

    def secret(self, table: Table, key: str, default: Any) -> Any:
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
                says("the environment has no %(name)s, or it is empty", name=name),
                says("set %(name)s and retry", name=name),
            )
        return self.environment[name].strip()

    def _from_file(self, table: Table, key: str, name: str) -> str:
        if not name.strip() or "\0" in name:
            table.fail(key, "write file:PATH with the path of a file")
        path = self.folder / name
        try:
            if path.exists() and not path.is_file():  # a pipe would be waited for
                table.fail(
                    key,
                    says("%(path)s is no file", path=str(path)),
                    says("write the secret into one"),
                )
            with path.open("rb") as file:
                written = file.read(_LARGEST_SECRET + 1)
            secret = written.decode("utf-8-sig").strip()
        except OSError as error:
            table.fail(
                key,
                says(
                    "cannot read %(path)s: %(why)s",
                    path=str(path),
                    why=Verbatim(error.strerror or type(error).__name__),
                ),
                says("make that file"),
            )
        except UnicodeDecodeError:
            table.fail(key, f"{path} is not UTF-8 text")
        if len(written) > _LARGEST_SECRET:
            table.fail(key, f"{path} is too large to be a secret")
        if not secret:
            table.fail(
                key,
                says("%(path)s is empty", path=str(path)),
                says("write the secret into it"),
            )
        self._note_file(name)
        return secret


def _has_password(url: str) -> bool:
    """Return whether this is an address with a password in it."""
    try:
        return "://" in url and bool(urlsplit(url).password)
    except ValueError:
        return False
