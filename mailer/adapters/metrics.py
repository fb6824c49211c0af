"""What Prometheus reads of a sending process, and of the ledger behind it.

Counters are of this process alone; gauges are read from the database when they are
asked for, and are the same wherever they are asked. No label names a person, an
address or a mailing.
"""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mailer.adapters.database.engine import Database
from mailer.adapters.database.gauges import gauges, held
from mailer.core.errors import ConfigError, MailerError
from mailer.ports import Called, Held

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metrics:
    """Counts calls and serves the figures; nothing of it is global."""

    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Ledger(database))
        self._calls = Counter(
            "mailer_provider_calls",
            "Calls to a provider by what they were for and how they ended.",
            ("provider", "purpose", "outcome"),
            registry=self.registry,
        )
        self._messages = Counter(
            "mailer_messages",
            "Messages by what a call said of them.",
            ("provider", "purpose", "result"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "mailer_provider_call_seconds",
            "How long calls to a provider took.",
            ("provider", "purpose"),
            buckets=_SECONDS,
            registry=self.registry,
        )

    def called(self, call: Called) -> None:
        """Count a call."""
        outcome = call.outcome.replace(" ", "_")
        self._calls.labels(call.provider, call.purpose, outcome).inc()
        self._seconds.labels(call.provider, call.purpose).observe(call.seconds)
        for result, count in call.results.items():
            self._messages.labels(call.provider, call.purpose, result).inc(count)

    def serve(self, port: int, address: str) -> None:
        """Answer GET /metrics in a thread of its own, as long as the process lives.

        Raises ConfigError if the port cannot be had.
        """
        try:
            start_http_server(port, addr=address, registry=self.registry)
        except OSError as error:
            raise ConfigError(
                f"--metrics-port: {address}:{port} cannot be used: {error.strerror}"
            ) from None


class _Ledger(Collector):
    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: the database need not be there yet."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Read the ledger; when it cannot be read, say only that."""
        try:
            found, waits = gauges(self._database), held(self._database)
        except MailerError:
            yield _one("mailer_database_up", "Whether the database answers.", 0)
            return
        yield _one("mailer_database_up", "Whether the database answers.", 1)
        yield _by("mailer_mailings", "Mailings by state.", "state", found.mailings)
        yield _by(
            "mailer_batches",
            "Batches that are open or parked, by state.",
            "state",
            found.batches,
        )
        yield _one(
            "mailer_parked_deliveries",
            "Deliveries whose outcome a person must find out.",
            found.parked,
        )
        yield _one(
            "mailer_stopped", "Whether all sending is stopped.", int(found.stopped)
        )
        yield _one(
            "mailer_oldest_sending_mailing_timestamp_seconds",
            "When the oldest mailing that is sending was planned; 0 if there is none.",
            found.oldest.timestamp() if found.oldest else 0,
        )
        yield _by(
            "mailer_provider_held_seconds",
            "For how long a provider is not called.",
            "provider",
            _seconds(waits, "provider:"),
        )
        yield _by(
            "mailer_provider_barred_seconds",
            "For how long others carry the mail of a provider that shuts us out.",
            "provider",
            _seconds(waits, "barred:"),
        )


def _seconds(waits: Sequence[Held], kind: str) -> Mapping[str, float]:
    return {
        each.name.removeprefix(kind): each.seconds
        for each in waits
        if each.name.startswith(kind)
    }


def _one(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _by(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family
