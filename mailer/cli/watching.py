"""`mailer status --watch`: how far mailings are, how fast, how long it takes, what waits."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from mailer.adapters.database.gauges import held
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.core.speed import Speed
from mailer.pipeline.follow import COUNTING, EVERY
from mailer.ports import Mailing, Standing

_UNDER_WAY = ("planned", "sending")


def follow(
    project: Project,
    mailing: Mailing,
    *,
    as_json: bool,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show progress until the mailing is over, held, or waits for a person."""
    began, speed = monotonic(), Speed()
    name = f"{mailing.list_slug}/{mailing.edition}"
    with output.progress(name) as bar:
        while True:
            asked = monotonic()
            standing = project.ledger.standing(mailing.id)
            now = monotonic()
            settled, due = standing.settled, standing.due
            speed.add(now, settled)
            waits = _waits(project, standing)
            if as_json:
                output.emit_line(_beat(standing, speed, due - settled, waits))
            else:
                bar(settled, due, _note(speed, waits))
            if standing.state not in _UNDER_WAY:
                break
            sleep(max(EVERY, COUNTING * (now - asked)))
    if not as_json:
        output.say(_summary(standing, settled, monotonic() - began))


def _beat(
    standing: Standing, speed: Speed, missing: int, waits: Sequence[str]
) -> dict[str, Any]:
    return {
        **asdict(standing),
        "per_second": round(speed.rate, 1),
        "seconds_left": speed.left(missing),
        "waits": list(waits),
    }


def _note(speed: Speed, waits: Sequence[str]) -> str:
    rate = f"{speed.rate:,.0f}/s" if speed.rate >= 10 else f"{speed.rate:.1f}/s"
    return "; ".join((rate, *waits))


def _waits(project: Project, standing: Standing) -> Sequence[str]:
    """Say in words why less goes out than could."""
    words: list[str] = []
    if stop := project.instance.stopped():
        words.append(f"all sending is stopped: {stop.reason}")
    for each in held(project.ready):
        kind, _, name = each.name.partition(":")
        if kind == "provider":
            why = each.reason or "its rate"
            words.append(f"{name} waits {each.seconds:.0f} s ({why})")
        elif kind == "barred":
            words.append(f"others carry the mail of {name} ({each.reason})")
        elif kind == "domain":
            words.append(f"{name} waits {each.seconds:.0f} s (its pace)")
    unknown = standing.deliveries.get("unknown", 0)
    if unknown:
        words.append(f"{unknown:,} are being found out")
    return words


def _summary(standing: Standing, settled: int, seconds: float) -> str:
    """Say how it stands now, and what a person can do about it."""
    took = timedelta(seconds=round(seconds))
    words = f"{standing.mailing} is {standing.state}; watched for {took}, {settled:,} settled."
    parked = standing.deliveries.get("parked", 0)
    if parked:
        words += f" {parked:,} wait for you: mailer parked"
    if standing.state == "paused":
        words += f" {standing.reason or ''} To go on: mailer resume {standing.mailing}"
    return words
