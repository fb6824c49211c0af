"""A real project folder with a mailing in it, composed and ready to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from mailer.core.model import Reading
from mailer.pipeline import plan
from mailer.pipeline.ingest import ingest
from tests.e2e.conftest import Shell
from tests.e2e.storm import worker
from tests.e2e.storm.orders import Means, Orders
from tests.factories import contact, draft
from tests.fakes.postoffice.running import Office
from tests.fakes.postoffice.server import TOKEN

_KINDS = {
    Means.KEY: 'kind = "resend"',
    Means.KEY_EACH: 'kind = "resend"\nbatch = false',
    Means.SEARCH: 'kind = "postmark"',
    Means.NEITHER: 'kind = "postmark"',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where a storm takes place."""

    shell: Shell
    orders: Orders  # of a worker to whom nothing happens
    mailing: str  # LIST/EDITION
    readers: Sequence[str]


def lay(
    shell: Shell,
    database_url: str,
    office: Office,
    *,
    means: Means,
    readers: int,
    batch: int = 10,
    spare: Office | None = None,
    route: str = 'provider = "office"',
) -> Ground:
    """Address a mailing to so many readers, through this office, or also another."""
    folder = shell.folder
    (folder / "token").write_text(TOKEN, "utf-8")
    shell.edit("mailer.toml", "# postal_address", "postal_address")
    shell.edit("mailer.toml", 'provider = "outbox"', route)
    _set(folder / "mailer.toml", "database", database_url)
    offices = (
        {"office": office} if spare is None else {"office": office, "spare": spare}
    )
    with (folder / "mailer.toml").open("a", encoding="utf-8") as settings:
        for name, one in offices.items():
            settings.write(
                f'\n[providers.{name}]\n{_KINDS[means]}\ntoken = "file:token"\n'
                f'base_url = "{one.url}"\ntimeout = 1\n'
            )
    orders = Orders(folder=str(folder), mailing_id=0, means=means, batch=batch)
    project = worker.project(orders)
    try:
        now = project.clock()
        soon = (now + timedelta(days=5)).date()
        drafts = (draft(start_date=soon), draft("Denver", start_date=soon))
        ingest(Reading(drafts=drafts), source="page", store=project.actions, at=now)
        people = [contact(number) for number in range(1, readers + 1)]
        project.people.enlist(people, list_slug="weekly", at=now)
        weekly = project.mailing_list("weekly")
        mailing = plan.now(weekly, project.ledger, edition=None, now=now)
        project.composer.compose(mailing, weekly, at=now)
    finally:
        project.close()
    return Ground(
        shell=shell,
        orders=replace(orders, mailing_id=mailing.id),
        mailing=f"{mailing.list_slug}/{mailing.edition}",
        readers=[person.address for person in people],
    )


def _set(file: Path, key: str, value: str) -> None:
    lines = file.read_text("utf-8").splitlines()
    found = [number for number, line in enumerate(lines) if line.startswith(f"{key} ")]
    assert len(found) == 1, f"{file.name} sets {key} {len(found)} times"
    lines[found[0]] = f'{key} = "{value}"'
    file.write_text("\n".join(lines) + "\n", "utf-8")
