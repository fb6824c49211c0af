"""The project folder on disk: its lists, and what `mailer init` lays out."""

import base64
import os
import shutil
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from mailer.core import lists
from mailer.core.errors import ConfigError, RefusedError
from mailer.core.lists import MailingList


def machine() -> str:
    """Return what tells this machine from others (machine-id(5)); may be empty."""
    for name in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            return Path(name).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            continue
    return ""


def mailing_lists(folder: Path) -> Mapping[str, MailingList]:
    """Read every `lists/*.toml`; ConfigError names the file and the key."""
    found: dict[str, MailingList] = {}
    for file in sorted((folder / "lists").glob("*.toml")):
        name = f"lists/{file.name}"
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name}: not valid TOML: {error}") from None
        except OSError as error:
            raise ConfigError(f"{name}: cannot be read: {error.strerror}") from None
        parsed = lists.parse(data, file=name, slug=file.stem)
        template = folder / "templates" / "email" / parsed.template
        if parsed.kind is lists.Kind.DIGEST and not template.is_dir():
            raise ConfigError(
                f"{name}: template: there is no templates/email/{parsed.template}"
            )
        found[parsed.slug] = parsed
    if not found:
        raise ConfigError(
            f"there is no list in {folder / 'lists'}; mailer init lays out two"
        )
    return found


def lay_out(folder: Path, *, settings: str) -> list[str]:
    """Make a project folder to edit; returns what it holds.

    Raises RefusedError when there is a mailer.toml already: nothing is overwritten.
    """
    if (folder / "mailer.toml").exists():
        raise RefusedError(f"{folder} already holds a mailer.toml; nothing was changed")
    origin = _origin()
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("lists", "templates"):
        shutil.copytree(
            origin / name,
            folder / name,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__pycache__", "*.pyc"),
        )
    shutil.copyfile(origin / "scheduler.py", folder / "scheduler.py")
    _write_key(folder / "secret.key")
    (folder / ".gitignore").write_text(
        "secret.key\noutbox/\n*.db\n*.db-shm\n*.db-wal\n", encoding="utf-8"
    )
    (folder / "mailer.toml").write_text(settings, encoding="utf-8")
    readme = folder / "README.md"
    if not readme.exists():
        readme.write_text(
            (resources.files("mailer.sample") / "project.md").read_text("utf-8"),
            encoding="utf-8",
        )
    return sorted(path.name for path in folder.iterdir())


def _write_key(path: Path) -> None:
    if path.exists():
        return
    secret = base64.b64encode(os.urandom(32)).decode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"1:{secret}\n")


def _origin() -> Path:
    """Return where the templates and lists to lay out are: in the wheel, or the clone."""
    packaged = Path(str(resources.files("mailer"))) / "project"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


def settings_template() -> str:
    """Return the commented mailer.toml that `mailer init` writes."""
    return (resources.files("mailer.sample") / "mailer.toml").read_text("utf-8")
