"""A project in which weeks go by, with its real database, outbox and pages."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from icalendar import Calendar
from limits import parse
from sqlalchemy import insert

from mailer.adapters.credentials.passwords import Passwords
from mailer.adapters.database.schema import variants
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.specimens import specimens
from mailer.bootstrap import Project
from mailer.cli import delivering, intake, web
from mailer.core.envelope import cut, markers
from mailer.core.model import Draft, Reading
from mailer.pipeline import plan
from mailer.pipeline.ingest import ingest
from mailer.web.api import Limits
from tests.e2e import plain
from tests.e2e.coordinators import QUICK
from tests.fakes.site import BRAND, TEMPLATES, served_app

PATIENT = Limits(each=parse("100000/second"), bad=parse("100000/second"))
MONDAY = datetime(2019, 10, 7, 15, 0, tzinfo=UTC)  # 8:00 in Los Angeles
PEOPLE = """\
organization,email,language,consent_basis,consent_at
Unión del Barrio,ana@barrio.example,es,form,2019-09-03
AFT 1931,ben@aft.example,en,form,2019-09-04
"""


class Town:
    """Imports, sends and is visited at whatever moment `now` is."""

    def __init__(self, folder: Path) -> None:
        self.now = MONDAY
        self.url = ""
        self.subjects: dict[str, str] = {}
        self.project = Project(folder, {}, lambda: self.now)
        self.project.console.__dict__["passwords"] = Passwords(QUICK)

    def settle(self) -> None:
        """Subscribe a reader of each language to the weekly list."""
        people = self.project.folder / "people.csv"
        people.write_text(PEOPLE, "utf-8")
        intake.subscribers(self.project, people, "weekly")

    def tell(self, *drafts: Draft) -> None:
        """Let the source say what takes place, and nothing else."""
        ingest(
            Reading(drafts=drafts),
            source="page",
            store=self.project.actions,
            at=self.now,
        )

    def send(self, slug: str = "weekly", edition: str | None = None) -> None:
        """Send an edition to the outbox, as a person does."""
        mailing_list = self.project.mailing_list(slug)
        ledger = self.project.ledger
        made = plan.now(mailing_list, ledger, edition=edition, now=self.now)
        delivering.deliver(self.project, made)

    def blast(self, edition: str, specimen: str) -> None:
        """Leave a blast in the ledger as sending leaves it, in both languages."""
        project, nonce = self.project, "b1a57"
        made = project.ledger.make(
            list_slug="urgent",
            edition=edition,
            kind="blast",
            state="finished",
            reason=None,
            due_at=self.now,
            as_of=self.now,
            until=self.now,
            planned_at=self.now,
        )
        assert made is not None
        mail = MailRenderer(TEMPLATES, BRAND, project.settings.base_url)
        for language in ("en", "es"):
            letter = specimens(TEMPLATES)[specimen].write(
                mail, language, markers(nonce)
            )
            with project.database.writing() as connection:
                connection.execute(
                    insert(variants).values(
                        mailing_id=made.id,
                        content_hash=language.encode(),
                        language=language,
                        subject=letter.subject,
                        preheader=letter.preheader,
                        html=cut(letter.html, nonce, expected=("leave",)).dump(),
                        text=cut(letter.text, nonce, expected=("leave",)).dump(),
                    )
                )
            self.subjects[language] = letter.subject

    def id_of(self, city: str) -> str:
        """Return the public id of the action in a city."""
        (found,) = [
            action.public_id
            for action in self.project.actions.every()
            if action.facts.place.locality == city
        ]
        return found

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Visit a page."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return plain.get(self.url + path, headers=named)

    def events(self, path: str = "/calendar/all.ics") -> dict[str, Any]:
        """Return a calendar's events by the city that they are in."""
        calendar = Calendar.from_ical(self.get(path).content)
        return {
            str(event["LOCATION"]).split(", ")[-2]: event
            for event in calendar.walk("VEVENT")
        }

    @contextmanager
    def open(self) -> Iterator["Town"]:
        """Serve the pages until the block ends."""
        try:
            with served_app(web.application(self.project, limits=PATIENT)) as self.url:
                yield self
        finally:
            self.project.close()


@dataclass(frozen=True)
class Copy:
    """An edition's page, taken apart."""

    page: str

    @property
    def words(self) -> str:
        """Return what is read on it, on one line."""
        shown = re.sub(r"<(head|script)\b.*?</\1>", " ", self.page, flags=re.DOTALL)
        return " ".join(re.sub(r"<[^>]+>", " ", shown).split())

    @property
    def links(self) -> list[str]:
        """Return where it leads."""
        return re.findall(r'href="([^"]+)"', self.page)


def json_ld(page: str) -> dict[str, Any]:
    """Return what a page tells search engines."""
    found = re.findall(
        r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL
    )
    (event,) = [json.loads(one) for one in found]
    assert isinstance(event, dict)
    return event
