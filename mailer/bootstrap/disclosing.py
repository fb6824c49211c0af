"""A project's mailer.toml as the pages may show it."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from mailer.config import FILE
from mailer.core.disclosing import Setting, disclosed


def settings(folder: Path, environment: Mapping[str, str]) -> Sequence[Setting]:
    """Return what the file says now, without its secrets."""

    def is_there(path: str) -> bool:
        try:
            return (folder / path).is_file()
        except (OSError, ValueError):
            return False

    return disclosed(
        tomllib.loads((folder / FILE).read_text(encoding="utf-8-sig")),
        is_set=lambda name: bool(environment.get(name, "").strip()),
        is_there=is_there,
    )
