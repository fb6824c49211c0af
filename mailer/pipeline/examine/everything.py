"""All that is worth asking about one project that leaves this machine."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from mailer.config import ProviderSettings, Settings
from mailer.core import customs
from mailer.core.diagnosis import About, Severity, Topic
from mailer.core.errors import ConfigError
from mailer.core.lists import MailingList
from mailer.core.saying import says
from mailer.pipeline.examine import (
    carriage,
    clock,
    dmarc,
    exchange,
    links,
    webhook,
    written,
)
from mailer.pipeline.examine.rounds import Ask, Question
from mailer.ports import Account, Names, Web


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One provider that carries mail, and how it is asked about our account."""

    settings: ProviderSettings
    account: Account | None
    web: Web  # for its API, with its proxy and its authorities
    trial: Ask | None = None  # tries it as far as can be without sending anything


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Whom to ask."""

    names: Names
    web: Web  # for our own pages, as readers reach them
    carriers: Mapping[str, Carrier]  # by name
    now: Callable[[], datetime]
    token: str  # of a leave link that belongs to nobody


def questions(
    settings: Settings, lists: Mapping[str, MailingList], world: World
) -> Sequence[Question]:
    """Return the questions about this project; ConfigError: a list names nobody."""
    found: list[Question] = []
    for domain, providers in written.carried(settings, lists).items():
        if not written.is_reserved(domain):
            found += _domain(domain, world)
            for name in providers:
                with suppress(ConfigError):  # said of the provider already
                    found += _carried(settings, world.carriers[name], domain, world)
    return [
        *found,
        *_trials(world),
        *_hooks(settings, world),
        *_answers(settings, world),
        *_pages(settings.base_url, world),
    ]


def _domain(domain: str, world: World) -> Sequence[Question]:
    names = world.names
    return [
        Question(
            About(Topic.DNS, says("mail to %(domain)s", domain=domain)),
            partial(exchange.sender, names, domain),
        ),
        Question(
            About(Topic.DNS, says("DMARC of %(domain)s", domain=domain)),
            partial(dmarc.examine, names, domain),
        ),
    ]


def _carried(
    settings: Settings, carrier: Carrier, domain: str, world: World
) -> Sequence[Question]:
    carried = carriage.between(carrier.settings, domain, settings.doctor)
    if carried is None:
        return []
    once = carriage.Once(carrier.account, carrier.web, domain)
    found = carriage.questions(carried, world.names, once)
    vendor = carried.customs.vendor
    told = About(Topic.PROVIDER, says("%(vendor)s account", vendor=vendor))
    if carrier.trial is not None:
        return found
    if carrier.account is None:
        unasked = told.unasked(
            says("%(vendor)s cannot be asked about it", vendor=vendor)
        )
        return [*found, Question(told, lambda: [unasked], far=False)]
    return [*found, Question(told, lambda: once.report().findings)]


def _trials(world: World) -> Sequence[Question]:
    return [
        Question(
            About(Topic.PROVIDER, says("[providers.%(name)s], tried", name=name)),
            carrier.trial,
        )
        for name, carrier in world.carriers.items()
        if carrier.trial is not None
    ]


def _hooks(settings: Settings, world: World) -> Sequence[Question]:
    """Ask each provider once whether it tells us what becomes of our mail."""
    found: list[Question] = []
    for carrier in world.carriers.values():
        ways = customs.of(carrier.settings.kind)
        if ways is None or not ways.hooks:
            continue
        told = webhook.told(ways)
        deaf = webhook.deaf(carrier.settings, ways, settings.base_url)
        if not written.is_public(urlsplit(settings.base_url).hostname or ""):
            unasked = told.unasked(
                says(
                    "base_url is no public address yet, so that no provider can reach"
                    " it"
                )
            )
            # It will count as soon as there is an address; until then it is a note.
            noted = [replace(each, severity=Severity.NOTE) for each in deaf or ()]
            found.append(Question(told, partial(list, [*noted, unasked]), far=False))
        elif deaf is not None:
            found.append(Question(told, partial(list, deaf), far=False))
        elif carrier.account is not None:
            ask = partial(
                webhook.examine,
                carrier.settings,
                ways,
                carrier.account,
                carrier.web,
                settings.base_url,
            )
            found.append(Question(told, ask))
    return found


def _answers(settings: Settings, world: World) -> Sequence[Question]:
    address = settings.sender.reply_to
    if address is None:
        return []
    domain = written.domain_of(address)
    if written.is_reserved(domain) or domain == written.domain_of(
        settings.sender.address
    ):
        return []
    told = About(Topic.DNS, says("answers to %(domain)s", domain=domain))
    return [Question(told, partial(exchange.reply_to, world.names, domain))]


def _pages(base_url: str, world: World) -> Sequence[Question]:
    host = urlsplit(base_url).hostname or ""
    telling = [each.account.url for each in world.carriers.values() if each.account]
    found = [
        Question(
            About(Topic.LINKS, says("pages")),
            partial(links.health, world.web, world.names, base_url),
        ),
        Question(
            About(Topic.LINKS, says("one-click leaving")),
            partial(links.one_click, world.web, base_url, world.token),
        ),
        Question(
            About(Topic.CLOCK, says("clock")),
            partial(
                clock.examine,
                world.web,
                [*telling, f"{base_url}/healthz"],
                world.now,
            ),
        ),
    ]
    if written.is_public(host):
        told = About(Topic.DNS, says("host %(host)s", host=host))
        found.append(Question(told, partial(links.host, world.names, base_url)))
    return found
