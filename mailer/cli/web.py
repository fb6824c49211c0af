"""`mailer web`: the pages behind the links in the mail."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.adapters.addresses import checked
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.cli.state import AsOf, State
from mailer.config import VARIABLES
from mailer.core import rule as rules
from mailer.core.model import Action
from mailer.core.proposal import Proposal
from mailer.core.rule import Rule
from mailer.pipeline.examine import webhook
from mailer.ports import Answer, Card, Terms

if TYPE_CHECKING:
    from mailer.web.api import Automation, Letter, Limits
    from mailer.web.app import Application
    from mailer.web.console import Coordination, Holdings
    from mailer.web.events import Ear
    from mailer.web.guard import Guard

Carded = tuple[Rule, Card, Terms]


def web(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="On which port.")] = 8000,
    as_of: AsOf = None,
) -> None:
    """Serve the pages: leave, preferences, actions, calendars, feeds, the archive.

    Example: mailer web --port 8000
    """
    state: State = context.obj
    with state.project(as_of) as project:
        open_pages(project, host, port)


def open_pages(project: Project, host: str, port: int) -> None:
    """Serve until interrupted."""
    from mailer.web.server import serve  # noqa: PLC0415 - with the rest of the web

    app = application(project)
    output.say(f"The pages are at http://{host}:{port}/ until you press Ctrl-C.")
    project.warm()
    serve(app, host, port)


def application(
    project: Project, guard: "Guard | None" = None, limits: "Limits | None" = None
) -> "Application":
    """Return the pages of a project.

    `guard` is how much strangers may ask, `limits` how much programs may.
    """
    from mailer.web.app import create  # noqa: PLC0415 - a web server, for this alone

    return create(
        readers=project.readers,
        public_actions=project.public_actions,
        public_editions=project.public_editions,
        copies=project.copies,
        keyring=project.keyring,
        pages=project.pages,
        lists=project.numbered(),
        coalition=project.settings.coalition,
        base_url=project.settings.base_url,
        now=project.clock,
        notifier=project.notifier,
        requests=project.requests,
        rights=project.rights,
        dossiers=project.dossiers,
        eraser=project.eraser,
        endorsements=project.endorsements,
        hosts=project.hosts,
        introductions=project.introductions,
        herald=project.herald,
        check_address=checked,
        resolve=lambda city, state: project.resolve(city, state, "US")[0],
        place_of=lambda *asked: project.resolve(*asked)[0],
        guard=guard,
        logo=project.settings.branding.logo,
        ear=_ear(project),
        work=_work(project),
        automation=_automation(project, limits),
    )


def _ear(project: Project) -> "Ear":
    """Return what hears the providers whose tables name a key for events.

    Says whose key is of no use: readers can leave all the same.
    """
    from mailer.web.events import Ear  # noqa: PLC0415 - with the rest of the web

    deaf = project.fleet.deaf
    for name, error in deaf.items():
        output.say(
            f"{error}; then start this again. Meanwhile {webhook.unheard(name)}."
        )
    return Ear(
        hearings=project.fleet.hearings,
        deaf=deaf.keys(),
        tracker=project.tracker(output.say),
        confirm=project.fleet.confirm,
        now=project.clock,
    )


def _work(project: Project) -> "Coordination":
    """Return what coordinators do."""
    from mailer.web.console import Coordination  # noqa: PLC0415 - as above

    console = project.console
    return Coordination(
        accounts=console.accounts,
        credentials=console.credentials,
        sessions=console.sessions,
        records=console.records,
        titling=console.titling,
        doorkeeper=console.doorkeeper,
        locksmith=console.locksmith,
        inviter=console.inviter,
        codes=console.codes,
        moderator=project.moderator,
        survey=console.survey,
        calls=project.calls,
        zone=console.zone,
        tokens=console.api_tokens,
        issuer=console.issuer,
        # mailings that were made: how far they are, and what stops them
        following=console.following,
        meter=console.meter,
        outcomes=console.outcomes,
        doubts=project.parked,
        halter=lambda account: project.halter(account.actor, account.address),
        switch=project.instance,
        blast=lambda mailing: project.blasts.find(
            f"{mailing.list_slug}/{mailing.edition}"
        ),
        corrector=project.corrector,
        holdings=_holdings(project),
    )


def _holdings(project: Project) -> "Holdings":
    """Return what coordinators look up: organizations, people, actions, settings."""
    from mailer.bootstrap import examining  # noqa: PLC0415 - as above
    from mailer.web.console import Holdings  # noqa: PLC0415 - as above

    console = project.console
    return Holdings(
        register=console.register,
        readership=console.readership,
        traces=project.tracer,
        suppressed=project.suppressed,
        people=project.people,
        agenda=console.agenda,
        tally=project.people.count,
        settings=console.settings,
        variables={name: VARIABLES[name] for name in project.settings.variables},
        examine=lambda offline: examining.examine(project, offline=offline),
    )


def _automation(project: Project, limits: "Limits | None") -> "Automation":
    """Return what programs do in the name of coordinators."""
    from mailer.web.api import Automation, Limits  # noqa: PLC0415 - as above

    console = project.console
    return Automation(
        accounts=console.accounts,
        tokens=console.api_tokens,
        answers=console.answers,
        records=console.records,
        blasts=project.blasts,
        ledger=project.ledger,
        following=console.following,
        halter=lambda account: project.halter(account.actor, account.address),
        switch=project.instance,
        lists=project.lists,
        proposer=lambda: project.proposer(project.web),
        check=lambda draft: project.checker(project.web).check(draft),
        preview=lambda proposal, language: _letter(project, proposal, language),
        audience=lambda *asked: _card(project, *asked),
        coming=lambda: _coming(project),
        counts=project.people.count,
        clock=project.clock,
        limits=limits or Limits(),
    )


def _letter(project: Project, proposal: Proposal, language: str) -> "Letter":
    """Return a blast as somebody who reads this language gets it."""
    from mailer.cli import previews  # noqa: PLC0415 - as above
    from mailer.web.api import Letter  # noqa: PLC0415 - as above

    variant = project.typeset(proposal).of(language)
    previewed = previews.as_sent_by(project, proposal.draft, variant, None)
    return Letter(
        html=previewed.message.html,
        text=previewed.message.text,
        eml=previews.sent(previewed.outgoing),
    )


def _card(project: Project, rule: Rule, list_slug: str, urgent: bool) -> Carded:  # noqa: FBT001 - private
    """Return a rule with its places on the map, and whom it would reach now."""
    located = rules.located(rule, lambda words: project.locate(words)[0])
    terms = project.terms(list_slug, urgent=urgent)
    return located, project.audiences.card(located, terms), terms


def _coming(project: Project) -> Sequence[tuple[Action, Answer | None]]:
    """Return the actions to come, each with what its host has answered."""
    now = project.clock()
    answers = project.hosts.answers(now)
    return [(each, answers.get(each.id)) for each in project.actions.upcoming(now)]
