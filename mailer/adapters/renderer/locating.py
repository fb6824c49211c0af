"""One spelling of a template's path, wherever the project folder is."""

from pathlib import Path, PurePosixPath

_FOLDER = "templates"


def spelled(file: Path | str) -> str:
    """Return a path as people say it: "templates/email/digest/body.html".

    Jinja names files from within the folder ("email/digest/body.html"), and others
    from the root; a path that is neither comes back as it is.
    """
    parts = PurePosixPath(Path(file).as_posix()).parts
    if _FOLDER in parts:
        last = len(parts) - 1 - parts[::-1].index(_FOLDER)
        return "/".join(parts[last:])
    inside = parts[:1] and parts[0] in ("email", "web", "translations")
    return "/".join((_FOLDER, *parts)) if inside else Path(file).as_posix()
