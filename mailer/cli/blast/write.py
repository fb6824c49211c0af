"""`mailer blast new`, `edit`, `check`, `preview`, `test`: the words and the audience."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.adapters import addresses
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.blast import shown
from mailer.cli.state import AsOf, Json, State
from mailer.cli.which import find
from mailer.core import correction
from mailer.core.draft import Draft, parse
from mailer.core.errors import InputError, NotFoundError, RefusedError
from mailer.core.findings import errors
from mailer.core.lines import key_lines
from mailer.core.lists import Kind
from mailer.core.proposal import Proposal

Name = Annotated[str, typer.Argument(metavar="BLAST", help="EDITION, or LIST/EDITION.")]
By = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Who you are: one of [coalition] coordinators in mailer.toml.",
    ),
]
File = Annotated[
    Path, typer.Argument(metavar="FILE", help="The draft: a TOML file; see docs.")
]
_BLANK = """\
# What was wrong, and what is right. Then: mailer blast new {file} --by ADDRESS
list = "{list}"
edition = "{edition}"
corrects = "{name}"
{urgent}
[audience]                     # whoever got it, and nobody else
include = [{{ got = "{name}" }}]

[en]
headline = ["Correction:", "what was wrong"]
reason = "Our last mail got this wrong: …"
body = '''
Please tell everyone you passed it on to.
'''
"""


def new(
    context: typer.Context,
    file: File,
    by: By = "",
    correcting: Annotated[
        str | None,
        typer.Option(
            metavar="LIST/EDITION",
            help="Write a draft to FILE for those who got this mailing.",
        ),
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Keep a new draft; nothing is sent.

    Example: mailer blast new otay.toml --by ana@example.org

    To correct a mailing: mailer blast new fix.toml --correcting urgent/otay-mesa
    """
    state: State = context.obj
    with state.project(as_of) as project:
        if correcting is not None:
            _prefill(project, file, correcting)
            return
        draft, _ = read(file)
        proposal = project.proposer().new(draft, by=_named(by))
        shown.say(project, proposal, as_json=as_json)


def edit(
    context: typer.Context,
    name: Name,
    file: File,
    by: By = "",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Put another draft in its place, which voids submission and approval.

    Example: mailer blast edit otay-mesa otay.toml --by ana@example.org
    """
    state: State = context.obj
    with state.project(as_of) as project:
        draft, _ = read(file)
        proposal = project.proposer().edit(name, draft, by=_named(by))
        shown.say(project, proposal, as_json=as_json)


def check(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(metavar="BLAST", help="EDITION, or a TOML file not kept yet."),
    ],
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no link where it leads.")
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Look at words, links, message and audience, as submit does.

    Example: mailer blast check otay-mesa
    """
    state: State = context.obj
    with state.project(as_of) as project:
        lines: Mapping[str, int] = {}
        if name.endswith(".toml"):
            written, lines = read(Path(name))
            draft = project.proposer().fit(written)
        else:
            draft = project.blasts.find(name).draft
        found = project.checker(None if offline else project.web).check(draft, lines)
    if as_json:
        output.emit({"blast": draft.name, "findings": [asdict(each) for each in found]})
    else:
        shown.findings(found)
    if stopping := errors(found):
        count = output.counted(len(stopping), "error", "errors")
        raise RefusedError(f"{draft.name}: {count} to be mended first")


def preview(
    context: typer.Context,
    name: Name,
    out: Annotated[Path, typer.Option(help="Where to write.")] = Path("preview"),
    address: Annotated[
        str | None, typer.Option("--for", help="Only what this subscriber would get.")
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Write what would be sent, byte for byte: .html, .txt and .eml per language.

    Example: mailer blast preview otay-mesa --out preview
    """
    state: State = context.obj
    with state.project(as_of) as project:
        rows = _written(project, project.blasts.find(name), address, out)
    if as_json:
        output.emit({"folder": str(out), "variants": rows})
        return
    for row in rows:
        output.show(f"{out}/{row['file']}.html, .txt and .eml: {row['subject']}")
    output.show("Nothing was sent.")


def trial(
    context: typer.Context,
    name: Name,
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="Who gets it, alone.")],
    as_of: AsOf = None,
) -> None:
    """Send each language of it to one address, marked as a test.

    Example: mailer blast test otay-mesa --to ana@example.org
    """
    state: State = context.obj
    with state.project(as_of) as project:
        proposal = project.blasts.find(name)
        project.calls.try_out(proposal, to)
    output.say("Put on its way; the scheduler sends it, or: mailer work --until-idle")


def read(file: Path) -> tuple[Draft, Mapping[str, int]]:
    """Read a draft, with the lines of its keys; raises InputError."""
    try:
        words = file.read_text("utf-8-sig")
        data: Any = tomllib.loads(words)
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: not valid TOML: {error}") from None
    except RecursionError:
        raise InputError(f"{file}: is nested too deeply") from None
    except ValueError as error:
        raise InputError(
            f"{file}: holds a number that cannot be meant: {error}"
        ) from None
    lines = key_lines(words)
    return parse(data, file=str(file), lines=lines), lines


def _named(by: str) -> str:
    if not by.strip():
        raise typer.BadParameter("say who you are: --by ADDRESS")
    return by


def _prefill(project: Project, file: Path, name: str) -> None:
    """Write a draft to whoever got a mailing."""
    mailing = find(project, name)
    is_blast = project.mailing_list(mailing.list_slug).kind is Kind.BLAST
    # What is urgent was wrong in the same hurry, and no cap may keep the rest from it.
    urgent = is_blast and project.blasts.find(name).draft.is_urgent
    words = _BLANK.format(
        file=file,
        list=mailing.list_slug,
        edition=correction.name(mailing.edition),
        name=name,
        urgent="urgent = true\n" if urgent else "",
    )
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(words)
    except FileExistsError:
        raise RefusedError(f"{file} exists already; nothing was changed") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror}") from None
    output.show(f"{file} is a draft to whoever got {name}; say in it what is right.")
    if not is_blast:
        output.show("For what was wrong of an action, see mailer corrections as well.")


def _written(
    project: Project, proposal: Proposal, address: str | None, folder: Path
) -> list[dict[str, Any]]:
    from mailer.cli import previews  # noqa: PLC0415 - with the gates, for this alone

    draft = proposal.draft
    mailing = project.mailing_of(draft)
    typeset = project.typeset(proposal)
    person, variants = None, list(typeset.variants)
    if address is not None:
        number = project.people.find(addresses.spelled(address))
        found = project.ledger.reader(mailing, number) if number else None
        if found is None:
            raise NotFoundError(
                f"this address has no active subscription to {draft.list_slug};"
                " mailer why ADDRESS says more"
            )
        person, group = found
        variants = [typeset.of(group.language)]
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for variant in variants:
        file = f"{draft.list_slug}-{draft.edition}-{variant.language}"
        previewed = previews.as_sent_by(project, draft, variant, person)
        previews.keep(previewed, folder / file)
        rows.append(
            {
                "file": file,
                "language": variant.language,
                "subject": variant.subject,
                "preheader": variant.preheader,
            }
        )
    return rows
