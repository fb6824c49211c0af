"""`mailer doctor`: what would keep mail from arriving, and the way out."""

from collections.abc import Sequence
from typing import Annotated

import typer

from mailer.cli import diagnosis, output
from mailer.cli.state import Json, State
from mailer.core.diagnosis import Finding, Severity
from mailer.core.errors import ConfigError


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
    from mailer.bootstrap import examining  # noqa: PLC0415 - who asks providers, for this alone

    try:
        with state.project() as project:
            return examining.examine(project, offline=offline, resolver=resolver)
    except ConfigError as error:
        return [examining.unusable(error)]
