"""What addresses of pages name: numbers, and where a long list goes on."""

from starlette.exceptions import HTTPException

from mailer.web.console.door import Visit

AT_ONCE = 50  # rows of one page of a list
_MOST_DIGITS = 18  # of a number that a database holds
_NOT_FOUND = 404


def number(visit: Visit, name: str = "number") -> int:
    """Return the number in a page's address; raises HTTPException 404 for none."""
    found = read(str(visit.request.path_params[name]))
    if found is None:
        raise HTTPException(_NOT_FOUND)
    return found


def read(written: str | None) -> int | None:
    """Return a number as it was written into an address or a form, if it is one."""
    words = written or ""
    if words.isascii() and words.isdigit() and len(words) <= _MOST_DIGITS:
        return int(words)
    return None


def asked(visit: Visit, name: str, most: int = 200) -> str:
    """Return what an address asks for under a name, on one line."""
    return " ".join(visit.request.query_params.get(name, "")[:most].split())


def line(typed: str, most: int) -> str:
    """Return what was typed on one line; empty if it is none, or longer than `most`."""
    words = " ".join(typed.split())
    return words if len(words) <= most and words.isprintable() else ""
