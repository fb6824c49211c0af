"""Mailing lists: what one can subscribe to, read from `lists/*.toml`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from mailer.core import routes
from mailer.core.rates import Rate
from mailer.core.routes import Route
from mailer.core.tables import Table

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # not _design, not ../elsewhere
WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)


class Kind(StrEnum):
    """How a list's mailings come about."""

    DIGEST = "digest"  # by cadence, from the database
    BLAST = "blast"  # by a coordinator


class OptIn(StrEnum):
    """What makes a subscription active."""

    SINGLE = "single"  # a consent basis is enough
    DOUBLE = "double"  # the person must confirm, unless the import proves they did


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """When editions fall due, on a wall clock."""

    weekday: int  # Monday is 0
    at: time
    zone: ZoneInfo
    every_weeks: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingList:
    """One list's definition."""

    slug: str
    kind: Kind
    titles: Mapping[str, str]  # language → title
    template: str  # a folder in templates/email/
    opt_in: OptIn
    cadence: Cadence | None  # None: only when a person sends
    minimum_items: int  # a digest with fewer is skipped
    horizon: timedelta  # how far ahead a digest looks
    late_limit: timedelta  # a due edition older than this is missed, not sent
    sender_name: str | None = None  # None: as in mailer.toml
    sender_address: str | None = None
    pace: Rate | None = None  # of each mailing, over all workers
    route: Route | None = None  # who carries it; None: as in mailer.toml
    archive: bool = False  # every edition has a page that everybody may read
    search_engines: bool = False  # which search engines may show
    sign_up: bool = False  # anybody may ask for it on our pages
    timezone: ZoneInfo | None = None  # of readers whose own nobody knows

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone of readers whose own is not known; UTC if none is named."""
        if self.timezone is not None:
            return self.timezone
        return self.cadence.zone if self.cadence else ZoneInfo("UTC")

    def title(self, language: str) -> str:
        """Return the title in this language, else in the first one given."""
        return self.titles.get(language) or next(iter(self.titles.values()))


def told_in(lists: Iterable[MailingList]) -> ZoneInfo:
    """Return the zone in which coordinators are told hours: the first with a cadence."""
    return next((each.cadence.zone for each in lists if each.cadence), ZoneInfo("UTC"))


def parse(data: Mapping[str, Any], *, file: str, slug: str) -> MailingList:
    """Read one list definition; a ConfigError names the file and the key."""
    reader = Table(data, file)
    if not SLUG.fullmatch(slug):
        reader.fail(
            "(file name)", "use small letters, digits and hyphens: weekly-digest.toml"
        )
    kind = Kind(reader.choice("kind", [k.value for k in Kind], default=Kind.DIGEST))
    cadence = reader.table("cadence")
    if cadence and kind is Kind.BLAST:
        reader.fail("cadence", "a blast goes out when a person sends it; remove it")
    sender = reader.table("sender")
    archive = reader.flag("archive", default=False)
    search_engines = reader.flag("search_engines", default=False)
    reader.known.add("timezone")
    if search_engines and not archive:
        reader.fail("search_engines", "there is nothing to find without archive = true")
    result = MailingList(
        slug=slug,
        kind=kind,
        titles=reader.titles("title"),
        template=_template(reader, default=kind.value),
        opt_in=OptIn(
            reader.choice("opt_in", [o.value for o in OptIn], default=OptIn.DOUBLE)
        ),
        cadence=_cadence(cadence) if cadence else None,
        minimum_items=reader.integer("minimum_items", default=1, low=1),
        horizon=reader.duration("horizon", default="5 weeks"),
        late_limit=reader.duration("late_limit", default="24 hours"),
        pace=reader.rate("pace"),
        route=routes.read(reader),
        sender_name=sender.line("name", default=None) if sender else None,
        sender_address=sender.address("address", default=None) if sender else None,
        archive=archive,
        search_engines=search_engines,
        sign_up=reader.flag("sign_up", default=False),
        timezone=reader.zone("timezone") if "timezone" in data else None,
    )
    for part in (cadence, sender, reader):
        if part:
            part.refuse_unknown()
    return result


def _template(reader: Table, *, default: str) -> str:
    name: str = reader.text("template", default)
    if not _FOLDER.fullmatch(name):
        reader.fail("template", "must be the name of a folder in templates/email")
    return name


def _cadence(reader: Table) -> Cadence:
    reader.choice("every", ["week", "2 weeks", "4 weeks"], default="week")
    every = str(reader.data.get("every", "week"))
    return Cadence(
        weekday=WEEKDAYS.index(reader.choice("on", list(WEEKDAYS))),
        at=reader.clock("at"),
        zone=reader.zone("timezone"),
        every_weeks=1 if every == "week" else int(every.split(maxsplit=1)[0]),
    )
