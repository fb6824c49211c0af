"""Urgent calls: written by one, approved by another, stopped by whoever sees a mistake."""

from starlette.routing import Route

from mailer.web.console.calls import (
    listing,
    moving,
    previewing,
    showing,
    writing,
)
from mailer.web.console.calls.finding import ONE, PATH
from mailer.web.console.calls.listing import desktop
from mailer.web.console.door import Door

__all__ = ["desktop", "routes"]


def routes(door: Door) -> list[Route]:
    """Return the routes of urgent calls."""
    return [
        door.route(PATH, get=listing.show),
        door.route(writing.NEW, get=writing.new, post=writing.write, long=True),
        door.route(ONE, get=showing.show),
        door.route(f"{ONE}/edit", get=writing.edit, post=writing.rewrite, long=True),
        door.route(f"{ONE}/standing", get=showing.standing),
        door.route(f"{ONE}/preview", get=previewing.show, post=previewing.look_for),
        door.route(f"{ONE}/message", get=previewing.message),
        door.route(f"{ONE}/submit", post=moving.submit),
        door.route(f"{ONE}/approve", post=moving.approve),
        door.route(f"{ONE}/stop", post=moving.stop),
        door.route(f"{ONE}/resume", post=moving.resume),
        door.route(f"{ONE}/cancel", post=moving.cancel),
        door.route(f"{ONE}/test", post=moving.try_out),
    ]
