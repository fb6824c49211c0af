"""A project folder: who carries its mail."""

import os
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, partial
from hashlib import blake2b
from importlib.metadata import version
from typing import TYPE_CHECKING

from mailer.adapters.clocks import elapsed
from mailer.adapters.database.notes import SqlNotes
from mailer.bootstrap.stores import Stores
from mailer.core.lists import MailingList
from mailer.core.rates import Rate
from mailer.core.routes import Routing
from mailer.pipeline.compose import Composer
from mailer.pipeline.crew import Crew
from mailer.pipeline.gone import Gone
from mailer.pipeline.letters import Imprint, Writer
from mailer.pipeline.notify import Notifier
from mailer.pipeline.roster import Roster
from mailer.pipeline.send import Sender
from mailer.ports import Batch, Called, Pace, Provider

if TYPE_CHECKING:
    from mailer.adapters.providers.fleet import Fleet


class Sending(Stores):
    """Who sends, how fast, and what every letter carries."""

    @cached_property
    def routing(self) -> Routing:
        """Who carries what; raises ConfigError if a list names somebody unknown."""
        settings = self.settings
        lists = {} if settings.insisted else self.lists
        return Routing(
            usual=settings.route,
            lists={slug: settings.route_of(each) for slug, each in lists.items()},
        )

    def look_secrets_up(self) -> None:
        """Fetch every secret that the service will need; raises ConfigError early.

        Not the keys of events: only the pages hear, which open without them.
        """
        from mailer.adapters.providers.registry import EVENTS

        settings = self.settings
        carriers = [settings.providers[name] for name in self.routing.names]
        for options in (carrier.options for carrier in carriers):
            _ = [options[key] for key in options if key not in EVENTS]
        for source in settings.sources.values():
            _ = dict(source.options)

    @cached_property
    def fleet(self) -> "Fleet":
        """Everybody who could carry the mail, by name."""
        from mailer.adapters.providers.fleet import Fleet

        return Fleet(self.settings, clock=self.clock)

    @cached_property
    def composer(self) -> Composer:
        """Composes mailings."""
        return Composer(
            ledger=self.ledger,
            actions=self.actions,
            renderer=self.renderer,
            secret=self._derived("slots"),
            route_of=self.settings.route_of,
            batch_size=self._batch_size,
            domains=self._domains_together,
        )

    @property
    def _domains_together(self) -> Mapping[str, int]:
        """How much goes together to each receiving domain that has a pace."""
        return {name: rate.together for name, rate in self.settings.domains.items()}

    @cached_property
    def notes(self) -> SqlNotes:
        """Puts letters to one person on their way."""
        return SqlNotes(self.ready, self._derived("mailings"))

    @cached_property
    def notifier(self) -> Notifier:
        """Writes letters to one person at a time."""
        return Notifier(
            notes=self.notes,
            renderer=self.renderer,
            secret=self._derived("slots"),
            base_url=self.settings.base_url,
            route_of=self.settings.route_of,
        )

    def _batch_size(self, mailing_list: MailingList) -> int:
        """Return how much whoever may carry it takes together."""
        names = self.settings.route_of(mailing_list).names
        sizes = [self.fleet[name].capabilities.batch_size for name in names]
        rates = [rate.together for name in names if (rate := self.rate(name))]
        return min(sizes + rates)

    def rate(self, name: str) -> Rate | None:
        """Return how fast a provider takes messages, if that is limited."""
        described = self.settings.providers.get(name)
        return (described and described.rate) or self.settings.rate

    def paces(self, name: str, batch: Batch) -> Sequence[Pace]:
        """Return how fast a batch may go: by provider, by mailing, by domain."""
        mailing = batch.mailing
        mailing_list = self.lists.get(mailing.list_slug)
        limits = {
            f"provider:{name}": self.rate(name),
            f"mailing:{mailing.id}": mailing_list.pace if mailing_list else None,
        }
        if batch.domain:
            limits[f"domain:{batch.domain}"] = self.settings.domains.get(batch.domain)
        return [
            Pace(name=name, rate=rate.per_second)
            for name, rate in limits.items()
            if rate
        ]

    def sender(
        self, name: str, trouble: Callable[[str], None] = lambda _words: None
    ) -> Sender:
        """Return a worker of a provider, under a name of its own."""
        return Sender(
            ledger=self.ledger,
            provider=self._carrier(name),
            writer=self.writer,
            clock=self.clock,
            monotonic=elapsed,
            owner=f"{os.uname().nodename}/{os.getpid()}/{secrets.token_hex(4)}",
            build=self.build(name),
            relieves=self.routing.relieves(name),
            paces=partial(self.paces, name),
            trouble=trouble,
            watch=self._watch,
        )

    def _carrier(self, name: str) -> Provider:
        """Return a provider, or what is left of one whose calls are still open."""
        return self.fleet[name] if name in self.settings.providers else Gone(name)

    def crew(
        self,
        trouble: Callable[[str], None] = lambda _words: None,
        threads: int | None = None,
    ) -> Crew:
        """Return so many workers of each provider, or as many as mailer.toml says.

        A copied database is stopped.
        """
        self.instance.settle_in(at=self.clock())
        count = threads or self.settings.threads
        roster = Roster(
            ledger=self.ledger,
            routing=self.routing,
            described=self.settings.providers,
            asked=self._asked(),
            employ=lambda name: [self.sender(name, trouble) for _ in range(count)],
            # Beside a worker who sends for real, a dry run would take its readers' mail.
            takes_over=not self._tries_out,
        )
        return Crew(roster.muster)

    def _asked(self) -> Collection[str]:
        """Return who may be called about old calls: on a dry run nobody else."""
        settings = self.settings
        return [settings.provider] if self._tries_out else settings.providers

    @property
    def _tries_out(self) -> bool:
        """Whether the environment insists on an outbox."""
        named = self.settings.providers[self.settings.provider]
        return self.settings.insisted and named.kind == "outbox"

    def _watch(self, call: Called) -> None:
        for each in self.watchers:
            each(call)

    def metrics(self, port: int, address: str) -> None:
        """Count calls from now on, and serve the figures to Prometheus."""
        from mailer.adapters.metrics import Metrics

        counting = Metrics(self.ready)
        counting.serve(port, address)
        self.watchers.append(counting.called)

    @cached_property
    def writer(self) -> Writer:
        """Writes the letters."""
        return Writer(
            renderer=self.renderer,
            keyring=self.keyring,
            base_url=self.settings.base_url,
            imprint=self.imprint,
        )

    def build(self, name: str) -> bytes:
        """Return what stands for the program and the settings that make a call's bytes.

        Another version may write the same letter in other bytes.
        """
        from mailer.adapters.providers.registry import EVENTS

        chosen = self.settings.providers.get(name)
        if chosen is None:
            return b""
        carrying = [key for key in chosen.options if key not in EVENTS]
        options = sorted((key, repr(chosen.options[key])) for key in carrying)
        allowed = self.settings.allow_only
        fence = "" if allowed is None else f"only {sorted(allowed.entries)}"
        words = (version("coalition-mailer"), chosen.kind, str(options), fence)
        return blake2b("\x1e".join(words).encode(), digest_size=32).digest()

    def imprint(self, slug: str, edition: str) -> Imprint:
        """Return what every letter of a list carries."""
        mailing_list, sender = self.mailing_list(slug), self.settings.sender
        address = mailing_list.sender_address or sender.address
        domain = address.rpartition("@")[2]
        feedback = sender.feedback_id or domain.replace(".", "-")
        return Imprint(
            sender_name=mailing_list.sender_name or sender.name,
            sender_address=address,
            reply_to=sender.reply_to,
            headers=(
                ("List-Id", f"<{slug}.{domain}>"),
                # RFC 3834: no out-of-office replies to the coordinators
                ("Auto-Submitted", "auto-generated"),
                ("Feedback-ID", f"{edition}:{slug}:{mailing_list.kind}:{feedback}"),
            ),
        )
