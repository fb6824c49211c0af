"""All that is worth asking about one project that leaves this machine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from mailer.config import ProviderSettings, Settings
from mailer.core.diagnosis import Told, Topic
from mailer.core.lists import MailingList
from mailer.pipeline.examine import (
    carriage,
    clock,
    dmarc,
    exchange,
    links,
    written,
)
from mailer.pipeline.examine.rounds import Question
from mailer.ports import Account, Names, Web


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Whom to ask."""

    names: Names
    web: Web  # for our own pages, as readers reach them
    provider_web: Web  # for the provider's API, with its proxy and authorities
    account: Account | None
    now: Callable[[], datetime]
    token: str  # of a leave link that belongs to nobody


def questions(
    settings: Settings,
    lists: Mapping[str, MailingList],
    provider: ProviderSettings,
    world: World,
) -> Sequence[Question]:
    """Return the questions about this project, mailing through this provider."""
    found: list[Question] = []
    for domain in written.sender_domains(settings, lists):
        if not written.is_reserved(domain):
            found += _domain(settings, provider, domain, world)
    return [*found, *_answers(settings, world), *_pages(settings.base_url, world)]


def _domain(
    settings: Settings, provider: ProviderSettings, domain: str, world: World
) -> Sequence[Question]:
    names = world.names
    once = carriage.Once(world.account, world.provider_web, domain)
    found = [
        Question(
            Told(Topic.DNS, f"mail to {domain}"),
            partial(exchange.sender, names, domain),
        ),
        Question(
            Told(Topic.DNS, f"DMARC of {domain}"), partial(dmarc.examine, names, domain)
        ),
    ]
    carried = carriage.between(provider, domain, settings.doctor)
    if carried is None:
        return found
    found += carriage.questions(carried, names, once)
    told = Told(Topic.PROVIDER, f"{carried.customs.vendor} account")
    if world.account is None:
        unasked = told.unasked(f"{carried.customs.vendor} tells nothing harmlessly")
        return [*found, Question(told, lambda: [unasked], far=False)]
    return [*found, Question(told, lambda: once.report().findings)]


def _answers(settings: Settings, world: World) -> Sequence[Question]:
    address = settings.sender.reply_to
    if address is None:
        return []
    domain = written.domain_of(address)
    if written.is_reserved(domain) or domain == written.domain_of(
        settings.sender.address
    ):
        return []
    told = Told(Topic.DNS, f"answers to {domain}")
    return [Question(told, partial(exchange.reply_to, world.names, domain))]


def _pages(base_url: str, world: World) -> Sequence[Question]:
    host = urlsplit(base_url).hostname or ""
    telling = [world.account.url] if world.account else []
    found = [
        Question(
            Told(Topic.LINKS, "pages"),
            partial(links.health, world.web, world.names, base_url),
        ),
        Question(
            Told(Topic.LINKS, "one-click leaving"),
            partial(links.one_click, world.web, base_url, world.token),
        ),
        Question(
            Told(Topic.CLOCK, "clock"),
            partial(
                clock.examine,
                world.web,
                [*telling, f"{base_url}/healthz"],
                world.now,
            ),
        ),
    ]
    if written.is_public(host):
        told = Told(Topic.DNS, f"host {host}")
        found.append(Question(told, partial(links.host, world.names, base_url)))
    return found
