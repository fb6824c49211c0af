"""What mailer.toml says, as it may be shown: no secret, and no whole address."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

_SECRET = re.compile(r"token|password|passwd|secret|key|credential", re.IGNORECASE)
# Tables whose keys are ours or a provider's; elsewhere keys are places and domains.
_SECRETIVE = ("", "providers", "sources")
_ADDRESSES = ("coordinators", "allow_only")


class How(StrEnum):
    """How a value is shown."""

    PLAIN = "plain"
    VARIABLE = "variable"  # the name of one, of the environment
    FILE = "file"  # the path of one, that holds a secret
    HIDDEN = "hidden"  # it stands in the file itself, and is not for a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key of mailer.toml."""

    table: str  # "delivery", "providers.main"; empty above the first table
    key: str
    how: How
    value: str  # nothing where it is hidden
    there: bool = True  # whether the variable is set, or the file can be read


def disclosed(
    data: Mapping[str, Any],
    *,
    is_set: Callable[[str], bool],
    is_there: Callable[[str], bool],
) -> Sequence[Setting]:
    """Return what a parsed mailer.toml says, key by key in its order.

    `is_set` tells of a variable, `is_there` of a file's path.
    """
    return [
        _setting(table, key, value, is_set, is_there)
        for table, key, value in _flat("", data)
    ]


def _flat(table: str, data: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    below = []
    for key, value in data.items():
        if isinstance(value, Mapping):
            below.append((f"{table}.{key}" if table else key, value))
        else:
            yield table, key, value
    for name, inner in below:
        yield from _flat(name, inner)


def _setting(
    table: str,
    key: str,
    value: Any,
    is_set: Callable[[str], bool],
    is_there: Callable[[str], bool],
) -> Setting:
    if isinstance(value, str) and value.startswith("env:"):
        name = value.removeprefix("env:")
        return Setting(
            table=table, key=key, how=How.VARIABLE, value=name, there=is_set(name)
        )
    if isinstance(value, str) and value.startswith("file:"):
        path = value.removeprefix("file:")
        return Setting(
            table=table, key=key, how=How.FILE, value=path, there=is_there(path)
        )
    if table.partition(".")[0] in _SECRETIVE and _SECRET.search(key):
        return Setting(table=table, key=key, how=How.HIDDEN, value="")
    return Setting(table=table, key=key, how=How.PLAIN, value=_shown(key, value))


def _shown(key: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(key, each) for each in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    words = str(value)
    if "://" in words:
        return _location(words)
    local, at, domain = words.rpartition("@")
    if key in _ADDRESSES and local:
        return f"{local[:1]}…{at}{domain}"
    return words


def _location(url: str) -> str:
    """Return an address without what lets somebody in: user, password, query, path.

    A calendar's private address has its secret in the path.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "…"
    if parts.scheme.startswith("sqlite"):
        return url.partition("?")[0]
    there = f"{host or ''}{f':{port}' if port else ''}"
    private = parts.username or parts.password or parts.query
    path = parts.path if parts.scheme.startswith("postgres") else ""
    more = "/…" if private or (parts.path.strip("/") and not path) else ""
    return f"{parts.scheme}://{there}{path}{more}"
