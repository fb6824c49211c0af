"""What programs are told, by the command line's --json and by the API alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from mailer.core import editions, rule as rules, snapshot
from mailer.core.accounts import Account
from mailer.core.caps import said
from mailer.core.lists import MailingList
from mailer.core.model import Action
from mailer.core.proposal import Proposal
from mailer.core.rule import Rule
from mailer.core.states import slug_name
from mailer.pipeline.propose import Proposer
from mailer.ports import Answer, Card, Fared, Standing, Terms

UNTRACKED = "Nobody is tracked: who opened it or followed a link is not known."


def blast(proposal: Proposal, proposer: Proposer) -> dict[str, Any]:
    """Return a blast as it stands; nobody's address but the coordinators'."""
    terms = proposer.terms(proposal.draft)
    return {
        "blast": proposal.name,
        "state": proposer.state(proposal),
        "stage": proposal.stage.value,
        "reason": proposal.reason,
        "subject": proposal.draft.wordings[0].subject,
        "languages": [each.language for each in proposal.draft.wordings],
        "urgent": proposal.draft.is_urgent,
        "audience": rules.say(proposal.draft.audience, region=slug_name),
        "revision": proposal.revision,
        "content": proposal.content_hash.hex(),
        "author": proposal.author,
        "editor": proposal.editor,
        "expected": proposal.expected,
        "acknowledged": list(proposal.acknowledged),
        "approver": proposal.approver,
        "approved": proposal.approved,
        "alone": proposal.alone,
        "hold_until": proposal.hold_until,
        "canary_until": proposal.canary_until,
        "not_after": proposal.draft.not_after,
        "despite_quiet_hours": proposal.draft.despite_quiet_hours,
        "caps": said(terms.caps, urgent=terms.urgent),
        "change": asdict(proposal.change) if proposal.change else None,
    }


def story(
    rows: Sequence[tuple[datetime, str, str, str]], accounts: Iterable[Account]
) -> list[dict[str, Any]]:
    """Return what happened to a blast, the oldest first; `accounts` give the names."""
    names = {each.actor: each.called for each in accounts}
    return [
        {"at": at, "by": names.get(who, who), "what": verb, "why": why}
        for at, who, verb, why in rows
    ]


def report(fared: Fared, standing: Standing | None) -> dict[str, Any]:
    """Return what became of a mailing; never who opened it."""
    return {
        **asdict(fared),
        "deliveries": standing.deliveries if standing else {},
        "reasons": standing.reasons if standing else {},
        "opens": None,
        "note": UNTRACKED,
    }


def audience(rule: Rule, card: Card, terms: Terms) -> Mapping[str, Any]:
    """Return whom a located rule means, and who of them gets a blast of a list."""
    return {
        "list": terms.list_slug,
        "rule": rules.dump(rule),
        "fingerprint": rules.fingerprint(rule).hex(),
        "words": {
            language: rules.say(rule, language, region=slug_name)
            for language in ("en", "es")
        },
        **asdict(card),
        "caps": said(terms.caps, urgent=terms.urgent),
    }


def action(action: Action, answer: Answer | None) -> dict[str, Any]:
    """Return an action, and what its host answered when asked whether it is right."""
    return {
        "host": None
        if answer is None
        else {
            "asked_for": answer.asked_for,
            "asked_at": answer.asked_at,
            "right_at": answer.right_at,
        },
        "id": action.public_id,
        "source": action.source,
        "external_id": action.external_id,
        "version": action.version,
        "missing_since": action.missing_since,
        **snapshot.dump(action.facts),
    }


def mailing_list(
    one: MailingList, counts: Mapping[str, int], at: datetime
) -> dict[str, Any]:
    """Return a list, how many are on it by state, and when its next edition is due."""
    return {
        "slug": one.slug,
        "title": dict(one.titles),
        "kind": one.kind.value,
        "active": counts.get("active", 0),
        "pending": counts.get("pending", 0),
        "ended": counts.get("ended", 0),
        "next_edition": editions.next_due(one.cadence, at).due_at
        if one.cadence
        else None,
    }
