"""Drafts of blasts, revision by revision, and what people decide about them."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Text,
    cast,
    delete,
    exists,
    select,
    update,
)

from mailer.adapters.database import audit
from mailer.adapters.database.actors import recorded
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    audit as audit_rows,
    blast_recipients,
    blasts,
    lists,
    mailings,
)
from mailer.core import draft as drafts
from mailer.core.draft import Draft
from mailer.core.errors import InputError, NotFoundError
from mailer.core.proposal import EDITABLE, OVER, Change, Proposal, Stage
from mailer.core.refusal import NotMovedError, Why

_CLOCK = "tick"  # who moves a blast on when its time has come
_VOID: Mapping[str, Any] = {
    "submitter": None,
    "submitted_at": None,
    "expected": None,
    "words_hash": None,
    "approver": None,
    "approved_at": None,
    "approved_hash": None,
    "approved": None,
    "alone": False,
    "told": False,
    "reason": None,
    "hold_until": None,
    "quiet": None,
    "change": None,
}


class SqlDrafts:
    """The part of the port Blasts that is about drafts and decisions."""

    def __init__(self, database: Database, secret: bytes) -> None:
        """Take the secret from which each mailing's own is made."""
        self._database = database
        self._secret = secret

    def create(self, draft: Draft, *, by: str, at: datetime) -> Proposal:
        """Keep a new draft; raises RefusedError if its name is taken."""
        number = select(lists.c.number).where(lists.c.slug == draft.list_slug)
        with self._database.writing() as connection:
            sent = connection.scalar(
                select(mailings.c.id)
                .join(lists, lists.c.number == mailings.c.list_number)
                .where(
                    lists.c.slug == draft.list_slug, mailings.c.edition == draft.edition
                )
            )
            made = None
            if sent is None:
                made = connection.scalar(
                    self._database.insert(blasts)
                    .values(
                        list_number=number.scalar_subquery(),
                        edition=draft.edition,
                        stage=Stage.DRAFT.value,
                        revision=1,
                        author=by,
                        created_at=at,
                        acknowledged=[],
                        **_words(draft, by, at),
                    )
                    .on_conflict_do_nothing()
                    .returning(blasts.c.id)
                )
            if made is None:
                raise NotMovedError(
                    Why.TAKEN,
                    f"{draft.name} exists already; choose another edition, or change it"
                    f" with: mailer blast edit {draft.name} FILE",
                )
            tell(connection, draft.name, by, "new", at=at, detail={"revision": 1})
        return self._numbered(made)

    def find(self, name: str) -> Proposal:
        """Return the one named LIST/EDITION or EDITION alone; raises NotFoundError."""
        slug, _, edition = name.rpartition("/")
        query = proposals().where(blasts.c.edition == edition)
        found = self._read(query.where(lists.c.slug == slug) if slug else query)
        if not found:
            raise NotFoundError(
                f'there is no blast "{name}"; mailer blast list shows them'
            )
        if len(found) > 1:
            names = " or ".join(each.name for each in found)
            raise NotFoundError(f'"{name}" may be {names}; write which one')
        return found[0]

    def every(
        self,
        stages: Collection[Stage] = (),
        *,
        most: int | None = None,
        before: int | None = None,
    ) -> Sequence[Proposal]:
        """Return those in these stages, the newest first; without any, all."""
        query = proposals().order_by(blasts.c.id.desc()).limit(most)
        if stages:
            query = query.where(blasts.c.stage.in_(stages))
        return self._read(
            query if before is None else query.where(blasts.c.id < before)
        )

    def editions(self) -> Collection[str]:
        """Return the names that are taken, without their lists."""
        with self._database.reading() as connection:
            return set(connection.scalars(select(blasts.c.edition).distinct()))

    def edit(
        self, proposal: Proposal, draft: Draft, *, by: str, at: datetime
    ) -> Proposal | None:
        """Keep another draft in its place: a new revision, approved by nobody.

        Reasons that were given stay, to be offered when it is submitted anew.
        """
        values = {
            **_VOID,
            **_words(draft, by, at),
            "stage": Stage.DRAFT.value,
            "revision": blasts.c.revision + 1,
        }
        with self._database.writing() as connection:
            if not self._move(connection, proposal, EDITABLE, values):
                return None
            forget_recipients(connection, proposal.number)
            detail: dict[str, Any] = {"revision": proposal.revision + 1}
            if proposal.stage is not Stage.DRAFT:
                detail["voids"] = proposal.stage.value
            tell(connection, proposal.name, by, "edit", at=at, detail=detail)
        return self._numbered(proposal.number)

    def submit(
        self,
        proposal: Proposal,
        *,
        by: str,
        expected: int,
        words: bytes,
        acknowledged: Mapping[str, str],
        at: datetime,
    ) -> bool:
        """Ask for an approval by somebody else; `acknowledged` are names and reasons."""
        values = {
            **_VOID,
            "stage": Stage.SUBMITTED.value,
            "submitter": by,
            "submitted_at": at,
            "expected": expected,
            "words_hash": words,
            "acknowledged": dict(sorted(acknowledged.items())),
        }
        again = frozenset((Stage.DRAFT, Stage.SUBMITTED))
        with self._database.writing() as connection:
            if not self._move(connection, proposal, again, values, as_asked(proposal)):
                return False
            detail = {"expected": expected, "acknowledged": _reasoned(acknowledged)}
            tell(connection, proposal.name, by, "submit", at=at, detail=detail)
        return True

    def stop(self, proposal: Proposal, *, by: str, reason: str, at: datetime) -> bool:
        """Stop the clock of a hold: nothing leaves until somebody goes on."""
        values = {"stage": Stage.STOPPED.value, "hold_until": None, "reason": reason}
        with self._database.writing() as connection:
            if not self._move(
                connection, proposal, (Stage.HELD,), values, any_revision=True
            ):
                return False
            tell(
                connection, proposal.name, by, "stop", at=at, detail={"reason": reason}
            )
        return True

    def go_on(
        self, proposal: Proposal, *, by: str, hold_until: datetime, at: datetime
    ) -> bool:
        """Begin a hold anew that was stopped."""
        values = {"stage": Stage.HELD.value, "hold_until": hold_until, "reason": None}
        with self._database.writing() as connection:
            if not self._move(connection, proposal, (Stage.STOPPED,), values):
                return False
            tell(connection, proposal.name, by, "resume", at=at, detail={})
        return True

    def close(
        self, proposal: Proposal, stage: Stage, *, by: str, reason: str, at: datetime
    ) -> bool:
        """End it for good, as cancelled, expired or done.

        It is not done as long as its mailing is under way: somebody may have resent.
        """
        values: dict[str, Any] = {"stage": stage.value}
        if reason:
            values["reason"] = reason
        going_on = frozenset(Stage) - OVER
        is_over = (~is_sending(),) if stage is Stage.DONE else ()
        with self._database.writing() as connection:
            # Locked first: the mailing is then read as whoever resends has left it.
            mine = select(blasts.c.id).where(blasts.c.id == proposal.number)
            connection.execute(mine.with_for_update())
            if not self._move(
                connection, proposal, going_on, values, *is_over, any_revision=True
            ):
                return False
            forget_recipients(connection, proposal.number)
            detail = {"reason": reason} if reason else {}
            tell(connection, proposal.name, by, stage.value, at=at, detail=detail)
        return True

    def hinder(self, proposal: Proposal, *, reason: str) -> None:
        """Say why an approved one does not go out although its time has come."""
        with self._database.writing() as connection:
            self._move(connection, proposal, (Stage.HELD,), {"reason": reason})

    def told(self, proposal: Proposal) -> None:
        """Take note that those know who must: of its submission, or a lone approval."""
        with self._database.writing() as connection:
            connection.execute(
                update(blasts)
                .where(
                    blasts.c.id == proposal.number,
                    blasts.c.revision == proposal.revision,
                    # What was told of one step is not told of the next.
                    blasts.c.stage == proposal.stage.value,
                    as_asked(proposal),
                    blasts.c.approved_at.is_not_distinct_from(proposal.approved_at),
                )
                .values(told=True)
            )

    def story(self, proposal: Proposal) -> Sequence[tuple[datetime, str, str, str]]:
        """Return what happened to it: when, by whom (account), what, why."""
        query = (
            audit.rows()
            .where(audit_rows.c.object == _thing(proposal.name))
            .order_by(audit_rows.c.id)
        )
        with self._database.reading() as connection:
            return [
                (row.happened_at, row.actor, row.verb, _said(audit.told(row.detail)))
                for row in connection.execute(query)
            ]

    def _move(
        self,
        connection: Connection,
        proposal: Proposal,
        stages: Collection[Stage],
        values: Mapping[str, Any],
        *conditions: ColumnElement[bool],
        any_revision: bool = False,
    ) -> bool:
        """Change a blast that is where it was seen; False if it is not."""
        if not any_revision:
            conditions += (blasts.c.revision == proposal.revision,)
        moved = connection.execute(
            update(blasts)
            .where(
                blasts.c.id == proposal.number,
                blasts.c.stage.in_([stage.value for stage in stages]),
                *conditions,
            )
            .values(values)
        )
        return bool(moved.rowcount)

    def _numbered(self, number: int) -> Proposal:
        return self._read(proposals().where(blasts.c.id == number))[0]

    def _read(self, query: Select[Any]) -> Sequence[Proposal]:
        with self._database.reading() as connection:
            return [to_proposal(row) for row in connection.execute(query).mappings()]


