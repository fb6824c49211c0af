"""The files that the pages load: ours and htmx, under names that change with them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

_SCRIPTS = ("htmx-2.0.11.min.js", "live.js", "passkeys.js", "unsaved.js")
_JAVASCRIPT, _CSS = "text/javascript", "text/css"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    content: bytes
    media_type: str


class Assets:
    """All of them, read once."""

    def __init__(self, stylesheet: bytes) -> None:
        """Take the stylesheet, which is a template of the project's."""
        folder = files("mailer.web.console") / "static"
        self.served: dict[str, Asset] = {}
        self._names: dict[str, str] = {}
        for script in _SCRIPTS:
            self._add(script, Asset((folder / script).read_bytes(), _JAVASCRIPT))
        self._add("console.css", Asset(stylesheet, _CSS))

    def _add(self, name: str, asset: Asset) -> None:
        stem, _, kind = name.rpartition(".")
        digest = hashlib.sha256(asset.content).hexdigest()[:12]
        served = f"{stem}.{digest}.{kind}"
        self.served[served] = asset
        self._names["style" if kind == "css" else stem.partition("-")[0]] = served

    @property
    def names(self) -> Mapping[str, str]:
        """Return the names under which they are served: htmx, live, passkeys, unsaved, style."""
        return self._names
