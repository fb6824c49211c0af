"""Runs workers until a mailing is over, while they die, freeze and are restarted."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from mailer.bootstrap import Project
from mailer.core.errors import StoreError
from tests.e2e.storm import worker
from tests.e2e.storm.forking import Event
from tests.e2e.storm.ground import Ground
from tests.e2e.storm.nursery import Nursery
from tests.e2e.storm.orders import Mutant, Peril

_LOOK = 0.05  # seconds between two looks
_OVER = ("finished", "unresolved")


@dataclass(kw_only=True)
class Weather:
    """What a storm brings, besides what the provider does."""

    workers: int = 3
    seed: int = 1
    first_lives: Sequence[Sequence[Peril]] = ()  # perils of the first workers started
    all_lives: Sequence[Peril] = ()  # of every worker
    killed_every: float | None = None  # seconds, about, until somebody is killed
    deaths: int = 30  # after so many nobody dies any more
    thaws: Callable[[], bool] = lambda: False  # may who is frozen go on now?
    alone_until_frozen: bool = False  # the first worker works alone until it freezes
    interruption: Callable[[], None] | None = None  # done once, when half is accepted
    patience: float = 60.0  # seconds until it must be over


@dataclass(kw_only=True)
class Losses:
    """What a storm has done."""

    started: int = 0
    died: int = 0
    frozen: int = 0
    resumed: int = 0
    interrupted: int = 0
    seconds: float = 0.0


@dataclass(kw_only=True)
class Storm:
    """One mailing, sent in bad weather."""

    ground: Ground
    nursery: Nursery
    weather: Weather
    mutant: Mutant = Mutant.NONE
    accepted: Callable[[], int] = lambda: 0  # how many the provider has taken so far
    losses: Losses = field(default_factory=Losses)

    def run(self) -> Losses:
        """Send until nothing is open and no worker is left; raises TimeoutError."""
        began = time.monotonic()
        self._random = random.Random(self.weather.seed)  # noqa: S311 - a script
        self._alive: set[int] = set()
        self._frozen: set[int] = set()
        self._asked = 0  # for a start, and not there yet
        self._open = True  # the mailing
        self._strikes_at = began + self._until_next()
        with self._ledger() as project, self._nobody_left():
            while not self._over():
                if time.monotonic() > began + self.weather.patience:
                    raise TimeoutError(self._state(project))
                self._step(project)
                time.sleep(_LOOK)
        self.losses.seconds = time.monotonic() - began
        said = self.nursery.said()
        assert not said, said
        return self.losses

    def _step(self, project: Project) -> None:
        self._hear()
        self._strike()
        if self.weather.interruption and self._half():
            self.weather.interruption()
            self.weather.interruption = None
            self.losses.interrupted += 1
        if self._frozen and self.weather.thaws():
            for pid in self._frozen:
                os.kill(pid, signal.SIGCONT)
            self._alive |= self._frozen
            self._frozen = set()
        self._look(project)
        waiting = self.weather.alone_until_frozen and not self.losses.frozen
        wanted = 1 if waiting else self.weather.workers
        if self._open:
            while len(self._alive) + len(self._frozen) + self._asked < wanted:
                self._start()

    def _hear(self) -> None:
        while not self.nursery.events.empty():
            event, pid = self.nursery.events.get()
            match event:
                case Event.STARTED:
                    self._asked -= 1
                    self._alive.add(pid)
                case Event.STOPPED:
                    self.losses.frozen += 1
                    self._alive.discard(pid)
                    self._frozen.add(pid)
                case Event.KILLED | Event.ENDED | Event.BROKEN:
                    self.losses.died += event is Event.KILLED
                    self._alive.discard(pid)
                    self._frozen.discard(pid)

    def _start(self) -> None:
        lives, number = self.weather.first_lives, self.losses.started
        perils = [*(lives[number] if number < len(lives) else ())]
        if self.losses.died < self.weather.deaths:
            perils += self.weather.all_lives
        seed = self.weather.seed * 1000 + number
        orders = replace(
            self.ground.orders, mutant=self.mutant, perils=perils, seed=seed
        )
        self.nursery.start(orders)
        self._asked += 1
        self.losses.started += 1

    def _strike(self) -> None:
        """Kill somebody, wherever they are."""
        if time.monotonic() < self._strikes_at or not self._alive:
            return
        self._strikes_at = time.monotonic() + self._until_next()
        if self.losses.died < self.weather.deaths:
            os.kill(self._random.choice(sorted(self._alive)), signal.SIGKILL)

    def _until_next(self) -> float:
        every = self.weather.killed_every
        return self._random.uniform(0.5, 1.5) * every if every else float("inf")

    def _half(self) -> bool:
        return self.accepted() * 2 > len(self.ground.readers)

    def _look(self, project: Project) -> None:
        """See how the mailing stands, and go on with it if it has paused itself.

        That is what an operator does who has mended what it was paused for. While the
        database is away, it stands as it stood.
        """
        slug, _, edition = self.ground.mailing.partition("/")
        try:
            mailing = project.ledger.mailing(slug, edition)
            if mailing is None or mailing.state != "paused":
                self._open = mailing is not None and mailing.state not in _OVER
                return
            self.losses.resumed += project.ledger.resume(mailing.id, at=project.clock())
        except StoreError:
            return

    def _over(self) -> bool:
        """Whether nothing is open and nobody is left who might still do something."""
        busy = self._asked or self._alive or self._frozen
        return self.losses.started > 0 and not busy and not self._open

    def _state(self, project: Project) -> str:
        standing = project.ledger.standing(self.ground.orders.mailing_id)
        return (
            f"not over after {self.weather.patience:.0f} s: {standing}; {self.losses};"
            f" alive {len(self._alive)}, frozen {len(self._frozen)}"
        )

    @contextmanager
    def _nobody_left(self) -> Iterator[None]:
        """Kill whoever is left in the end; there is nobody unless something failed."""
        try:
            yield
        finally:
            while self._asked or self._alive or self._frozen:
                for pid in self._alive | self._frozen:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(_LOOK)
                self._hear()

    @contextmanager
    def _ledger(self) -> Iterator[Project]:
        project = worker.project(self.ground.orders)
        try:
            yield project
        finally:
            project.close()
