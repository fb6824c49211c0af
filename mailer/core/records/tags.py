"""Lists of tags, `v=DKIM1; p=…`, as DKIM and DMARC records are written."""

from collections.abc import Mapping


def parse(record: str) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the tags by name in small letters, and the parts that are none.

    Names keep their first value; a later one is returned among the parts that are
    none (RFC 6376 §3.2: a name must stand only once).
    """
    found: dict[str, str] = {}
    odd: list[str] = []
    for part in record.split(";"):
        name, equals, value = (each.strip() for each in part.partition("="))
        key = name.lower()
        if not part.strip():
            continue
        if not equals or not key.isalnum() or key in found:
            odd.append(part.strip())
        else:
            found[key] = value
    return found, tuple(odd)
