"""What people wrote, out of the records that hold it."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass


def strings(record: object) -> Iterator[str]:
    """Yield every text within a record, a mapping or a sequence."""
    if isinstance(record, str):
        yield record
    elif isinstance(record, Mapping):
        for value in record.values():
            yield from strings(value)
    elif isinstance(record, (list, tuple)):
        for value in record:
            yield from strings(value)
    elif is_dataclass(record) and not isinstance(record, type):
        for field in fields(record):
            yield from strings(getattr(record, field.name))
