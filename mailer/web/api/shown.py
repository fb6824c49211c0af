"""Blasts as programs see them: all of one, how it stands, or what became of it."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from mailer.core import draft as drafts
from mailer.core.proposal import Proposal
from mailer.pipeline import describe
from mailer.web.api.gate import CREATED, OK, Call, answered
from mailer.web.api.problems import ROOT

PATH = "/blasts"


def row(call: Call, proposal: Proposal) -> dict[str, Any]:
    """Return a blast as a list has it."""
    return describe.blast(proposal, call.api.proposer())


def whole(call: Call, proposal: Proposal) -> dict[str, Any]:
    """Return a blast with its words, as they would be sent back, and its story."""
    return {
        **row(call, proposal),
        "draft": drafts.dump(proposal.draft),
        "story": describe.story(
            call.api.blasts.story(proposal), call.api.accounts.every()
        ),
    }


def standing(call: Call, proposal: Proposal) -> Response:
    """Answer where a blast stands; no more, for whoever may only stop."""
    number = proposal.mailing
    in_hand = call.api.ledger.in_hand(number) if number is not None else 0
    return answered(
        {
            "blast": proposal.name,
            "state": call.api.proposer().state(proposal),
            "stage": proposal.stage.value,
            "reason": proposal.reason,
            "hold_until": proposal.hold_until,
            "in_hand": in_hand,
        }
    )


def blast(value: Mapping[str, Any], status: int = OK, **headers: str) -> Response:
    """Answer with a blast, its revision as the ETag, and its address if it is new."""
    more = {"ETag": etag(value["revision"])}
    if status == CREATED:
        more["Location"] = f"{ROOT}{PATH}/{value['blast']}"
    return answered(value, status, {**more, **headers})


def etag(revision: int) -> str:
    """Return a revision as HTTP compares it (RFC 9110 §8.8.3)."""
    return f'"{revision}"'