def _words(draft: Draft, by: str, at: datetime) -> Mapping[str, Any]:
    return {
        "draft": drafts.dump(draft),
        "content_hash": drafts.content_hash(draft),
        "not_after": draft.not_after,
        "editor": by,
        "edited_at": at,
    }


def proposals() -> Select[Any]:
    """Select blasts, each with the name of its list."""
    # As text: of one that is damaged the others would not be fetched either.
    kept = [
        cast(each, Text).label(each.name) if each.name in _AS_JSON else each
        for each in blasts.c
    ]
    return select(*kept, lists.c.slug).join(
        lists, lists.c.number == blasts.c.list_number
    )


def to_proposal(row: RowMapping) -> Proposal:
    """Return the blast in a row of `proposals`; a damaged one as it stands for it."""
    values = {name: row[name] for name in _AS_KEPT}
    try:
        said = _said_by(row)
    except _DAMAGED as error:
        name = f"{row['slug']}/{row['edition']}"
        why = (
            f"blast {name}: what is kept of it cannot be read ({_short(error)}); write it"
            f" anew: mailer blast edit {name} FILE, or end it: mailer blast cancel {name}"
        )
        draft = drafts.unread(
            row["slug"], row["edition"], why, not_after=row["not_after"]
        )
        said, values["reason"] = {"draft": draft}, why
    return Proposal(
        number=row["id"],
        list_number=row["list_number"],
        content_hash=bytes(row["content_hash"]),
        stage=Stage(row["stage"]),
        mailing=row["mailing_id"],
        **values,
        **said,
    )


