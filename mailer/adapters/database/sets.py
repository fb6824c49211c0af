"""Membership in sets of any size, on both databases, with every value bound."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    any_,
    bindparam,
    exists,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from mailer.adapters.database.engine import Database


def one_of(
    database: Database,
    column: ColumnElement[int] | ColumnElement[str],
    values: Sequence[int | str],
) -> ColumnElement[bool]:
    """Tell whether a column holds one of these; ten thousand are one bound value.

    A statement takes 32,766 values on SQLite and 65,535 on PostgreSQL.
    """
    if database.is_sqlite:
        each = func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
        return column.in_(select(each.c.value))
    bound = bindparam(None, list(values), type_=ARRAY(column.type))
    return column == any_(bound)


def has(
    database: Database, person: ColumnElement[int], rows: Select[Any]
) -> ColumnElement[bool]:
    """Tell whether a person is among those that a query of numbers selects.

    SQLite asks the list first and may even begin with it. PostgreSQL would scan it anew
    for each person where it does not fit into its working memory, and is given a
    question that an index answers instead.
    """
    if database.is_sqlite:
        return person.in_(rows)
    (number,) = rows.selected_columns
    return exists(rows.where(number == person))
