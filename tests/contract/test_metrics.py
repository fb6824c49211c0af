"""What Prometheus reads, on every database."""

from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from mailer.adapters.database.engine import Database
from mailer.adapters.database.gauges import held
from mailer.adapters.metrics import Metrics
from mailer.ports import Called
from tests.contract.post import Post
from tests.factories import draft
from tests.fakes.provider import (
    ScriptedProvider,
    accept,
    accept_and_vanish,
    throttle,
)


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.publish(draft("San Diego"), draft("Denver"))
    return made


def read(metrics: Metrics) -> dict[str, float]:
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(
        generate_latest(metrics.registry).decode()
    ):
        for sample in family.samples:
            labels = ",".join(sample.labels.values())
            found[f"{sample.name}({labels})" if labels else sample.name] = sample.value
    return found


def test_the_ledger_stands_in_figures(post: Post) -> None:
    metrics = Metrics(post.database)
    mailing = post.composed(25)
    sender = post.sender(ScriptedProvider(accept, accept_and_vanish, throttle))
    for _ in range(4):
        sender.step()

    figures = read(metrics)

    assert figures["mailer_database_up"] == 1
    assert figures["mailer_mailings(sending)"] == 1
    assert figures["mailer_parked_deliveries"] == 10
    assert figures["mailer_batches(parked)"] == 1
    assert figures["mailer_stopped"] == 0
    assert 0 < figures["mailer_provider_held_seconds(scripted)"] <= 10
    assert figures["mailer_oldest_sending_mailing_timestamp_seconds"] == (
        mailing.planned_at.timestamp()
    )
    [waits] = held(post.database)
    assert (waits.name, waits.reason) == ("provider:scripted", "429")
    assert "mailer_provider_barred_seconds(scripted)" not in figures
    post.ledger.bar("scripted", seconds=900, detail="401")
    barred = read(metrics)["mailer_provider_barred_seconds(scripted)"]
    assert 800 < barred <= 900


def test_calls_are_counted_by_what_became_of_them(post: Post) -> None:
    metrics = Metrics(post.database)
    for outcome in ("answered", "answered", "not taken"):
        metrics.called(
            Called(
                provider="main",
                mailing="weekly/2019-10-07",
                purpose="send",
                outcome=outcome,
                results={"accepted": 5} if outcome == "answered" else {},
                seconds=0.2,
            )
        )

    figures = read(metrics)

    assert figures["mailer_provider_calls_total(answered,main,send)"] == 2
    assert figures["mailer_provider_calls_total(not_taken,main,send)"] == 1
    assert figures["mailer_messages_total(main,send,accepted)"] == 10
    assert figures["mailer_provider_call_seconds_count(main,send)"] == 3


def test_a_database_that_is_away_is_one_figure_and_no_error() -> None:
    url = "postgresql+psycopg://u@127.0.0.1:1/x?connect_timeout=1"
    away = Database(url, folder=Path())

    assert read(Metrics(away))["mailer_database_up"] == 0
    away.close()
