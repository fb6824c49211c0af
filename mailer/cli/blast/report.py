"""`mailer blast show` and `list`: where blasts stand, and what became of them."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.blast import shown
from mailer.cli.blast.write import Name
from mailer.cli.state import AsOf, Json, State
from mailer.core.proposal import Proposal, Stage
from mailer.pipeline import describe
from mailer.ports import Fared, Standing

_KINDS = ("delivered", "hard", "soft", "block", "complained", "deferred")


def show(
    context: typer.Context, name: Name, as_of: AsOf = None, as_json: Json = False
) -> None:
    """Show a blast: its story, where it stands, and what became of it.

    Who opened it or followed a link is not in it: nobody is tracked.
    Example: mailer blast show otay-mesa
    """
    state: State = context.obj
    with state.project(as_of) as project:
        proposal = project.blasts.find(name)
        row = shown.row(project, proposal)
        story = describe.story(
            project.blasts.story(proposal), project.console.accounts.every()
        )
        standing = fared = None
        if proposal.mailing is not None:
            standing = project.ledger.standing(proposal.mailing)
            fared = project.blasts.fared(proposal)
        if as_json:
            report = fared and describe.report(fared, standing)
            output.emit({**row, "story": story, "report": report})
            return
        _show(project, proposal, row)
    output.table(
        ("When (UTC)", "Who", "What", ""),
        [
            (f"{each['at']:%Y-%m-%d %H:%M:%S}", each["by"], each["what"], each["why"])
            for each in story
        ],
    )
    if fared and standing:
        _show_report(fared, standing)


def every(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that are over.")
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """List the blasts that are not over, the newest first.

    Example: mailer blast list --all
    """
    state: State = context.obj
    over = (Stage.DONE, Stage.CANCELLED, Stage.EXPIRED)
    stages = () if everything else [stage for stage in Stage if stage not in over]
    with state.project(as_of) as project:
        rows = [shown.row(project, each) for each in project.blasts.every(stages)]
    if as_json:
        output.emit(rows)
        return
    output.table(
        ("Blast", "State", "People", "Subject"),
        [
            (
                row["blast"],
                row["state"],
                row["approved"] or row["expected"],
                row["subject"],
            )
            for row in rows
        ],
        right=("People",),
    )
    if not rows:
        output.say("No blast is on its way; mailer blast new FILE begins one.")


def _show(project: Project, proposal: Proposal, row: Mapping[str, Any]) -> None:
    shown.say(project, proposal, as_json=False)
    output.show(f"Subject: {row['subject']}")
    output.show(f"Audience: {row['audience']}")
    for label, key in (
        ("Submitted for", "expected"),
        ("Approved for", "approved"),
        ("Not after", "not_after"),
        ("Content", "content"),
    ):
        if row[key] is not None:
            output.show(f"{label}: {row[key]}")
    if proposal.draft.despite_quiet_hours:
        output.show(f"Despite quiet hours: {proposal.draft.despite_quiet_hours}")
    if row["caps"]:
        output.show(row["caps"])
    if proposal.change is not None:
        output.show(f"{str(proposal.change).capitalize()}.")


def _show_report(fared: Fared, standing: Standing) -> None:
    open_ones = standing.due - standing.settled
    output.show(f"{fared.sent:,} sent, {open_ones:,} open, {fared.left:,} left since.")
    for reason, n in standing.reasons.items():
        output.show(f"  {n:,} {reason}")
    for title, rows in (("Domain", fared.domains), ("State", fared.regions)):
        if rows:
            output.table(
                (title, "Sent", *(kind.capitalize() for kind in _KINDS)),
                [
                    (
                        name or "not known",
                        sum(counts.values()),
                        *(counts.get(kind, 0) for kind in _KINDS),
                    )
                    for name, counts in rows
                ],
                right=("Sent", *(kind.capitalize() for kind in _KINDS)),
            )
    output.show(describe.UNTRACKED)
