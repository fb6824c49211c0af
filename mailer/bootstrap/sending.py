"""A project folder: who carries its mail."""

import os
import secrets
from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import blake2b
from importlib.metadata import version

from mailer.adapters.clocks import elapsed
from mailer.adapters.providers.fleet import Fleet
from mailer.bootstrap.stores import Stores
from mailer.core.errors import ConfigError
from mailer.core.rates import Rate
from mailer.pipeline.compose import Composer
from mailer.pipeline.crew import Crew
from mailer.pipeline.letters import Imprint, Writer
from mailer.pipeline.send import Sender
from mailer.ports import Batch, Called, Pace, Provider


class Sending(Stores):
    """Who sends, how fast, and what every letter carries."""

    @cached_property
    def provider(self) -> Provider:
        """Who carries the mail."""
        main = self.settings.provider
        for mailing_list in self.lists.values():
            names = self.settings.route_of(mailing_list).names
            if names != (main,):
                raise ConfigError(
                    f"lists/{mailing_list.slug}.toml: provider: all mail goes through"
                    f' one provider, "{main}", and this list names'
                    f" {', '.join(names)}; name one, in mailer.toml alone"
                )
        return self.fleet[main]

    @cached_property
    def fleet(self) -> Fleet:
        """Everybody who could carry the mail, by name."""
        return Fleet(self.settings, clock=self.clock)

    @cached_property
    def composer(self) -> Composer:
        """Composes mailings."""
        return Composer(
            ledger=self.ledger,
            actions=self.actions,
            renderer=self.renderer,
            secret=self._derived("slots"),
            batch_size=self._batch_size(),
            domains={
                name: rate.together for name, rate in self.settings.domains.items()
            },
        )

    def _batch_size(self) -> int:
        size = self.provider.capabilities.batch_size
        return min(size, self.rate.together) if self.rate else size

    @property
    def rate(self) -> Rate | None:
        """How fast the provider takes messages, if that is limited."""
        settings = self.settings
        return settings.providers[settings.provider].rate or settings.rate

    def paces(self, batch: Batch) -> Sequence[Pace]:
        """Return how fast a batch may go: by provider, by mailing, by domain."""
        mailing = batch.mailing
        mailing_list = self.lists.get(mailing.list_slug)
        limits = {
            f"provider:{self.provider.name}": self.rate,
            f"mailing:{mailing.id}": mailing_list.pace if mailing_list else None,
        }
        if batch.domain:
            limits[f"domain:{batch.domain}"] = self.settings.domains.get(batch.domain)
        return [
            Pace(name=name, rate=rate.per_second)
            for name, rate in limits.items()
            if rate
        ]

    def sender(self, trouble: Callable[[str], None] = lambda _words: None) -> Sender:
        """Return a worker under a name of its own; a copied database is stopped."""
        self.instance.settle_in(at=self.clock())
        return Sender(
            ledger=self.ledger,
            provider=self.provider,
            writer=self.writer,
            clock=self.clock,
            monotonic=elapsed,
            owner=f"{os.uname().nodename}/{os.getpid()}/{secrets.token_hex(4)}",
            build=self.build,
            paces=self.paces,
            trouble=trouble,
            watch=self._watch,
        )

    def crew(
        self,
        trouble: Callable[[str], None] = lambda _words: None,
        threads: int | None = None,
    ) -> Crew:
        """Return so many workers, or as many as mailer.toml says."""
        count = threads or self.settings.threads
        return Crew([self.sender(trouble) for _ in range(count)])

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

    @cached_property
    def build(self) -> bytes:
        """What stands for the program and the settings that make a call's bytes.

        Another version may write the same letter in other bytes.
        """
        chosen = self.settings.providers[self.settings.provider]
        options = sorted((name, repr(value)) for name, value in chosen.options.items())
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
