"""A coalition to which somebody has written the corpus of hostile words, at every door."""

import csv
from dataclasses import asdict, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from mailer.adapters.database.schema import calls
from mailer.bootstrap import Project
from mailer.cli import delivering, intake
from mailer.core.draft import parse
from mailer.core.events import Event, EventKind
from mailer.core.model import Draft, Facts, Reading, Sponsor
from mailer.core.proposal import Stage
from mailer.core.requests import Ask, Kind
from mailer.core.roles import Role
from mailer.pipeline import plan
from mailer.pipeline.ingest import ingest
from tests.e2e.coordinators import House
from tests.factories import place
from tests.hostile import CORPUS, MARKUP

FIELDS = ("title", "venue", "address", "target", "description", "note")


def besiege(house: House) -> None:
    """Let actions, people, requests, blasts, accounts and bounces say hostile words."""
    project, at = house.project, house.now
    _actions(project, at)
    _people(project)
    _digest_that_bounces(project, at)
    _requests(project, at)
    _blasts(project, at)
    for number, words in enumerate(MARKUP[:8]):
        person = house.person(f"hostile{number}@union.example", [Role.AUTHOR])
        project.console.accounts.describe(person, name=words, language="en")


def _actions(project: Project, at: datetime) -> None:
    drafts = []
    for line, first in enumerate(range(0, len(CORPUS), len(FIELDS)), 1):
        said: dict[str, Any] = dict(zip(FIELDS, CORPUS[first:], strict=False))
        facts = Facts(
            start_date=date(2026, 11, 25),
            start_time=time(18, 30),
            time_zone="America/Los_Angeles",
            place=place(),
            url="javascript:window.owned=1",
            sponsors=(Sponsor(name=CORPUS[first]),),
            **said,
        )
        drafts.append(Draft(line=line, external_id=f"x{line}", facts=facts))
    ingest(Reading(drafts=tuple(drafts)), source="page", store=project.actions, at=at)


def _people(project: Project) -> None:
    file = project.folder / "hostile.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["organization", "email", "name", "city", "state", "language",
                       "tags", "consent_basis", "consent_at"])  # fmt: skip
        for number, said in enumerate(CORPUS):
            words = said.replace("\x00", "")  # else it is refused as no text
            rows.writerow([words, f"reader{number}@example.org", words, "San Diego", "CA",
                           "en", "hostile", "form", "2026-09-03"])  # fmt: skip
    for slug in ("weekly", "urgent"):
        intake.subscribers(project, file, slug)


def _digest_that_bounces(project: Project, at: datetime) -> None:
    mailing_list = project.mailing_list("weekly")
    made = plan.now(mailing_list, project.ledger, edition=None, now=at)
    delivering.deliver(project, made)
    events = [
        Event(
            event_id=f"bounce {number}",
            kind=EventKind.HARD if number % 2 else EventKind.BLOCK,
            address=f"reader{number}@example.org",
            provider_id=None,
            happened_at=at + timedelta(seconds=1),
            detail=words,
        )
        for number, words in enumerate(CORPUS)
    ]
    tracker = project.tracker(print)
    tracker.tracking.keep("outbox", events, at=at)
    tracker.tracking.apply(most=1000, at=at)
    project.ledger.pause(made.id, reason=MARKUP[0], at=at)


def _requests(project: Project, at: datetime) -> None:
    call = {"slug": "call", "title": MARKUP[0], "created_at": at}
    with project.database.writing() as connection:
        connection.execute(project.database.insert(calls).values(call))
    for number, words in enumerate(CORPUS[:40]):
        project.requests.ask(
            Ask(
                kind=Kind.ENDORSE,
                address=f"visitor@angels{number}.example",
                language="en",
                list_number=next(iter(project.numbered())),
                about=f"angels{number}",
                facts={
                    "call": "call",
                    "organization": words,
                    "place": asdict(replace(place(), label=words, locality=words)),
                    "website": "javascript:window.owned=1",
                    "public": True,
                    "pledges": [],
                    "contact": words,
                },
            ),
            at=at,
        )
    for due in project.requests.due(at=at):
        project.requests.written(due, at=at)
        project.requests.confirm(due.to, due.number, at=at)


def _blasts(project: Project, at: datetime) -> None:
    blasts = project.blasts
    for number, words in enumerate(CORPUS[:20]):
        line = " ".join(words.split())
        draft = parse(
            {
                "list": "urgent",
                "edition": f"hostile-{number}",
                "en": {"headline": [line[:80]], "reason": line, "body": words,
                       "where": line, "bring": line, "answer": line},
                "audience": {"include": [{"tag": "hostile"}]},
            },
            file="-",
        )  # fmt: skip
        made = blasts.create(draft, by="ana@example.org", at=at)
        blasts.submit(
            made,
            by=f"{number}@example.org",
            expected=9,
            words=bytes(32),
            acknowledged={line: line},
            at=at,
        )
        if number % 2:
            found = blasts.find(made.name)
            by = "ana@example.org"
            blasts.close(found, Stage.CANCELLED, by=by, reason=words, at=at)
