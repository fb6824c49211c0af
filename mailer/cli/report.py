"""Where mailings stand, in words: counts, what is left, what is in doubt, how to go on."""

from collections.abc import Sequence
from dataclasses import asdict

from mailer.adapters.database import gauges
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.core.errors import InputError, RefusedError
from mailer.ports import Mailing, Standing


def report(standings: Sequence[Standing], *, as_json: bool) -> None:
    """Print where mailings stand."""
    if as_json:
        shown = [asdict(standing) for standing in standings]
        output.emit(shown[0] if len(shown) == 1 else shown)
        return
    output.table(
        (
            "Mailing",
            "State",
            "Audience",
            "Sent",
            "Open",
            "Left out",
            "Trouble",
            "Versions",
        ),
        [
            (
                standing.mailing,
                standing.state,
                standing.audience,
                standing.deliveries.get("sent", 0),
                _sum(standing, "pending", "inflight", "unknown"),
                _sum(standing, "skipped", "suppressed"),
                _sum(standing, "failed", "parked"),
                standing.variants,
            )
            for standing in standings
        ],
        right=("Audience", "Sent", "Open", "Left out", "Trouble", "Versions"),
    )
    for standing in standings:
        if len(standing.carried) > 1:
            shares = standing.carried.items()
            carried = ", ".join(f"{n} through {name}" for name, n in shares)
            output.show(f"  {standing.mailing}: {carried}")
        for reason, n in standing.reasons.items():
            output.show(f"  {n} {reason}")
        if standing.reason:
            output.show(f"  {standing.mailing}: {standing.reason}")
    if not standings:
        output.say("No mailing yet; mailer send LIST makes one.")


_SOON = 1.0  # seconds
_PARKED = "nobody knows whether some have it; mailer parked lists them"


def _sum(standing: Standing, *states: str) -> int:
    return sum(standing.deliveries.get(state, 0) for state in states)


def complain(*standings: Standing) -> None:
    """Raise InputError for mailings that wait for a person, with the way on."""
    waiting = [each for each in standings if each.state in ("paused", "unresolved")]
    if waiting:
        raise InputError("; ".join(map(_complaint, waiting)))


def _complaint(standing: Standing) -> str:
    words = (standing.reason or _PARKED).rstrip(".")
    way_on = f"; to go on: mailer resume {standing.mailing}"
    return f"{standing.mailing} is {standing.state}: {words}" + (
        way_on if standing.state == "paused" else ""
    )


def say_what_stayed(project: Project, mailing: Mailing, standing: Standing) -> None:
    """Say how many messages went to the outbox instead, and what that means."""
    if number := gauges.kept(project.ready, mailing.id):
        output.say(
            f"{stayed(standing, number)}. For them this edition is used up; to mail"
            " them another one, take allow_only away and name it: mailer send"
            f" {mailing.list_slug} --edition DATE"
        )


def stayed(standing: Standing, number: int) -> str:
    """Return how many of those counted as sent are in the outbox."""
    return (
        f"{number:,} of {standing.deliveries.get('sent', 0):,} went to the outbox"
        " instead, because of [delivery] allow_only"
    )


def in_doubt(project: Project, mailing_id: int, standing: Standing) -> str:
    """Return what is in a call, as far as one who looks from outside can know."""
    number = _sum(standing, "inflight", "unknown")
    if not number:
        return ""
    soon = gauges.looked_into(project.ready, mailing_id)
    are = output.counted(number, "message is", "messages are")
    return (
        f"{are} in doubt or on the way: a call was begun and its outcome is not known"
        " yet; if its sender was ended, mailer work or the scheduler finds out"
        f" {_when(soon)}, and none is sent again before that"
    )


def say_what_is_left(
    project: Project, mailing_id: int, standing: Standing, stopped: str | None
) -> None:
    """Say how to go on; raises RefusedError when sending was stopped meanwhile."""
    if standing.state != "sending":
        return
    waiting = standing.deliveries.get("pending", 0)
    if doubtful := _sum(standing, "inflight", "unknown"):
        soon = gauges.looked_into(project.ready, mailing_id)
        output.say(
            f"{output.counted(doubtful, 'message is', 'messages are')} in doubt: a call"
            " was begun and its outcome is not known. It is found out"
            f" {_when(soon)}, by mailer work or the scheduler; none is sent again"
            " before that."
        )
    if not waiting:
        return
    if stopped is not None:
        raise RefusedError(
            f"{waiting:,} are still to be sent, because all sending was stopped:"
            f" {stopped.rstrip('.')}; to go on: mailer start, then mailer work"
        )
    output.say(f"{waiting:,} are still to be sent; to go on: mailer work")


def _when(seconds: float) -> str:
    if seconds < _SOON:
        return "at once"
    return f"in {seconds / 60:.0f} minutes" if seconds > 90 else f"in {seconds:.0f} s"