def _said_by(row: RowMapping) -> dict[str, Any]:
    """Return what is kept as JSON, which another version may have written."""
    draft, acknowledged = json.loads(row["draft"]), json.loads(row["acknowledged"])
    change = json.loads(row["change"] or "null")
    if isinstance(acknowledged, list):  # as it was kept before anybody gave a reason
        acknowledged = dict.fromkeys(acknowledged, "")
    return {
        "draft": drafts.parse(draft, file=f"blast {row['slug']}/{row['edition']}"),
        "change": Change(**change) if change else None,
        "acknowledged": tuple(acknowledged),
        "reasons": {name: reason for name, reason in acknowledged.items() if reason},
    }


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


_AS_JSON = ("draft", "change", "acknowledged")
_DAMAGED = (
    InputError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
)
_AS_KEPT = (
    "revision",
    "author",
    "editor",
    "edited_at",
    "submitter",
    "submitted_at",
    "expected",
    "approver",
    "approved_at",
    "approved",
    "alone",
    "told",
    "reason",
    "hold_until",
    "canary_until",
)


def _thing(name: str) -> str:
    return f"blast {name}"


def tell(
    connection: Connection,
    name: str,
    by: str | None,
    verb: str,
    *,
    at: datetime,
    detail: Mapping[str, Any],
) -> None:
    """Add to the story; who it was stands there by account, else masked."""
    audit.record(
        connection,
        at=at,
        actor=recorded(connection, by) if by else _CLOCK,
        verb=verb,
        thing=_thing(name),
        detail=detail,
    )


def _said(detail: Mapping[str, Any]) -> str:
    """Return the detail of an audit row in one line."""
    return "; ".join(
        str(value) if key in ("reason", "change") else f"{key} {_listed(value)}"
        for key, value in detail.items()
        if value not in (None, [], "", False)
    )


def _reasoned(acknowledged: Mapping[str, str]) -> list[str]:
    """Return warnings as the story tells them: "mailed-lately (it cannot wait)"."""
    return [
        f"{name} ({reason})" if reason else name
        for name, reason in sorted(acknowledged.items())
    ]


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def forget_recipients(connection: Connection, number: int) -> None:
    """Let go of whom an approval was about: it is void, or what it was for is done."""
    connection.execute(
        delete(blast_recipients).where(blast_recipients.c.blast_id == number)
    )


def as_asked(proposal: Proposal) -> ColumnElement[bool]:
    """Whether nobody has submitted a blast since it was seen."""
    return blasts.c.submitted_at.is_not_distinct_from(proposal.submitted_at)


def is_sending() -> ColumnElement[bool]:
    """Whether a blast's mailing has not been paused or cancelled."""
    return exists().where(
        mailings.c.id == blasts.c.mailing_id, mailings.c.state == "sending"
    )
