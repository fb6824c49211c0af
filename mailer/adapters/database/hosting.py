"""Hosts of actions: what their links show and change, and what they were asked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    and_,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from mailer.adapters.database import audit, proposing
from mailer.adapters.database.actions import SqlActions
from mailer.adapters.database.engine import Database
from mailer.adapters.database.publishing import current, to_posted
from mailer.adapters.database.readers import masked
from mailer.adapters.database.schema import (
    action_versions,
    actions,
    hosts,
    subscribers,
    suppressions,
)
from mailer.core import snapshot
from mailer.core.model import Action, ActionStatus, Contact
from mailer.core.requests import Request
from mailer.core.sharing.submission import SOURCE, ShownTo, Submission, load
from mailer.ports import Answer, Changed, Host, Hosted

BY = "host"  # who records the versions that a link makes
_LOT = 500  # hosts; databases take some thousand values in a statement
_OFF = [status.value for status in ActionStatus if status.is_off]


class SqlHosts:
    """The port Hosts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._actions = SqlActions(database)

    def accept(self, request: Request, *, by: str, at: datetime) -> Action | None:
        """List what waits in a request, and close that, in one transaction."""
        submission = load(request.facts["submission"])
        with self._database.writing() as connection:
            person = proposing.settle(connection, request, by=by, at=at)
            if person is None:
                return None
            number = self._actions.create(
                connection, submission.draft(request.public_id), source=SOURCE, at=at
            )
            connection.execute(
                insert(hosts).values(
                    action_id=number,
                    subscriber_id=person,
                    since=at,
                    looked_at=at,
                    **_wishes(submission),
                )
            )
            made = connection.execute(current().where(actions.c.id == number))
            return to_posted(made.mappings().one()).action

    def listed(self, uid: bytes, request: Request) -> int | None:
        """Return the action that a request has become."""
        query = (
            select(actions.c.id)
            .join(hosts, hosts.c.action_id == actions.c.id)
            .join(subscribers, subscribers.c.id == hosts.c.subscriber_id)
            .where(
                actions.c.source == SOURCE,
                actions.c.external_id == request.public_id,
                subscribers.c.uid == uid,
            )
        )
        with self._database.reading() as connection:
            found: int | None = connection.scalar(query)
        return found

    def sent(self, uid: bytes, number: int) -> Request | None:
        """Return what a host sent last."""
        with self._database.reading() as connection:
            return proposing.latest(connection, uid, number)

    def amend(
        self, uid: bytes, number: int, submission: Submission, *, at: datetime
    ) -> Changed:
        """Send it anew."""
        with self._database.writing() as connection:
            return proposing.amend(connection, uid, number, submission, at=at)

    def withdraw(self, uid: bytes, number: int, *, at: datetime) -> bool:
        """Take it back."""
        with self._database.writing() as connection:
            return proposing.withdraw(connection, uid, number, at=at)

    def hosted(self, uid: bytes, action_id: int) -> Hosted | None:
        """Return an action as its host sees it."""
        with self._database.reading() as connection:
            row = connection.execute(_hosted(uid, action_id)).mappings().first()
        return _to_hosted(row) if row else None

    def change(
        self,
        uid: bytes,
        action_id: int,
        submission: Submission,
        *,
        version: int,
        at: datetime,
        by: str = BY,
    ) -> Changed:
        """Put an action right, and keep what it was for an undo."""
        with self._database.writing() as connection:
            row = _locked(connection, uid, action_id)
            if row is None or row["version"] != version:
                return Changed.STALE
            hosted = _to_hosted(row)
            before = _submission(hosted)
            # Only a host's own press says that they have looked at it.
            looked_at = at if by == BY else row["looked_at"]
            if submission == before:
                _look(connection, row, looked_at)
                return Changed.SAME
            became = self._actions.revise(
                connection,
                hosted.action,
                submission.draft(hosted.action.external_id),
                by=by,
                at=at,
            )
            kept = {
                "version": version,
                "became": became,
                "contact": asdict(before.contact),
                "shown_to": before.shown_to.value,
            }
            _look(connection, row, looked_at, before=kept, **_wishes(submission))
            off = submission.facts.status.is_off and not before.facts.status.is_off
            verb = "cancel" if off else "change"
            _record(connection, hosted.action, verb, at, by=by)
        return Changed.DONE

    def undo(self, uid: bytes, action_id: int, *, version: int, at: datetime) -> bool:
        """Bring back what was before the host's last change, as a new version."""
        with self._database.writing() as connection:
            row = _locked(connection, uid, action_id)
            if row is None or version != row["version"] or not _is_undoable(row):
                return False
            action, before = _to_hosted(row).action, row["before"]
            facts = connection.execute(
                select(action_versions.c.facts).where(
                    action_versions.c.action_id == action.id,
                    action_versions.c.version == before["version"],
                )
            ).scalar_one()
            was = Submission(
                facts=snapshot.load(facts),
                contact=Contact(**before["contact"]),
                shown_to=ShownTo(before["shown_to"]),
            )
            self._actions.revise(
                connection, action, was.draft(action.external_id), by=BY, at=at
            )
            _look(connection, row, at, before=None, **_wishes(was))
            _record(connection, action, "undo", at)
        return True

    def confirm(self, uid: bytes, action_id: int, *, at: datetime) -> bool:
        """Take note that the host says it is still right."""
        with self._database.writing() as connection:
            row = _locked(connection, uid, action_id)
            if row is None:
                return False
            _look(connection, row, at)
            _record(connection, _to_hosted(row).action, "confirm", at)
        return True

    def to_ask(
        self, edition: str, *, since: datetime, begins: datetime, until: datetime
    ) -> Sequence[Host]:
        """Return whom to ask before an edition, in one query."""
        query = (
            _with_hosts()
            .outerjoin(
                suppressions,
                suppressions.c.address_hash == subscribers.c.address_hash,
            )
            .where(
                suppressions.c.reason.is_(None),
                actions.c.over_at > begins,
                actions.c.starts_at < until,
                actions.c.status.not_in(_OFF),
                hosts.c.looked_at <= since,
                or_(hosts.c.asked_at.is_(None), hosts.c.asked_at <= since),
                or_(hosts.c.asked_for.is_(None), hosts.c.asked_for != edition),
            )
            .order_by(actions.c.id, subscribers.c.id)
        )
        with self._database.reading() as connection:
            return [
                Host(
                    uid=bytes(row["uid"]),
                    language=row["language"],
                    action=to_posted(row).action,
                )
                for row in connection.execute(query).mappings()
            ]

    def asked(self, asked: Sequence[Host], edition: str, *, at: datetime) -> None:
        """Take note that these were asked, some hundreds in a statement."""
        pairs = [(host.action.id, host.uid) for host in asked]
        for start in range(0, len(pairs), _LOT):
            self._asked(pairs[start : start + _LOT], edition, at)

    def _asked(
        self, pairs: Sequence[tuple[int, bytes]], edition: str, at: datetime
    ) -> None:
        with self._database.writing() as connection:
            chosen = (
                select(hosts.c.action_id, hosts.c.subscriber_id)
                .join(subscribers, subscribers.c.id == hosts.c.subscriber_id)
                .where(tuple_(hosts.c.action_id, subscribers.c.uid).in_(pairs))
            )
            key = tuple_(hosts.c.action_id, hosts.c.subscriber_id)
            connection.execute(
                update(hosts)
                .where(key.in_(chosen))
                .values(asked_for=edition, asked_at=at)
            )

    def answers(self, at: datetime) -> Mapping[int, Answer]:
        """Return what became of the last question about each action to come."""
        query = (
            select(
                hosts.c.action_id,
                hosts.c.asked_for,
                hosts.c.asked_at,
                func.max(hosts.c.looked_at)
                .over(partition_by=hosts.c.action_id)
                .label("looked_at"),
            )
            .join(actions, actions.c.id == hosts.c.action_id)
            .where(actions.c.over_at > at, hosts.c.asked_at.is_not(None))
            .order_by(hosts.c.asked_at)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return {
            row.action_id: Answer(
                asked_for=row.asked_for,
                asked_at=row.asked_at,
                right_at=_instant(row.looked_at, row.asked_at),
            )
            for row in rows
        }

    def reachable(self, public_id: str) -> Contact | None:
        """Return the contact that its host lets everybody see, with the address."""
        query = (
            select(actions.c.contact, subscribers.c.address)
            .join(hosts, hosts.c.action_id == actions.c.id)
            .join(subscribers, subscribers.c.id == hosts.c.subscriber_id)
            .where(
                actions.c.public_id == public_id,
                hosts.c.shown_to == ShownTo.EVERYBODY,
            )
            .order_by(hosts.c.since)
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return replace(Contact(**row.contact), email=row.address) if row else None


def _instant(looked_at: datetime, asked_at: datetime) -> datetime | None:
    return looked_at if looked_at >= asked_at else None


def _with_hosts() -> Select[Any]:
    return (
        current()
        .add_columns(
            actions.c.contact,
            subscribers.c.uid,
            subscribers.c.address,
            subscribers.c.language,
            *(hosts.c[name] for name in _OWN),
        )
        .join(hosts, hosts.c.action_id == actions.c.id)
        .join(subscribers, subscribers.c.id == hosts.c.subscriber_id)
    )


_OWN = ("subscriber_id", "shown_to", "looked_at", "asked_at", "before")


def _hosted(uid: bytes, action_id: int) -> Select[Any]:
    return _with_hosts().where(actions.c.id == action_id, subscribers.c.uid == uid)


def _locked(connection: Connection, uid: bytes, action_id: int) -> RowMapping | None:
    """Read it, and let nobody else change the action until this one is done."""
    query = _hosted(uid, action_id).with_for_update(of=actions)
    return connection.execute(query).mappings().first()


def _to_hosted(row: RowMapping) -> Hosted:
    return Hosted(
        action=to_posted(row).action,
        contact=Contact(**row["contact"]),
        shown_to=ShownTo(row["shown_to"]),
        uid=bytes(row["uid"]),
        language=row["language"],
        masked_address=masked(row["address"]),
        looked_at=row["looked_at"],
        asked_at=row["asked_at"],
        undoable=_is_undoable(row),
    )


def _is_undoable(row: RowMapping) -> bool:
    """Tell whether nothing happened to it since its host's last change."""
    return bool(row["before"]) and row["before"]["became"] == row["version"]


def _submission(hosted: Hosted) -> Submission:
    return Submission(
        facts=hosted.action.facts, contact=hosted.contact, shown_to=hosted.shown_to
    )


def _wishes(submission: Submission) -> dict[str, Any]:
    return {
        "shown_to": submission.shown_to.value,
        "connect": submission.contact.consent_connect,
    }


def _look(connection: Connection, row: RowMapping, at: datetime, **values: Any) -> None:
    """Note that the host has looked at it, and what else is new of them."""
    connection.execute(
        update(hosts)
        .where(
            and_(
                hosts.c.action_id == row["id"],
                hosts.c.subscriber_id == row["subscriber_id"],
            )
        )
        .values(looked_at=at, **values)
    )


def _record(
    connection: Connection, action: Action, verb: str, at: datetime, *, by: str = BY
) -> None:
    audit.record(
        connection,
        at=at,
        actor=by,
        verb=verb,
        thing=f"action {action.public_id}",
        detail={"version": action.version},
    )
