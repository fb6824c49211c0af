"""`mailer doctor`: what would keep mail from arriving, and the way out."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Annotated

import typer

from mailer.adapters.database import health
from mailer.adapters.http import Http
from mailer.adapters.providers import registry
from mailer.adapters.visiting import Visitor
from mailer.bootstrap import Project
from mailer.cli import diagnosis, output
from mailer.cli.state import Json, State
from mailer.config import ProviderSettings
from mailer.core.diagnosis import Finding, Severity, Told, Topic, softened
from mailer.core.errors import ConfigError
from mailer.core.lists import MailingList
from mailer.core.tokens import Purpose
from mailer.pipeline.examine import everything, written
from mailer.pipeline.examine.rounds import Question, ask_all

_SECONDS = 15.0  # for all questions together
_CONNECT, _READ, _CALL = 3.0, 5.0, 6.0  # seconds, of each visit


def doctor(
    context: typer.Context,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask nobody outside this machine.")
    ] = False,
    resolver: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS[:PORT]",
            help="Ask this DNS server, not the machine's own.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what would keep mail from arriving: settings, DNS, links, provider, database.

    Changes nothing and mails nobody. Exits with 1 if anything fails.

    Example: mailer doctor
    """
    state: State = context.obj
    findings = _examined(state, offline=offline, resolver=resolver)
    if as_json:
        output.emit(diagnosis.document(findings))
    else:
        diagnosis.show(findings)
    if any(finding.severity is Severity.FAIL for finding in findings):
        raise typer.Exit(1)


def _examined(
    state: State, *, offline: bool, resolver: str | None
) -> Sequence[Finding]:
    try:
        with state.project() as project:
            return _project(project, offline=offline, resolver=resolver)
    except ConfigError as error:
        told = Told(Topic.SETTINGS, "project")
        return [told.fail(str(error), "no command works until it is mended")]


def _project(
    project: Project, *, offline: bool, resolver: str | None
) -> Sequence[Finding]:
    settings, lists = project.settings, project.lists
    provider = settings.providers[settings.provider]
    carrier = _carrier(project, provider)
    usable = carrier.severity is not Severity.FAIL
    with ExitStack() as stack:
        world = _world(project, provider if usable else None, resolver, stack)
        questions = [
            *_near(project, lists),
            *everything.questions(settings, lists, provider, world),
        ]
        answers = ask_all(questions, seconds=_SECONDS, offline=offline)
    findings = [
        *written.examine(settings, lists),
        *written.secrets(settings.secret_files),
        carrier,
        *answers,
    ]
    return softened(findings) if provider.kind == "outbox" else findings


def _carrier(project: Project, provider: ProviderSettings) -> Finding:
    """Look whether the provider can be made from its table."""
    told = Told(Topic.PROVIDER, f"[providers.{provider.name}]")
    if provider.kind == "outbox":
        return told.note(
            "the outbox: mail is written to files, and nothing is sent",
            "",
            "to send, fill in a provider's table, and name it under [delivery]",
        )
    try:
        built = registry.build(provider, folder=project.folder, clock=project.clock)
    except ConfigError as error:
        return told.fail(str(error), "nothing is sent")
    built.close()
    return told.ok(f"{provider.kind}, its settings are complete")


def _near(project: Project, lists: Mapping[str, MailingList]) -> Sequence[Question]:
    """Return the questions that stay on this machine, or go to the database."""

    def database() -> Sequence[Finding]:
        found = health.examine(project.database)
        if found[0].severity is Severity.FAIL:
            return found
        return [
            *found,
            *written.subscribers(lists, health.active(project.database)),
        ]

    return [Question(Told(Topic.DATABASE, "database"), database, far=False)]


def _world(
    project: Project,
    provider: ProviderSettings | None,
    resolver: str | None,
    stack: ExitStack,
) -> everything.World:
    """Return whom to ask; no provider: it cannot be asked with such settings."""
    from mailer.adapters import accounts  # noqa: PLC0415 - for this command alone
    from mailer.adapters.dns import Resolver  # noqa: PLC0415

    options = provider.options if provider else {}
    proxy, ca_file = options.get("proxy"), options.get("ca_file")
    ours = _http()
    theirs = _http(
        proxy=str(proxy) if proxy else None,
        ca_file=str(project.folder / str(ca_file)) if ca_file else None,
    )
    stack.callback(ours.close)
    stack.callback(theirs.close)
    return everything.World(
        names=Resolver(server=resolver, rooted=resolver is None),
        web=Visitor(ours),
        provider_web=Visitor(theirs),
        account=accounts.of(provider) if provider else None,
        now=project.clock,
        token=project.keyring.sign(Purpose.LEAVE, secrets.token_bytes(16), 0),
    )


def _http(*, proxy: str | None = None, ca_file: str | None = None) -> Http:
    return Http(
        connect_timeout=_CONNECT,
        read_timeout=_READ,
        longest=_CALL,
        proxy=proxy,
        ca_file=ca_file,
    )
