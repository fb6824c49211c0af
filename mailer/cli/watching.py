"""`mailer status --watch`: how far a mailing is, how fast, and how long it takes."""

import time
from datetime import timedelta

from mailer.bootstrap import Project
from mailer.cli import output
from mailer.pipeline import send
from mailer.ports import Mailing, Standing

_UNDER_WAY = ("planned", "sending")
_EVERY = 1.0  # seconds


def follow(project: Project, mailing: Mailing) -> None:
    """Show progress until the mailing is over, held, or waits for a person."""
    began = time.monotonic()
    first: int | None = None
    name = f"{mailing.list_slug}/{mailing.edition}"
    with output.progress(name) as bar:
        while True:
            standing = project.ledger.standing(mailing.id)
            settled, due = send.totals(standing.deliveries)
            bar(settled, due)
            if standing.state not in _UNDER_WAY:
                break
            first = settled if first is None else first
            time.sleep(_EVERY)
    output.say(_pace(standing, settled - (first or 0), time.monotonic() - began))


def _pace(standing: Standing, settled: int, seconds: float) -> str:
    """Say how fast it went while it was watched."""
    took = timedelta(seconds=round(seconds))
    rate = settled / seconds if seconds else 0.0
    return (
        f"{standing.mailing} is {standing.state}; watched for {took}:"
        f" {settled:,} messages, {rate:,.1f} a second."
    )
