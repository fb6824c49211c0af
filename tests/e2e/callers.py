"""Coordinators who write and approve urgent calls in the console, and their readers."""

import csv
import email
import email.policy
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

from mailer.core.proposal import OVER, Proposal, Stage
from mailer.core.roles import Role
from tests.e2e.conftest import Shell
from tests.e2e.coordinators import Browser, House, words

ROSA, MARTA = "rosa@union.example", "marta@union.example"
_NUMBERS = count(1)
ACTIONS = """\
external_id,start_date,start_time,city,state,sponsors,target,status
1,2028-11-21,18:00,San Diego,CA,Unión del Barrio,Otay Mesa,confirmed
2,2028-11-22,10:00,Los Angeles,CA,Mijente,,confirmed
"""
PEOPLE = [
    ("Unión del Barrio", "eva@barrio.example", "es", "San Diego", "CA"),
    ("AFT 1931", "bob@aft.example", "en", "San Diego", "CA"),
    ("Unidos MN", "cy@unidos.example", "en", "Minneapolis", "MN"),
]
OTAY: Mapping[str, str] = {
    "list": "urgent",
    "urgent": "yes",
    "en-headline": "Come to Otay Mesa\ntonight at 6",
    "en-reason": "People held at the detention center are being moved tonight; their"
    " families ask us to come.",
    "en-body": "Bring **water**.",
    "es-headline": "Vengan a Otay Mesa\nhoy a las 6",
    "es-reason": "Esta noche trasladan a personas detenidas; sus familias nos piden"
    " acompañarlas.",
    "es-body": "Traigan **agua**.",
    "include-join": "or",
    "include-kind": "region",
    "include-value": "California",
    "include-km": "",
    "action": "save",
}


def furnish(shell: Shell) -> None:
    """Give a project its address, actions to come, and readers of urgent calls."""
    shell.edit("mailer.toml", "# postal_address", "postal_address")
    shell.edit("mailer.toml", "# counted_from = 200", "counted_from = 2")
    (shell.folder / "actions.csv").write_text(ACTIONS, "utf-8")
    shell("import", "actions", str(shell.folder / "actions.csv"), "--format", "csv")
    rows = io.StringIO()
    out = csv.writer(rows)
    out.writerow(
        [
            "organization",
            "email",
            "language",
            "city",
            "state",
            "consent_basis",
            "consent_at",
        ]
    )
    out.writerows((*person, "form", "2025-09-03") for person in PEOPLE)
    (shell.folder / "people.csv").write_text(rows.getvalue(), "utf-8")
    people = str(shell.folder / "people.csv")
    shell("import", "subscribers", people, "--list", "urgent")


@dataclass
class Callers:
    """A house, its author and its approver, each with a browser."""

    house: House
    rosa: Browser
    marta: Browser
    name: str

    @classmethod
    def of(cls, house: House) -> "Callers":
        """Begin anew in a house: two people, and a call of a name of its own."""
        number = next(_NUMBERS)
        house.forget()
        house.now += timedelta(days=2 * number)  # nobody was mailed within a day
        proposer = house.project.proposer()
        for each in house.project.blasts.every(frozenset(Stage) - OVER):
            proposer.cancel(each.name, by="", reason="the test is over")
        for file in outbox(house):
            file.unlink()
        house.person(ROSA, [Role.AUTHOR])
        house.person(MARTA, [Role.APPROVER], codes=True)
        return cls(
            house,
            house.signed_in(ROSA),
            house.signed_in(MARTA),
            name=f"urgent/otay-mesa-{number}",
        )

    @property
    def call(self) -> Proposal:
        """Return the call as it stands."""
        return self.house.project.blasts.find(self.name)

    @property
    def page(self) -> str:
        """Return the path of its page."""
        return f"/console/calls/{self.name}"

    def form(self, **changes: str) -> dict[str, str]:
        """Return what the author fills in, with these fields changed."""
        return {**OTAY, "edition": self.name.partition("/")[2], **changes}

    def write(self, **changes: str) -> None:
        """Let the author write it."""
        answer = self.rosa.post("/console/calls/new", self.form(**changes))
        assert answer.status_code == 303, words(answer)

    def press(self, who: Browser, button: str, **said: str) -> tuple[int, str]:
        """Press a button of the call's page; returns the answer and its words."""
        form = {"revision": str(self.call.revision), **said}
        answer = who.post(f"/console/calls/{self.name}/{button}", dict(form))
        if answer.status_code == 303:
            led = who.get(answer.headers["location"])
            return answer.status_code, words(led)
        return answer.status_code, words(answer)

    def submitted(self, **changes: str) -> None:
        """Let the author write it and ask for an approval."""
        self.write(**changes)
        status, said = self.press(self.rosa, "submit", **self.reasons())
        assert status == 303, said

    def approved(self, **changes: str) -> None:
        """Let it be approved by the other."""
        self.submitted(**changes)
        status, said = self.press(self.marta, "approve")
        assert status == 303, said

    def reasons(self) -> dict[str, str]:
        """Give a reason for every warning that there is now."""
        found = self.house.project.calls.findings(self.call)
        names = [each.name for each in found if each.severity.value == "warning"]
        said = {f"why-{name}": "It cannot wait." for name in names}
        return {**said, **({"warning": names[0]} if names else {})}

    def work(self, minutes: float = 0) -> None:
        """Let time go by, and the service do its work."""
        self.house.now += timedelta(minutes=minutes)
        project, troubles = self.house.project, list[str]()
        project.releaser(troubles.append).release()
        sender = project.sender(project.settings.provider, troubles.append)
        sender.drain(sleep=_never, wait=False)
        assert troubles == []

    def letters(self) -> Iterator[tuple[str, str]]:
        """Yield the letters in the outbox: whom each is for, and its HTML."""
        for file in outbox(self.house):
            message = email.message_from_bytes(
                file.read_bytes(), policy=email.policy.default
            )
            body = message.get_body(("html",))
            assert body is not None
            raw = body.get_payload(decode=True)
            assert isinstance(raw, bytes)
            yield str(message["To"]), raw.decode().replace("\r\n", "\n")

    def called(self) -> Mapping[str, str]:
        """Return the HTML that each has of the call; letters asking to approve aside."""
        asking = "Read it and decide"
        return {to: said for to, said in self.letters() if asking not in said}


def outbox(house: House) -> list[Path]:
    """Return the letters in a project's outbox."""
    return sorted((house.project.folder / "outbox").rglob("*.eml"))


def _never(_seconds: float) -> None:
    raise AssertionError("what is due later is found by a later look")
