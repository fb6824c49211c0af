"""`mailer plan`, `send`, `work`, `status`: an edition from plan to report."""

from dataclasses import asdict
from typing import Annotated

import typer

from mailer.adapters.database import gauges
from mailer.bootstrap import Project
from mailer.cli import absent, delivering, output, watching
from mailer.cli.report import (
    complain,
    in_doubt,
    report,
    say_what_is_left,
    say_what_stayed,
    stayed,
)
from mailer.cli.state import AsOf, Edition, Json, State
from mailer.cli.which import draft, find
from mailer.core.errors import InputError, RefusedError
from mailer.core.lists import MailingList
from mailer.pipeline import plan as planning

_RECENT = 20  # mailings
ListName = Annotated[str, typer.Argument(metavar="LIST", help="The list's name.")]


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
            delivering.engage(project, mailing_list)
            return
        drafted = draft(project, mailing_list, edition)
        if not project.ledger.groups(drafted):
            why = " ".join(absent.sentences(project, drafted))
            raise RefusedError(
                f"{name} has no active subscriber, so no edition was made. {why}"
            )
        delivering.refuse_if_stopped(project)
        delivering.engage(project, mailing_list)  # before an edition is made
        mailing = planning.now(
            mailing_list, project.ledger, edition=edition, now=project.clock()
        )
        standing, ended = delivering.deliver(project, mailing)
        stop = project.instance.stopped()
        report([standing], as_json=as_json)
        if delivering.is_fenced(project):
            say_what_stayed(project, mailing, standing)
        complain(standing)
        say_what_is_left(project, mailing.id, standing, stop.reason if stop else None)
    if ended:
        raise typer.Exit(ended)


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
        done, ended = delivering.work(project, until_idle=until_idle, threads=threads)
        stop = project.instance.stopped()
        if done or as_json:
            report(list(done.values()), as_json=as_json)
        else:
            _say_nothing_was_open(project)
        if until_idle:
            reason = stop.reason if stop else None
            for number, standing in done.items():
                say_what_is_left(project, number, standing, reason)
            complain(*done.values())
    if ended and until_idle:
        raise typer.Exit(ended)


def _say_nothing_was_open(project: Project) -> None:
    """Say so, and what waits for a person all the same."""
    every = project.ledger.every()
    if not every:
        output.say("No mailing yet; mailer send LIST makes one.")
        return
    output.say("Nothing was open.")
    for mailing in every[:_RECENT]:
        name = f"{mailing.list_slug}/{mailing.edition}"
        if mailing.state == "unresolved":
            output.say(f"{name} waits for you: mailer parked")
        elif mailing.state == "paused":
            output.say(f"{name} is paused; to go on: mailer resume {name}")


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
        every = project.ledger.every()[:_RECENT]
        chosen = [find(project, mailing)] if mailing else every
        standings = [project.ledger.standing(one.id) for one in chosen]
        looked = bool(mailing) or delivering.is_fenced(project)  # it costs a count
        kept = [gauges.kept(project.ready, one.id) if looked else 0 for one in chosen]
        told = gauges.told(project.ready, [one.id for one in chosen])
        doubts = [
            in_doubt(project, one.id, standing)
            for one, standing in zip(chosen, standings, strict=True)
        ]
        stop = delivering.say_if_stopped(project)
        delivering.say_who_is_barred(project)
        delivering.say_if_fenced(project)
    if as_json:
        stopped = stop and {"since": stop.since, "reason": stop.reason}
        shown = [
            {
                **asdict(standing),
                **({"kept": number} if number else {}),  # in the outbox instead
                # None: who got it is not on record any more, nor what was told of them.
                "told": None if standing.pruned else told[one.id],
                "stopped": stopped,
            }
            for one, standing, number in zip(chosen, standings, kept, strict=True)
        ]
        output.emit(shown[0] if mailing else shown)
        return
    report(standings, as_json=False)
    for one, standing, number, doubt in zip(
        chosen, standings, kept, doubts, strict=True
    ):
        troubles = [f"{n:,} {what}" for what, n in told[one.id].items() if n]
        notes = (stayed(standing, number) if number else "", ", ".join(troubles), doubt)
        for note in filter(None, notes):
            output.show(f"  {standing.mailing}: {note}")
