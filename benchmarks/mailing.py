"""One edition for a crowd: composed into the ledger, and who sends it."""

import time
from pathlib import Path

from crowd import MONDAY, SECRET, WEEKLY

from mailer.adapters.database.actions import SqlActions
from mailer.adapters.database.engine import Database
from mailer.adapters.database.work import SqlLedger
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import read_sample
from mailer.core.routes import Route, Routing
from mailer.core.tokens import Keyring
from mailer.pipeline import plan
from mailer.pipeline.compose import Composer
from mailer.pipeline.letters import Imprint, Writer
from mailer.pipeline.send import Sender
from mailer.ports import Provider

TEMPLATES = Path(__file__).parent.parent / "templates"
BASE_URL = "https://mail.example.org"
IMPRINT = Imprint(
    sender_name="Coalition",
    sender_address="actions@example.org",
    reply_to=None,
    headers=(("List-Id", "<weekly.example.org>"),),
)


def compose(database: Database, *, batch: int) -> int:
    """Compose the week's edition; return how many deliveries it has."""
    ledger = SqlLedger(database, SECRET)
    mailing = plan.now(WEEKLY, ledger, edition=None, now=MONDAY)
    composer = Composer(
        ledger=ledger,
        actions=SqlActions(database),
        renderer=renderer(),
        secret=SECRET,
        route_of=lambda _list: Route(shares={"main": 1}),
        batch_size=lambda _list: batch,
    )
    composer.compose(mailing, WEEKLY, at=MONDAY)
    return ledger.standing(mailing.id).audience


def sender(database: Database, provider: Provider) -> Sender:
    """Return who sends what was composed."""
    ledger = SqlLedger(database, SECRET)
    ledger.route(Routing(usual=Route(shares={provider.name: 1}), lists={}))
    return Sender(
        ledger=ledger,
        provider=provider,
        writer=Writer(
            renderer=renderer(),
            keyring=Keyring({1: SECRET}),
            base_url=BASE_URL,
            imprint=lambda _list, _edition: IMPRINT,
        ),
        clock=lambda: MONDAY,
        monotonic=time.monotonic,
        owner="benchmark",
    )


def renderer() -> MailRenderer:
    """Return what sets mail by our templates."""
    sample = read_sample(TEMPLATES / "email" / "digest" / "sample.json")
    return MailRenderer(TEMPLATES, sample.brand, BASE_URL)
