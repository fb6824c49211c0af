"""`mailer demo`: the main job on real data, into a local outbox."""

import shutil
import sys
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.adapters import files
from mailer.adapters.database import migrate
from mailer.bootstrap import Project
from mailer.cli import delivering, intake, output
from mailer.cli.state import Json, State, clock
from mailer.cli.web import open_pages
from mailer.core.errors import RefusedError
from mailer.pipeline import plan

_MARK = ".mailer-demo"  # only a folder that we made is ever made anew
_AS_OF = datetime(2019, 10, 7, 15, 0, tzinfo=UTC)  # Monday, 8:00 in Los Angeles
_YEAR = 2019
_LIST = "weekly"


def demo(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Option("--dir", help="Where to play; made anew each time.")
    ] = Path("demo"),
    serve: Annotated[
        bool, typer.Option("--serve", help="Open the pages behind the links, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Import 27 real actions of October 2019 and send one weekly edition to an outbox.

    Example: mailer demo --serve
    """
    state: State = context.obj
    folder = folder.resolve()
    _lay_out(folder)
    project = Project(folder, _local(state), clock(_AS_OF))
    try:
        report = _run(project)
        if as_json:
            output.emit(report)
        else:
            _tell(folder, report)
        if serve:
            open_pages(project, "127.0.0.1", 8000)
    finally:
        project.close()


def _local(state: State) -> dict[str, str]:
    """Return the environment without what would lead out of the demo folder."""
    return {k: v for k, v in state.environment.items() if not k.startswith("MAILER_")}


def _lay_out(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise RefusedError(
                f"{folder} is not empty and was not made by mailer demo; name another"
                " with --dir"
            )
        shutil.rmtree(folder)
    files.lay_out(folder, settings=_sample("demo.toml"))
    (folder / _MARK).touch()


def _sample(name: str) -> str:
    return (resources.files("mailer.sample") / name).read_text("utf-8")


def _run(project: Project) -> dict[str, Any]:
    migrate.upgrade(project.database)
    folder = project.folder / "sources"
    folder.mkdir()
    for name in ("october-2019.txt", "organizations.csv", "subscribers.csv"):
        (folder / name).write_text(_sample(name), encoding="utf-8")
    output.say("Reading 27 actions; the gazetteer takes a few seconds to load.")
    actions = intake.actions(
        project, folder / "october-2019.txt", kind="page", year=_YEAR
    )
    intake.organizations(project, folder / "organizations.csv")
    people = intake.subscribers(project, folder / "subscribers.csv", _LIST)
    mailing_list = project.mailing_list(_LIST)
    made = plan.now(mailing_list, project.ledger, edition=None, now=project.clock())
    standing, ended = delivering.deliver(project, made)
    if ended:
        raise typer.Exit(ended)
    project.fleet.close()
    return {
        "folder": str(project.folder),
        "actions": {
            "created": actions.created,
            "sponsorships": actions.sponsorships,
            "flagged": len(actions.flagged),
        },
        "subscribers": people["created"],
        "mailing": standing.mailing,
        "deliveries": dict(standing.deliveries),
        "reasons": dict(standing.reasons),
        "variants": standing.variants,
        "outbox": str(project.folder / "outbox" / "index.html"),
    }


def _tell(folder: Path, report: dict[str, Any]) -> None:
    actions, sent = report["actions"], report["deliveries"]["sent"]
    here = Path.cwd()
    shown = folder.relative_to(here) if folder.is_relative_to(here) else folder
    output.show(
        f"\n{actions['created']} actions with {actions['sponsorships']} sponsorships"
        f" read from a pasted web page; {actions['flagged']} things flagged for a"
        " person to look at."
    )
    output.show(
        f"{report['subscribers']} subscribers; {report['mailing']} went to {sent} of"
        f" them in {report['variants']} versions, in English and Spanish."
    )
    for reason, n in report["reasons"].items():
        output.show(f"  {n} {reason}")
    output.heading("\nLook at")
    output.show(f"  {shown}/outbox/index.html         every message, in a browser")
    output.show(f"  {shown}/lists/weekly.toml         to whom and when")
    output.show(f"  {shown}/templates/email/digest/   what it looks like")
    mailer = f"{_program()} --project {shown}"
    output.heading("Then try")
    for command, what in (
        ("web --as-of 2019-10-07", "the pages behind the links"),
        (
            f"send {_LIST} --as-of {_AS_OF:%Y-%m-%dT%H:%M:%SZ}",  # a day is its UTC start
            "refused: nobody is mailed twice",
        ),
        ("organizations --suggest", "names that may be one organization"),
        ("status", "the ledger"),
    ):
        output.show(f"  {mailer} {command}\n      {what}")


def _program() -> str:
    """Return how this program was called, as far as one can type it again."""
    here = Path(sys.argv[0])
    if here.name != "mailer":
        return "mailer"
    if shutil.which("mailer") == str(here.resolve()):
        return "mailer"
    local = here.resolve()
    return str(
        local.relative_to(Path.cwd()) if local.is_relative_to(Path.cwd()) else local
    )
