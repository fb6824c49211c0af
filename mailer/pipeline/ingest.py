"""Sources → actions: what is new, what changed, what vanished."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.core import changes, matching
from mailer.core.errors import InputError
from mailer.core.model import Action, Draft, Flag, Reading, Rejection
from mailer.ports import ActionChanges, ActionStore

_QUARANTINE_FROM = 4  # upcoming actions; fewer may well vanish together


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an import did, and what a person should look at."""

    created: int
    updated: int
    unchanged: int
    returned: int
    missing: Sequence[str]  # labels of what vanished from the source
    sponsorships: int
    endorsers: Sequence[str]
    flagged: Sequence[Flag]
    rejected: Sequence[Rejection]
    applied: bool  # False: a dry run, or --strict met a rejected row


def ingest(
    reading: Reading,
    *,
    source: str,
    store: ActionStore,
    at: datetime,
    strict: bool = False,
    dry_run: bool = False,
    quarantine: bool = False,
) -> Report:
    """Reconcile what a source says with what is stored.

    `strict`: one rejected row, and nothing is imported. `quarantine`: a source that
    lost more than half of what is still to come changes nothing (InputError).
    """
    hold = dry_run or (strict and bool(reading.rejections))
    flags: list[Flag] = list(reading.flags)

    def decide(stored: Sequence[Action]) -> ActionChanges:
        decided, found = _compare(reading.drafts, stored, at)
        flags.extend(found)
        if quarantine:
            _refuse_collapse(source, stored, decided, at)
        return decided

    decided = store.reconcile(source, decide, call=reading.call, at=at, dry_run=hold)
    return Report(
        created=len(decided.created),
        updated=len(decided.updated),
        unchanged=len(decided.unchanged) + len(decided.returned),
        returned=len(decided.returned),
        missing=[_label(action) for action in decided.missing],
        sponsorships=sum(len(d.facts.sponsors) for d in reading.drafts),
        endorsers=reading.call.endorsers if reading.call else (),
        flagged=sorted(flags, key=lambda flag: flag.line or 0),
        rejected=reading.rejections,
        applied=not hold,
    )


def _compare(
    drafts: Sequence[Draft], stored: Sequence[Action], at: datetime
) -> tuple[ActionChanges, Sequence[Flag]]:
    matches = matching.match(drafts, stored)
    created, updated, unchanged, returned = [], [], [], []
    flags: list[Flag] = []
    for pair in matches.pairs:
        draft, action = pair.draft, pair.action
        if action is None:
            created.append(draft)
        elif draft.facts != action.facts or draft.external_id != action.external_id:
            updated.append((action, draft))
            if pair.reason is matching.Reason.MOVED:
                flags.append(_moved(draft, action))
        elif action.missing_since:
            returned.append(action)
        else:
            unchanged.append(action)
    return ActionChanges(
        created=created,
        updated=updated,
        unchanged=unchanged,
        returned=returned,
        missing=[
            action
            for action in matches.missing
            if action.missing_since is None and _ought_to_be_there(action, drafts, at)
        ],
    ), flags


def _ought_to_be_there(action: Action, drafts: Sequence[Draft], at: datetime) -> bool:
    """Tell whether a source that no longer has it has lost it.

    Many sources list only what is to come: what has passed is then not missing.
    """
    if changes.over_at(action.facts) > at:
        return True
    dates = [draft.facts.start_date for draft in drafts]
    return bool(dates) and action.facts.start_date >= min(dates)


def _moved(draft: Draft, action: Action) -> Flag:
    """Point out an action recognized although its date moved: a person should agree."""
    before, after = action.facts, draft.facts
    return Flag(
        line=draft.line,
        field="date",
        code="date-moved",
        message=(
            f"{after.place.label} was on {before.start_date}, now {after.start_date}:"
            " taken as the same action moved, because the place and the title or the"
            " sponsors agree; give it an external_id to say otherwise"
        ),
    )


def _refuse_collapse(
    source: str, stored: Sequence[Action], decided: ActionChanges, at: datetime
) -> None:
    ahead = [a for a in stored if not a.missing_since and changes.over_at(a.facts) > at]
    lost = [a for a in decided.missing if changes.over_at(a.facts) > at]
    if len(ahead) >= _QUARANTINE_FROM and len(lost) * 2 > len(ahead):
        raise InputError(
            f"source {source}: {len(lost)} of {len(ahead)} coming actions are gone at"
            " once, so nothing was changed; if that is right, run:"
            f" mailer import actions --source {source} --accept-missing"
        )


def _label(action: Action) -> str:
    return f"{action.facts.start_date} {action.facts.place.label}"
