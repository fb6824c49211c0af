"""Actions from a CSV file with our column names, or names that mean the same."""

from dataclasses import replace
from pathlib import Path

from mailer.adapters.sources.columns import KNOWN, SYNONYMS, column_flags
from mailer.adapters.sources.rows import read_rows
from mailer.adapters.sources.table import read_table
from mailer.adapters.sources.text import encoding_flags
from mailer.core.model import Reading
from mailer.ports import Gazetteer


class CsvSource:
    """A CSV file of actions; `default_zone` serves places whose zone nobody knows."""

    def __init__(
        self, path: Path, *, gazetteer: Gazetteer, default_zone: str | None = None
    ) -> None:
        self._path, self._gazetteer, self._zone = path, gazetteer, default_zone

    def read(self) -> Reading:
        """Read all rows; raises InputError when the file is no table of actions."""
        table = read_table(self._path, synonyms=SYNONYMS, known=KNOWN)
        reading = read_rows(
            table.rows,
            file=table.file,
            columns=table.columns,
            gazetteer=self._gazetteer,
            default_zone=self._zone,
        )
        flags = column_flags(table.unknown, table.columns)
        flags += encoding_flags(guessed=table.guessed)
        return replace(
            reading,
            flags=flags + reading.flags,
            rejections=table.rejections + reading.rejections,
        )
