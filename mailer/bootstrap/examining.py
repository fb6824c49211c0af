"""A project examined: settings, database, provider, DNS and links, changing nothing."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain

from mailer.adapters.database import health
from mailer.adapters.http import Http
from mailer.adapters.providers import registry
from mailer.adapters.providers.options import Options, Setup
from mailer.adapters.visiting import Visitor
from mailer.bootstrap.project import Project
from mailer.config import FILE, ProviderSettings, Settings, SourceSettings
from mailer.core.diagnosis import About, Finding, Severity, Topic, softened
from mailer.core.errors import ConfigError
from mailer.core.lists import MailingList
from mailer.core.saying import Saying, Verbatim, says
from mailer.core.tokens import Purpose
from mailer.pipeline.examine import everything, webhook, written
from mailer.pipeline.examine.rounds import Ask, Question, ask_all

_SECONDS = 15.0  # for all questions together
_CONNECT, _READ, _CALL = 3.0, 5.0, 6.0  # seconds, of each visit


def unusable(error: ConfigError) -> Finding:
    """Return that the project cannot even be opened, and why."""
    told = About(Topic.SETTINGS, says("project"))
    return _failed(told, error, says("no command works until it is mended"))


def examine(
    project: Project, *, offline: bool, resolver: str | None = None
) -> Sequence[Finding]:
    """Return what would keep mail from arriving; `offline` asks nobody outside.

    `resolver` is a DNS server to be asked in place of the machine's own. Takes 15
    seconds at most.
    """
    settings, lists = project.settings, project.lists
    names = chain.from_iterable(written.carried(settings, lists).values())
    providers = [settings.providers[name] for name in dict.fromkeys(names)]
    carriers = {each.name: _carrier(project, each) for each in providers}
    deaf = [
        found
        for each in providers
        for found in _deaf(project, each)
        if found.message != carriers[each.name].message  # it keeps mail in as well
    ]
    with ExitStack() as stack:
        world = _world(project, resolver, carriers, stack)
        questions = [
            *_near(project, lists),
            *everything.questions(settings, lists, world),
        ]
        answers = ask_all(questions, seconds=_SECONDS, offline=offline)
    findings = [
        *written.examine(settings, lists),
        *written.secrets(settings.secret_files),
        *_sources(settings),
        *carriers.values(),
        *deaf,
        *answers,
    ]
    # Two of one provider's domains may be told the same about its account.
    once = list(dict.fromkeys(findings))
    sends = any(each.kind != "outbox" for each in providers)
    return once if sends else softened(once)


def _carrier(project: Project, provider: ProviderSettings) -> Finding:
    """Look whether the provider can be made from its table."""
    told = About(Topic.PROVIDER, Verbatim(f"[providers.{provider.name}]"))
    try:
        built = registry.build(provider, folder=project.folder, clock=project.clock)
    except ConfigError as error:
        return _failed(told, error, says("nothing is sent"), of=provider)
    built.close()
    if provider.kind == "outbox":
        return told.note(
            says("the outbox: mail is written to files, and nothing is sent"),
            "",
            says("to send, fill in a provider's table, and name it under [delivery]"),
        )
    return told.ok(says("%(kind)s, its settings are complete", kind=provider.kind))


def _deaf(project: Project, provider: ProviderSettings) -> Sequence[Finding]:
    """Look whether what it tells could be verified: the key of its events."""
    try:
        registry.hearing(provider, get=project.fleet.ask)
    except ConfigError as error:
        told = About(
            Topic.PROVIDER, says("[providers.%(name)s] events", name=provider.name)
        )
        effect = webhook.unheard(provider.name)
        return [_failed(told, error, effect, of=provider)]
    return []


def _failed(
    told: About,
    error: ConfigError,
    effect: str,
    of: ProviderSettings | SourceSettings | None = None,
) -> Finding:
    """Return an error as a finding; errors name the way out after a semicolon.

    The table that the finding is about is not named twice.
    """
    kinds = "sources" if isinstance(of, SourceSettings) else "providers"
    table = f"{FILE}: [{kinds}.{of.name}] " if of else ""
    message, _, remedy = str(error).removeprefix(table).partition("; ")
    key = error.key or message.partition(":")[0]
    mended = (
        says("mend %(key)s in %(file)s", key=key, file=FILE)
        if of
        else says("mend %(file)s", file=FILE)
    )
    if isinstance(error.fault, Saying):
        fault, remedy = error.fault, error.remedy
        message = says("%(key)s: %(fault)s", key=Verbatim(error.key), fault=fault)
    return told.fail(message, effect, remedy or mended)


def _sources(settings: Settings) -> Sequence[Finding]:
    """Look whether the secrets of sources can be found."""
    findings: list[Finding] = []
    for source in settings.sources.values():
        try:
            dict(source.options)
        except ConfigError as error:
            told = About(Topic.SETTINGS, Verbatim(f"[sources.{source.name}]"))
            effect = says("no actions come from there")
            findings.append(_failed(told, error, effect, of=source))
    return findings


def _near(project: Project, lists: Mapping[str, MailingList]) -> Sequence[Question]:
    """Return the questions that stay on this machine, or go to the database."""

    def database() -> Sequence[Finding]:
        found = health.examine(project.database, now=project.clock())
        if found[0].severity is Severity.FAIL:
            return found
        return [
            *found,
            *written.subscribers(lists, health.active(project.database)),
        ]

    return [Question(About(Topic.DATABASE, says("database")), database, far=False)]


def _world(
    project: Project,
    resolver: str | None,
    carriers: Mapping[str, Finding],
    stack: ExitStack,
) -> everything.World:
    """Return whom to ask; a provider whose settings fail cannot be asked."""
    from mailer.adapters.dns import Resolver

    def visitor(**options: str | None) -> Visitor:
        http = Http(
            connect_timeout=_CONNECT, read_timeout=_READ, longest=_CALL, **options
        )
        stack.callback(http.close)
        return Visitor(http)

    return everything.World(
        names=Resolver(server=resolver, rooted=resolver is None),
        web=visitor(),
        carriers={
            name: _asked(
                project, name, visitor, usable=finding.severity is not Severity.FAIL
            )
            for name, finding in carriers.items()
        },
        now=project.clock,
        token=project.keyring.sign(Purpose.LEAVE, secrets.token_bytes(16), 0),
    )


def _asked(
    project: Project, name: str, visitor: Callable[..., Visitor], *, usable: bool
) -> everything.Carrier:
    from mailer.adapters import accounts

    settings = project.settings.providers[name]
    if not usable:
        return everything.Carrier(settings=settings, account=None, web=visitor())
    proxy, ca_file = settings.options.get("proxy"), settings.options.get("ca_file")
    return everything.Carrier(
        settings=settings,
        account=accounts.of(settings, clock=project.clock),
        trial=_trial(project, settings),
        web=visitor(
            proxy=str(proxy) if proxy else None,
            ca_file=str(project.folder / str(ca_file)) if ca_file else None,
        ),
    )


def _trial(project: Project, settings: ProviderSettings) -> Ask | None:
    """Return what tries a mail server; None: this one has an API to be asked."""
    if settings.kind != "smtp":
        return None
    from mailer.adapters.accounts import smtp
    from mailer.adapters.providers.smtp import Smtp

    options = Options(settings)
    setup = Setup(
        name=settings.name, options=options, folder=project.folder, clock=project.clock
    )
    server = Smtp.configured(setup).server
    return partial(smtp.examine, server, f"[providers.{settings.name}]")
