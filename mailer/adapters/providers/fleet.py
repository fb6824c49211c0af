"""The providers of a project, by name: each made when it is first needed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from threading import Lock

from mailer.adapters.http import Answer, Http, NoAnswer, NotSent
from mailer.adapters.providers import registry
from mailer.adapters.providers.fence import Fenced
from mailer.config import ProviderSettings, Settings
from mailer.core.errors import ConfigError
from mailer.ports import Hearing, Provider


class Fleet:
    """All that `mailer.toml` describes, behind the fence where there is one."""

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime]) -> None:
        """Take settings; opens no connection and writes no file."""
        self._settings = settings
        self._clock = clock
        self._made: dict[str, Provider] = {}
        self._lock = Lock()

    def __getitem__(self, name: str) -> Provider:
        """Return the provider of this name, always the same one.

        Raises ConfigError if its table is wrong or missing, or if mail would leave
        without a postal address in it.
        """
        with self._lock:
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    @property
    def hearings(self) -> Mapping[str, Hearing]:
        """What hears those providers whose tables name a key for events, by name."""
        return self._ears[0]

    @property
    def deaf(self) -> Mapping[str, ConfigError]:
        """Why those cannot be heard whose key for events is of no use, by name."""
        return self._ears[1]

    @cached_property
    def _ears(self) -> tuple[Mapping[str, Hearing], Mapping[str, ConfigError]]:
        hearings: dict[str, Hearing] = {}
        deaf: dict[str, ConfigError] = {}
        for name, settings in self._settings.providers.items():
            try:
                hearing = registry.hearing(settings, get=self.ask)
            except ConfigError as error:  # told; the pages are for readers all the same
                deaf[name] = error
            else:
                if hearing:
                    hearings[name] = hearing
        return hearings, deaf

    def ask(self, url: str) -> Answer | NotSent | NoAnswer:
        """Ask an address that a verified event names; within seconds or not at all."""
        return self._questions.get(url, headers={})

    def confirm(self, url: str) -> bool:
        """Ask an address once; tell whether it answered that all is well."""
        answer = self.ask(url)
        return isinstance(answer, Answer) and answer.status == HTTPStatus.OK

    @cached_property
    def _questions(self) -> Http:
        return Http(read_timeout=5.0, longest=10.0)

    def close(self) -> None:
        """Close those that were made; they can be used again."""
        with self._lock:
            made = list(self._made.values())
        for provider in made:
            provider.close()

    def _make(self, name: str) -> Provider:
        settings = self._settings
        chosen = settings.providers.get(name)
        if chosen is None:
            raise ConfigError(
                f"mailer.toml: there is no [providers.{name}]; there is"
                f" {', '.join(settings.providers) or 'none at all'}"
            )
        if chosen.kind == "outbox":
            return self._built(chosen)
        if not settings.coalition.postal_address:
            raise ConfigError(
                "mailer.toml: [coalition] postal_address: is missing; the law asks for a"
                " postal address in every mailing, so nothing is sent without one"
            )
        if settings.allow_only is None:
            return self._built(chosen)
        return Fenced(
            self._built(chosen), allowed=settings.allow_only, outbox=self._outbox(name)
        )

    def _outbox(self, name: str) -> Provider:
        """Return an outbox in the project's usual place, whose results bear this name."""
        written = [
            one for one in self._settings.providers.values() if one.kind == "outbox"
        ]
        usual = written[0] if written else ProviderSettings(name=name, kind="outbox")
        return self._built(replace(usual, name=name))

    def _built(self, chosen: ProviderSettings) -> Provider:
        return registry.build(chosen, folder=self._settings.folder, clock=self._clock)
