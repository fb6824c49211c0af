"""`mailer preview`, `plan`, `send`, `work`, `status`: an edition from plan to report."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.bootstrap import Project
from mailer.cli import absent, delivering, output, previews, watching
from mailer.cli.state import AsOf, Json, State
from mailer.cli.which import draft, find
from mailer.core.errors import InputError, RefusedError
from mailer.core.lists import MailingList
from mailer.pipeline import plan as planning
from mailer.ports import Standing

ListName = Annotated[str, typer.Argument(metavar="LIST", help="The list's name.")]
Edition = Annotated[
    str | None,
    typer.Option(help="The edition's date, 2019-10-07; by default the current one."),
]


def preview(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[LIST]", help="The list's name; --serve shows them all."
        ),
    ] = None,
    edition: Edition = None,
    address: Annotated[
        str | None, typer.Option("--for", help="Only what this subscriber would get.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write.")] = Path("preview"),
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail when a gate finds an error.")
    ] = False,
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Show templates and lists in a browser instead."),
    ] = False,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="On which port to --serve.")
    ] = 8010,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Write what would be sent, byte for byte: .html, .txt and .eml per variant.

    Example: mailer preview weekly --for office@example.org --out preview

    To edit templates and see them change: mailer preview --serve
    """
    state: State = context.obj
    if serve:
        from mailer.cli import desk  # noqa: PLC0415 - a web server, for this alone

        desk.serve(state, port=port, as_of=as_of)
        return
    if name is None:
        raise typer.BadParameter("name one, as in mailer preview weekly; or --serve")
    with state.project(as_of) as project:
        written = previews.write(
            project, project.mailing_list(name), edition, address, out
        )
    if as_json:
        output.emit(written)
    else:
        _show_previews(written, out)
    errors = previews.errors(written)
    if strict and errors:
        raise RefusedError(
            f"{errors} errors were found, and --strict allows none; mend the template,"
            " with mailer preview --serve beside it"
        )


def _show_previews(written: Mapping[str, Any], out: Path) -> None:
    name = written["mailing"].replace("/", "-")
    if written["variants"]:
        output.table(
            ("Version", "Place and subject", "Bytes", "Found"),
            [
                (
                    row["file"].removeprefix(f"{name}-"),
                    f"{row['place'] or 'No place'}\n{row['subject']}",
                    f"{row['bytes']:,}",
                    len(row["findings"]) or "",
                )
                for row in written["variants"]
            ],
            right=("Bytes", "Found"),
        )
    for finding, files in previews.told_once(written):
        one = files[0].removeprefix(f"{name}-")
        where = one if len(files) == 1 else f"{len(files)} versions"
        output.show(f"{finding.severity}, {finding.gate}, in {where}: {finding.words}")
        output.show(f"  {finding.where}")
    for sentence in written["left_out"]:
        output.show(sentence)
    number, skipped = len(written["variants"]), written["skipped"]
    if skipped:
        output.show(
            f"{skipped} {'group of readers has' if skipped == 1 else 'groups of readers have'}"
            " nothing to be told in this edition: no action is announced, or they know them all."
        )
    where = f" in {out}: {name}-VERSION.html, .txt and .eml" if number else ""
    output.show(
        f"{number} {'versions' if number != 1 else 'version'}{where}. Nothing was sent."
    )


def plan(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="LIST", help="Only this list.")
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Make the editions that are due, as the scheduler does; sends nothing itself.

    Example: mailer plan
    """
    state: State = context.obj
    with state.project(as_of) as project:
        lists = [project.mailing_list(name)] if name else list(project.lists.values())
        made = planning.due(lists, project.ledger, now=project.clock())
    rows = [
        {
            "mailing": f"{one.mailing.list_slug}/{one.mailing.edition}",
            "due_at": one.mailing.due_at,
            "state": one.mailing.state,
        }
        for one in made
    ]
    if as_json:
        output.emit({"planned": rows})
        return
    for row in rows:
        output.show(
            f"{row['mailing']} was due {row['due_at']:%Y-%m-%d %H:%M} UTC:"
            f" {row['state']}"
        )
    if not rows:
        output.show("No edition is due that was not made before.")


def send(
    context: typer.Context,
    name: ListName,
    edition: Edition = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say who would get what; send nothing.")
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Plan, compose and send an edition now; refuses to send it a second time.

    Example: mailer send weekly --dry-run
    """
    state: State = context.obj
    with state.project(as_of) as project:
        mailing_list = project.mailing_list(name)
        delivering.say_if_fenced(project)
        if dry_run:
            _dry_run(project, mailing_list, edition, as_json=as_json)
            return
        drafted = draft(project, mailing_list, edition)
        if not project.ledger.groups(drafted):
            why = " ".join(absent.sentences(project, drafted))
            raise RefusedError(
                f"{name} has no active subscriber, so no edition was made. {why}"
            )
        delivering.refuse_if_stopped(project)
        mailing = planning.now(
            mailing_list, project.ledger, edition=edition, now=project.clock()
        )
        standing = delivering.deliver(project, mailing)
        stop = project.instance.stopped()
    report([standing], as_json=as_json)
    _complain(standing)
    _say_what_is_left(standing, stop.reason if stop else None)


