"""`mailer actions --to-ask`: whose hosts are to be asked, without asking them."""

from datetime import datetime

from mailer.cli import output
from mailer.cli.state import State
from mailer.core import editions
from mailer.core.lists import Kind
from mailer.pipeline.recheck import BEFORE


def to_ask(state: State, as_of: datetime | None, *, as_json: bool) -> None:
    """Show whom a tick at this moment would ask whether it is still right."""
    with state.project(as_of) as project:
        now = project.clock()
        asked = [
            (edition, host.action)
            for _, _, edition, hosts in project.rechecker(output.say).to_ask(now)
            for host in hosts
        ]
        coming = [
            editions.next_due(each.cadence, now).due_at
            for each in project.lists.values()
            if each.kind is Kind.DIGEST and each.cadence
        ]
    if as_json:
        output.emit([{"edition": name, "id": each.public_id} for name, each in asked])
        return
    output.table(
        ("Date", "Place", "Before", "ID"),
        [
            (each.facts.start_date, each.facts.place.label, name, each.public_id)
            for name, each in asked
        ],
    )
    if asked:
        output.say("Nobody was written to: the ticker asks them.")
        return
    when = f"{min(coming) - BEFORE:%Y-%m-%dT%H:%M:%SZ}" if coming else None
    output.say(
        f"No host is to be asked at this moment, {now:%Y-%m-%d %H:%M} UTC. They are"
        " asked 48 to 24 hours before an edition, unless they have just looked"
        + (
            f"; for the next one: mailer actions --to-ask --as-of {when}"
            if when
            else ""
        )
        + "."
    )
