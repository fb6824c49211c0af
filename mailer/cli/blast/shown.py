"""Blasts and findings as commands show them, to people and to machines."""

from collections.abc import Sequence
from typing import Any

from mailer.bootstrap import Project
from mailer.cli import output
from mailer.core.findings import Finding
from mailer.core.proposal import Proposal, Stage
from mailer.pipeline import describe

_NEXT = {
    Stage.DRAFT: "mailer blast check {0}, then: mailer blast submit {0} --by ADDRESS",
    Stage.SUBMITTED: "somebody else: mailer blast approve {0} --revision {1} --by ADDRESS",
    Stage.HELD: "nothing has left yet; to stop it: mailer blast stop {0}",
    Stage.STOPPED: "to go on: mailer blast resume {0} --by ADDRESS",
    Stage.CANARY: "the first few get it; to stop it: mailer blast stop {0}",
    Stage.SENDING: "to stop it: mailer blast stop {0}",
}


def row(project: Project, proposal: Proposal) -> dict[str, Any]:
    """Return a blast as JSON has it."""
    return describe.blast(proposal, project.proposer())


def say(project: Project, proposal: Proposal, *, as_json: bool) -> None:
    """Say where a blast stands, and what comes next."""
    if as_json:
        output.emit(row(project, proposal))
        return
    state = project.proposer().state(proposal)
    told = "a draft" if proposal.stage is Stage.DRAFT else state
    output.show(f"{proposal.name} is {told}{_until(proposal)}.")
    if proposal.reason:
        output.show(f"  {proposal.reason}")
    if state == "paused" and proposal.stage is not Stage.STOPPED:
        output.show(f"  to go on: mailer blast resume {proposal.name} --by ADDRESS")
    elif proposal.stage in _NEXT:
        output.show(
            f"  {_NEXT[proposal.stage].format(proposal.name, proposal.revision)}"
        )


def _until(proposal: Proposal) -> str:
    if proposal.stage is Stage.HELD and proposal.hold_until:
        return f" until {proposal.hold_until:%Y-%m-%d %H:%M:%S} UTC"
    if proposal.stage is Stage.CANARY and proposal.canary_until:
        return f"; the rest follows after {proposal.canary_until:%H:%M:%S} UTC"
    return ""


def findings(found: Sequence[Finding]) -> None:
    """Print what a check found, each by its name."""
    output.table(
        ("Name", "", "What", "Where"),
        [(each.name, each.severity.value, each.words, each.where) for each in found],
    )