def _dry_run(
    project: Project, mailing_list: MailingList, edition: str | None, *, as_json: bool
) -> None:
    mailing = draft(project, mailing_list, edition)
    groups = project.ledger.groups(mailing)
    composition = project.composer.preview(mailing, mailing_list, groups)
    left_out = project.ledger.left_out(mailing)
    sizes = project.ledger.sizes(mailing)
    existing = project.ledger.mailing(mailing.list_slug, mailing.edition)
    found = {
        "mailing": f"{mailing.list_slug}/{mailing.edition}",
        "variants": len(composition.variants),
        "would_get_it": sum(
            n for group, n in sizes.items() if composition.assignment.get(group)
        ),
        "nothing_to_tell": sum(
            n for group, n in sizes.items() if not composition.assignment.get(group)
        ),
        "left_out": left_out,
        "on_the_list": project.people.count().get(mailing.list_slug, {}),
        "exists": existing.state if existing else None,
    }
    if as_json:
        output.emit(found)
        return
    output.show(
        f"{found['mailing']} would go to {found['would_get_it']} people in"
        f" {found['variants']} versions; {found['nothing_to_tell']} would be skipped,"
        " because there is nothing to tell them."
    )
    for sentence in absent.sentences(project, mailing):
        output.show(sentence)
    if found["exists"]:
        output.show(
            f"{found['mailing']} exists already and is {found['exists']}: mailer send"
            + (
                " would take it up."
                if found["exists"] in ("planned", "missed")
                else " would refuse."
            )
        )
    output.show("Nothing was sent.")


def work(
    context: typer.Context,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="Stop when nothing is open.")
    ] = False,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="How many workers, each a process.")
    ] = 1,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, help="Senders in each; by default as in mailer.toml."
        ),
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65_535,
            help="Serve figures to Prometheus; not with --processes.",
        ),
    ] = None,
    metrics_address: Annotated[
        str, typer.Option(help="The address of that port.")
    ] = "127.0.0.1",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Compose and send what is planned: what a worker does.

    Example: mailer work --until-idle --processes 2
    """
    state: State = context.obj
    if metrics_port and processes > 1:
        raise InputError(
            "--metrics-port: each process counts for itself; start each with a port of"
            " its own"
        )
    with state.project(as_of) as project, delivering.companions(processes - 1):
        if metrics_port:
            project.metrics(metrics_port, metrics_address)
        standings = delivering.work(project, until_idle=until_idle, threads=threads)
        stop = project.instance.stopped()
    report(standings, as_json=as_json)
    if until_idle:
        for standing in standings:
            _say_what_is_left(standing, stop.reason if stop else None)


def status(
    context: typer.Context,
    mailing: Annotated[
        str | None, typer.Argument(help="LIST/EDITION; all when left out.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Follow it until it is over.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Count the deliveries of a mailing by state; they add up to its audience.

    Example: mailer status weekly/2019-10-07 --watch
    """
    state: State = context.obj
    with state.project() as project:
        if watch:
            newest = project.ledger.every()[:1]
            for one in [find(project, mailing)] if mailing else newest:
                watching.follow(project, one, as_json=as_json)
            if as_json:
                return
        every = project.ledger.every()[:20]
        chosen = [find(project, mailing)] if mailing else every
        standings = [project.ledger.standing(one.id) for one in chosen]
        stop = delivering.say_if_stopped(project)
        delivering.say_who_is_barred(project)
        delivering.say_if_fenced(project)
    if as_json:
        stopped = stop and {"since": stop.since, "reason": stop.reason}
        shown = [{**asdict(standing), "stopped": stopped} for standing in standings]
        output.emit(shown[0] if mailing else shown)
        return
    report(standings, as_json=False)


def report(standings: Sequence[Standing], *, as_json: bool) -> None:
    """Print where mailings stand."""
    if as_json:
        shown = [asdict(standing) for standing in standings]
        output.emit(shown[0] if len(shown) == 1 else shown)
        return
    output.table(
        (
            "Mailing",
            "State",
            "Audience",
            "Sent",
            "Open",
            "Left out",
            "Trouble",
            "Versions",
        ),
        [
            (
                standing.mailing,
                standing.state,
                standing.audience,
                standing.deliveries.get("sent", 0),
                _sum(standing, "pending", "inflight", "unknown"),
                _sum(standing, "skipped", "suppressed"),
                _sum(standing, "failed", "parked"),
                standing.variants,
            )
            for standing in standings
        ],
        right=("Audience", "Sent", "Open", "Left out", "Trouble", "Versions"),
    )
    for standing in standings:
        if len(standing.carried) > 1:
            shares = standing.carried.items()
            carried = ", ".join(f"{n} through {name}" for name, n in shares)
            output.show(f"  {standing.mailing}: {carried}")
        for reason, n in standing.reasons.items():
            output.show(f"  {n} {reason}")
        if standing.reason:
            output.show(f"  {standing.mailing}: {standing.reason}")
    if not standings:
        output.say("No mailing yet; mailer send LIST makes one.")


_PARKED = "nobody knows whether some have it; mailer parked lists them"


def _sum(standing: Standing, *states: str) -> int:
    return sum(standing.deliveries.get(state, 0) for state in states)


def _complain(standing: Standing) -> None:
    if standing.state in ("paused", "unresolved"):
        raise InputError(
            f"{standing.mailing} is {standing.state}: {standing.reason or _PARKED}"
            + (
                f"; to go on: mailer resume {standing.mailing}"
                if standing.state == "paused"
                else ""
            )
        )


def _say_what_is_left(standing: Standing, stopped: str | None) -> None:
    """Say how to go on; raises RefusedError when sending was stopped meanwhile."""
    left = standing.due - standing.settled
    if standing.state != "sending" or not left:
        return
    if stopped is not None:
        raise RefusedError(
            f"{left:,} are still to be sent, because all sending was stopped:"
            f" {stopped}; to go on: mailer start, then mailer work"
        )
    output.say(f"{left:,} are still to be sent; to go on: mailer work")
