"""The pages against their own description: all of it is there, and none of it breaks."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, settings
from PIL import Image
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)
from starlette.routing import Route

from mailer.cli import web
from mailer.core.accounts import State
from mailer.core.automation import Scope
from mailer.core.draft import parse
from mailer.core.roles import Role
from mailer.core.tokens import Purpose
from tests.depth import deep
from tests.e2e.conftest import Shell, copied
from tests.e2e.programs import OTAY
from tests.e2e.town import Town
from tests.factories import NINE, draft

FILE = Path(__file__).parents[2] / "docs" / "reference" / "openapi.yaml"
DESCRIBED: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
SCHEMA = schemathesis.openapi.from_dict(DESCRIBED)
PAGES = SCHEMA.exclude(path_regex="^/api/")
PROGRAMS = SCHEMA.include(path_regex="^/api/")
PROVIDER = """
[providers.postmark]
kind = "postmark"
token = "ttttttttttttttttttttt"
events_key = "what-postmark-shows-us"
[brand]
logo = "logo.png"
"""


@pytest.fixture(scope="module")
def town(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A project with everything that has a page."""
    shell = copied(initial, tmp_path_factory.mktemp("described"))
    shell.edit(
        "lists/weekly.toml", 'kind = "digest"', 'kind = "digest"\narchive = true'
    )
    shell.edit(
        "mailer.toml", "[coalition]", '[coalition]\ncoordinators = ["desk@us.example"]'
    )
    Image.new("RGB", (240, 96)).save(shell.folder / "logo.png")
    with (shell.folder / "mailer.toml").open("a", encoding="utf-8") as file:
        file.write(PROVIDER)
    with Town(shell.folder).open() as town:
        town.settle()
        town.tell(draft("San Diego", 12), draft("Denver", 13, start_time=NINE))
        town.send()
        yield town


def test_every_route_is_described_and_nothing_else_is(town: Town) -> None:
    app = web.application(town.project)
    routes = {
        re.sub(r"pages\.\w+\.css", "{stylesheet}", route.path): {
            method.lower() for method in (route.methods or set()) - {"HEAD"}
        }
        for route in app.routes
        if isinstance(route, Route)
    }
    described = {
        path: set(item) & {"get", "post", "put", "patch", "delete"}
        for path, item in DESCRIBED["paths"].items()
    }

    assert len(app.routes) == len(routes)
    assert described == routes


@pytest.fixture(scope="module")
def real(town: Town) -> dict[str, str]:
    """What leads somewhere, for the names in the paths."""
    found = re.search(r"/static/([^\"]+)", town.get("/actions").text)
    assert found is not None
    keyring = town.project.keyring
    return {
        "public_id": town.id_of("Denver"),
        "region": "us-co",
        "list": "weekly",
        "edition": "2019-10-07",
        "language": "en",
        "token": keyring.sign(Purpose.PREFERENCES, bytes(16), 1),
        "provider": "postmark",
        "stylesheet": found[1],
        "file": "passkeys.js",
        "number": "1",
        "account": "nobody",
        "action": "nobodys",
    }


@pytest.fixture(scope="module")
def shown(town: Town) -> dict[str, str]:
    """What a program shows that may do everything, where there is a draft."""
    town.project.warm().join()  # the gazetteer: its first question takes seconds
    console = town.project.console
    account = console.accounts.create(
        "ana@us.example", language="en", roles=list(Role), by="test", at=town.now
    )
    console.credentials.set_password(account.number, "hash", at=town.now)
    console.accounts.turn(account, State.ACTIVE, by="test", at=town.now)
    console.credentials.propose_totp(account.number, "S", at=town.now)
    console.credentials.accept_totp(account.number, 0, at=town.now)
    ana = console.accounts.account(account.public_id)
    _, secret = console.issuer.issue(
        ana, name="all", scopes=list(Scope), strong=True, by=ana.actor
    )
    town.project.proposer().new(parse(OTAY, file="draft"), by=ana.address)
    return {"Authorization": f"Bearer {secret}"}


@PROGRAMS.parametrize()
@settings(
    max_examples=deep(everyday=3, thorough=12),
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_program_makes_the_api_fail_or_answer_unlike_described(
    case: schemathesis.Case[Any], town: Town, shown: dict[str, str]
) -> None:
    left_out: list[Any] = [unsupported_method, positive_data_acceptance]
    case.call_and_validate(base_url=town.url, headers=shown, excluded_checks=left_out)
    if not case.path_parameters:
        return
    there = {"list": "urgent", "edition": OTAY["edition"]}
    case.path_parameters = {name: there[name] for name in case.path_parameters}
    left_out.append(negative_data_rejection)
    case.call_and_validate(base_url=town.url, headers=shown, excluded_checks=left_out)


@PAGES.parametrize()
@settings(
    max_examples=deep(everyday=4, thorough=20),
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_makes_the_pages_fail_or_answer_unlike_described(
    case: schemathesis.Case[Any], town: Town, real: dict[str, str]
) -> None:
    # What people write into a form is checked by more than a schema can say.
    described = DESCRIBED["paths"][case.path].get(case.method.lower(), {})
    left_out: list[Any] = [unsupported_method]
    if "422" in described.get("responses", {}):
        left_out.append(positive_data_acceptance)
    case.call_and_validate(base_url=town.url, excluded_checks=left_out)
    # The same once more where something is. It was made for another path, which may
    # have been meant to be refused.
    case.path_parameters = {name: real[name] for name in case.path_parameters or {}}
    left_out.append(negative_data_rejection)
    case.call_and_validate(base_url=town.url, excluded_checks=left_out)
