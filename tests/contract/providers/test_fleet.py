"""The providers of a project by name, and the fence around them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailer.adapters.providers.fleet import Fleet
from mailer.config import Coalition, ProviderSettings, Sender, Settings
from mailer.core.allowing import parse
from mailer.core.errors import ConfigError
from mailer.core.routes import Route
from mailer.ports import Answered
from tests.contract.providers.carriers import NOW, ApiCarrier, OutboxCarrier, api
from tests.contract.providers.letters import outgoing, recipient


def settings(folder: Path, /, **changes: Any) -> Settings:
    usual = Settings(
        folder=folder,
        database="sqlite://",
        base_url="https://mail.example.org",
        keys={1: b"k" * 32},
        coalition=Coalition(name="Us", postal_address="PO Box 1, San Diego"),
        sender=Sender(name="Us", address="us@example.org"),
        route=Route(shares={"main": 1}),
        providers={
            "main": ProviderSettings(
                name="main", kind="postmark", options={"token": "t"}
            ),
            "spare": ProviderSettings(
                name="spare", kind="resend", options={"token": "t"}
            ),
            "outbox": ProviderSettings(name="outbox", kind="outbox"),
        },
        keep=timedelta(weeks=1),
    )
    return replace(usual, **changes)


def fleet(found: Settings) -> Fleet:
    return Fleet(found, clock=lambda: NOW)


def postmark(carrier: ApiCarrier) -> dict[str, ProviderSettings]:
    options = {"token": "a-server-token", "base_url": carrier.server.url}
    return {"main": ProviderSettings(name="main", kind="postmark", options=options)}


def test_each_is_made_once_and_under_its_own_name(tmp_path: Path) -> None:
    found = fleet(settings(tmp_path))

    assert found["main"] is found["main"]
    assert [found[name].name for name in ("main", "spare", "outbox")] == [
        "main",
        "spare",
        "outbox",
    ]
    assert found["spare"].capabilities.idempotency_ttl
    found.close()
    found.close()


def test_one_that_is_not_used_may_be_wrong(tmp_path: Path) -> None:
    wrong = ProviderSettings(name="spare", kind="resend")
    usual = settings(tmp_path)
    found = fleet(replace(usual, providers={**usual.providers, "spare": wrong}))

    assert found["main"].name == "main"
    with pytest.raises(ConfigError, match=r"\[providers.spare\] token: is missing"):
        found["spare"]


def test_a_name_that_nobody_described_is_told_with_those_that_are(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match=r"no \[providers.mian\]; there is main"):
        fleet(settings(tmp_path))["mian"]


def test_without_a_postal_address_nothing_but_the_outbox_is_made(
    tmp_path: Path,
) -> None:
    found = fleet(settings(tmp_path, coalition=Coalition(name="Us")))

    assert found["outbox"].name == "outbox"
    with pytest.raises(ConfigError, match=r"\[coalition\] postal_address"):
        found["main"]


def test_with_a_fence_mail_leaves_only_for_those_on_the_list(tmp_path: Path) -> None:
    with api("postmark", tmp_path) as carrier:
        found = fleet(
            settings(
                tmp_path,
                providers=postmark(carrier),
                allow_only=parse(["me@ours.example"]),
            )
        )
        me = recipient(1, address="me@ours.example")

        outcome = found["main"].send(outgoing(recipient(0), me))
        found.close()

        assert isinstance(outcome, Answered)
        assert [message.to for message in carrier.arrived()] == ["me@ours.example"]
        kept = OutboxCarrier(tmp_path).arrived()
        assert [message.to for message in kept] == ["reader0@example.net"]
        assert (tmp_path / "outbox" / "index.html").is_file()


def test_a_fence_keeps_its_mail_in_the_outbox_that_is_described(
    tmp_path: Path,
) -> None:
    with api("postmark", tmp_path) as carrier:
        elsewhere = ProviderSettings(
            name="files", kind="outbox", options={"folder": "kept"}
        )
        found = fleet(
            settings(
                tmp_path,
                providers={**postmark(carrier), "files": elsewhere},
                allow_only=parse([]),
            )
        )

        found["main"].send(outgoing())

        assert carrier.server.calls == []
        assert len(list((tmp_path / "kept").glob("*/*.eml"))) == 1
