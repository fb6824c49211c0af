"""The pages with a small world behind them, served over real HTTP."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from limits import parse
from starlette.applications import Starlette

from mailer.adapters.addresses import checked
from mailer.adapters.renderer.brand import Brand
from mailer.adapters.renderer.copies import Copies
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.pages import Pages
from mailer.config import Coalition
from mailer.core.branding import Logo
from mailer.core.lists import Cadence, Kind, MailingList, OptIn
from mailer.core.model import (
    Action,
    ActionStatus,
    Facts,
    LocationVisibility,
    Place,
    Sponsor,
    SponsorRole,
)
from mailer.core.preferences import Choices
from mailer.core.routes import Route
from mailer.core.sharing.reading import PlaceOf
from mailer.core.tokens import Keyring, Purpose
from mailer.pipeline.erase import Eraser
from mailer.pipeline.hosting import Herald
from mailer.pipeline.notify import Notifier
from mailer.ports import Reader
from mailer.web.app import create
from mailer.web.guard import Guard
from mailer.web.patience import Patience
from mailer.web.server import server
from tests.factories import PLACES, place
from tests.fakes.hosting import NoHosts, NoIntroductions
from tests.fakes.people import (
    MemoryActions,
    MemoryNotes,
    MemoryReaders,
    NoEditions,
)
from tests.fakes.requests import MemoryEndorsements, MemoryRequests
from tests.fakes.rights import (
    MemoryDossiers,
    MemoryErasures,
    MemoryJournal,
    MemoryRights,
)

TEMPLATES = Path(__file__).parents[2] / "templates"
NOW = datetime(2019, 10, 8, 17, 30, tzinfo=UTC)
WEEKLY, URGENT = 1, 2
UID = bytes(range(16))
KEYS = {1: bytes(range(32))}
PATIENT = parse("100000/second")  # of bad links: all of these tests are one network
COALITION = Coalition(
    name="Coalition to Close the Concentration Camps",
    postal_address="PO Box 000000, San Diego, CA 92101",
    coordinators=("desk@coalition.example",),
)
BRAND = Brand(
    name=COALITION.name,
    postal_address=COALITION.postal_address,
    reply_to="hello@mail.example.org",
)
_SPONSORS = (
    "Asian Solidarity Collective",
    "Border Angels",
    "Jewish Voice for Peace, San Diego",
    "Party for Socialism and Liberation",
    "Showing Up for Racial Justice, San Diego",
    "Unión del Barrio",
)


def mailing_list(slug: str, english: str, spanish: str, kind: Kind) -> MailingList:
    return MailingList(
        slug=slug,
        kind=kind,
        titles={"en": english, "es": spanish},
        template=kind.value,
        opt_in=OptIn.DOUBLE,
        cadence=Cadence(weekday=0, at=time(8), zone=ZoneInfo("America/Los_Angeles"))
        if kind is Kind.DIGEST
        else None,
        minimum_items=1,
        horizon=timedelta(weeks=5),
        late_limit=timedelta(hours=24),
        sign_up=True,
    )


LISTS = {
    WEEKLY: mailing_list(
        "weekly", "Weekly actions", "Acciones de la semana", Kind.DIGEST
    ),
    URGENT: mailing_list("urgent", "Urgent calls", "Llamados urgentes", Kind.BLAST),
}


def a_reader(
    *,
    language: str = "en",
    list_number: int = WEEKLY,
    uid: bytes = UID,
    organization: str | None = "American Federation of Teachers Guild (Local 1931)",
) -> Reader:
    return Reader(
        uid=uid,
        masked_address="o…@aftguild.example",
        organization=organization,
        place=place("San Diego"),
        time_zone=None,
        list_number=list_number,
        list_slug=LISTS[list_number].slug,
        active=True,
        choices=Choices(language=language),
        told_at=None,
        also_on=(),
        last_change=None,
    )


def some_facts(
    *,
    start_date: date = date(2019, 10, 12),
    start_time: time | None = time(10),
    end_date: date | None = None,
    end_time: time | None = None,
    label: str = "San Diego, CA",
    venue: str | None = "Chicano Park",
    address: str | None = "1949 Logan Ave",
    visibility: LocationVisibility = LocationVisibility.PUBLIC,
    status: ActionStatus = ActionStatus.CONFIRMED,
    title: str | None = None,
    target: str | None = "Otay Mesa Detention Center",
    description: str | None = None,
    language: str | None = None,
    url: str | None = None,
    sponsors: tuple[str, ...] = _SPONSORS,
) -> Facts:
    locality, _, region = label.partition(", ")
    return Facts(
        start_date=start_date,
        start_time=start_time,
        end_date=end_date,
        end_time=end_time,
        time_zone="America/Los_Angeles",
        place=Place(label=label, locality=locality, region=region or None),
        venue=venue,
        address=address,
        location_visibility=visibility,
        kind="march",
        title=title,
        target=target,
        description=description,
        language=language,
        url=url,
        status=status,
        sponsors=tuple(
            Sponsor(
                name=name, role=SponsorRole.CO_SPONSOR if index else SponsorRole.LEAD
            )
            for index, name in enumerate(sponsors)
        ),
    )


def an_action(
    public_id: str, facts: Facts | None = None, *, version: int = 1, number: int = 1
) -> Action:
    return Action(
        id=number,
        public_id=public_id,
        source="page",
        external_id=None,
        version=version,
        facts=facts or some_facts(),
    )


@dataclass
class Site:
    app: Starlette
    readers: MemoryReaders
    actions: MemoryActions
    notes: MemoryNotes
    requests: MemoryRequests
    endorsements: MemoryEndorsements
    rights: MemoryRights
    dossiers: MemoryDossiers
    erasures: MemoryErasures
    keyring: Keyring
    url: str = ""

    def token(self, purpose: Purpose, *, list_number: int = WEEKLY) -> str:
        return self.keyring.sign(purpose, UID, list_number)

    def is_on(self) -> bool:
        return self.here.active

    def forget(self) -> None:
        """Begin anew: nobody is known, and nobody was written to."""
        self.readers.people.clear()
        self.readers.changes.clear()
        self.readers.left.clear()
        self.readers.ended_otherwise.clear()
        self.notes.posted.clear()
        self.notes.gone.clear()
        self.requests.asked.clear()
        self.requests.kept.clear()
        self.requests.refused.clear()
        self.rights.asked.clear()
        self.rights.asked_at.clear()
        self.rights.forgotten.clear()
        self.rights.addresses.clear()
        self.dossiers.held.clear()
        self.erasures.erased.clear()

    @property
    def leave(self) -> str:
        return f"/u/{self.token(Purpose.LEAVE)}"

    @property
    def preferences(self) -> str:
        return f"/p/{self.token(Purpose.PREFERENCES)}"

    @property
    def here(self) -> Reader:
        reader = self.readers.reader(UID, WEEKLY)
        assert reader is not None
        return reader


def somewhere(locality: str, region: str | None, country: str) -> Place:
    """A gazetteer that knows the cities of the factories."""
    if locality in PLACES:
        return place(locality)
    label = ", ".join(filter(None, (locality, region)))
    return Place(label=label, locality=locality, region=region, country=country)


def unplaced(locality: str, region: str | None, _country: str) -> Place:
    """A gazetteer that takes every name as it was typed."""
    label = ", ".join(filter(None, (locality, region)))
    return Place(label=label, locality=locality, region=region)


def a_site(
    *readers: Reader,
    base_url: str = "https://mail.example.org",
    pages: Pages | None = None,
    logo: Logo | None = None,
    guard: Guard | None = None,
    lists: Mapping[int, MailingList] = LISTS,
    place_of: PlaceOf | None = None,
) -> Site:
    people, actions, notes = MemoryReaders(), MemoryActions(), MemoryNotes()
    for reader in readers or (a_reader(),):
        people.add(reader)
    requests, endorsements = MemoryRequests(), MemoryEndorsements()
    rights, dossiers, erasures = MemoryRights(), MemoryDossiers(), MemoryErasures()
    keyring = Keyring(KEYS)
    notifier = Notifier(
        notes=notes,
        renderer=MailRenderer(TEMPLATES, BRAND, base_url),
        secret=bytes(32),
        base_url=base_url,
        route_of=lambda _list: Route(shares={"outbox": 1}),
    )
    app = create(
        readers=people,
        public_actions=actions,
        public_editions=NoEditions(),
        copies=Copies(MailRenderer(TEMPLATES, BRAND, base_url)),
        keyring=keyring,
        pages=pages or Pages(TEMPLATES, coalition=COALITION, base_url=base_url),
        lists=lists,
        coalition=COALITION,
        base_url=base_url,
        now=lambda: NOW,
        notifier=notifier,
        requests=requests,
        rights=rights,
        dossiers=dossiers,
        eraser=Eraser(erasures=erasures, journal=MemoryJournal()),
        endorsements=endorsements,
        check_address=checked,
        resolve=lambda city, state: (place_of or unplaced)(city, state, "US"),
        place_of=place_of or somewhere,
        hosts=NoHosts(),
        introductions=NoIntroductions(),
        herald=Herald(
            notifier=notifier,
            person=lambda _address, _language, _at: UID,
            lists=lambda: LISTS,
            coordinators=(),
            languages=COALITION.languages,
        ),
        guard=guard or Guard(bad=PATIENT),
        logo=logo,
    )
    return Site(
        app=app,
        readers=people,
        actions=actions,
        notes=notes,
        requests=requests,
        endorsements=endorsements,
        rights=rights,
        dossiers=dossiers,
        erasures=erasures,
        keyring=keyring,
    )


@contextmanager
def served(site: Site) -> Iterator[Site]:
    """Serve on a free loopback port, in a thread, until the block ends."""
    with served_app(site.app) as site.url:
        yield site


def listening() -> socket.socket:
    """Return a socket on a free loopback port."""
    # The protocol is named, else asyncio leaves Nagle's delay on: 40 ms per answer.
    free = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    free.bind(("127.0.0.1", 0))
    return free


@contextmanager
def served_app(
    app: Starlette,
    on: socket.socket | None = None,
    patience: Patience | None = None,
) -> Iterator[str]:
    """Serve any pages in the same way; yields where they are."""
    heard = on or listening()
    port = heard.getsockname()[1]
    running = server(app, "127.0.0.1", port, patience)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [heard]})
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive()
            threading.Event().wait(0.005)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.should_exit = True
        thread.join(10)
        heard.close()
