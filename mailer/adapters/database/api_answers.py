"""What was done for requests that carry a key: each key once, for a day."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Delete, and_, delete, select, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import api_answers
from mailer.ports import Repeated, Reply

_KEPT = timedelta(days=1)


class SqlAnswers:
    """The port Answers over a table, in which each key of a token is UNIQUE."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, token: int, key: str, asked: bytes, *, at: datetime
    ) -> Repeated | None:
        """Take a key for a request of this hash; or return what is known under it."""
        values = {"token_id": token, "key": key, "asked": asked, "asked_at": at}
        with self._database.writing() as connection:
            connection.execute(_over(at))
            taken = connection.scalar(
                self._database.insert(api_answers)
                .values(values)
                .on_conflict_do_nothing(index_elements=["token_id", "key"])
                .returning(api_answers.c.id)
            )
            if taken is not None:
                return None
            row = connection.execute(
                select(api_answers).where(_keyed(token, key))
            ).one_or_none()
        if row is None:  # somebody has just given it back
            return Repeated(same=True, answered=None)
        answered = None if row.status is None else Reply(row.status, row.body)
        return Repeated(same=bytes(row.asked) == asked, answered=answered)

    def keep(self, token: int, key: str, answered: Reply) -> None:
        """Keep what was answered, for whoever asks again."""
        with self._database.writing() as connection:
            connection.execute(
                update(api_answers)
                .where(_keyed(token, key))
                .values(status=answered.status, body=answered.body)
            )

    def forget(self, token: int, key: str) -> None:
        """Let the key be used again: nothing was done under it."""
        with self._database.writing() as connection:
            connection.execute(
                delete(api_answers).where(
                    _keyed(token, key), api_answers.c.status.is_(None)
                )
            )

    def sweep(self, *, at: datetime) -> None:
        """Forget what was answered more than a day ago."""
        with self._database.writing() as connection:
            connection.execute(_over(at))


def _over(at: datetime) -> Delete:
    return delete(api_answers).where(api_answers.c.asked_at <= at - _KEPT)


def _keyed(token: int, key: str) -> ColumnElement[bool]:
    return and_(api_answers.c.token_id == token, api_answers.c.key == key)
