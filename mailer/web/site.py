"""What every page works with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse

from mailer.adapters.renderer.copies import Copies
from mailer.config import Coalition
from mailer.core.lists import MailingList
from mailer.core.model import Place
from mailer.core.sharing.reading import PlaceOf
from mailer.core.tokens import Keyring
from mailer.pipeline.erase import Eraser
from mailer.pipeline.hosting import Herald
from mailer.pipeline.notify import Notifier
from mailer.ports import (
    Dossiers,
    Endorsements,
    Hosts,
    Introductions,
    PublicActions,
    PublicEditions,
    Readers,
    Requests,
    Rights,
)
from mailer.web.guard import Guard
from mailer.web.language import choose


class Pages(Protocol):
    """Turns a template's name and values into a page."""

    def render(self, name: str, language: str, **values: object) -> str:
        """Return the page in one language; raises TemplateError."""
        ...

    @property
    def stylesheet(self) -> bytes:
        """Return the stylesheet that all pages share."""
        ...

    @property
    def stylesheet_name(self) -> str:
        """Return its file name, which changes with its content."""
        ...

    def file(self, name: str) -> bytes:
        """Return a file that pages load as it is; raises TemplateError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The world as the pages see it."""

    readers: Readers
    actions: PublicActions
    editions: PublicEditions
    copies: Copies
    keyring: Keyring
    pages: Pages
    lists: Mapping[int, MailingList]
    coalition: Coalition
    base_url: str
    now: Callable[[], datetime]
    notifier: Notifier
    requests: Requests
    rights: Rights
    dossiers: Dossiers
    eraser: Eraser
    endorsements: Endorsements
    hosts: Hosts
    introductions: Introductions
    herald: Herald
    guard: Guard
    check_address: Callable[[str], str]  # raises InputError
    resolve: Callable[[str, str | None], Place]  # a city and its state, as typed
    place_of: PlaceOf
    started: datetime  # what we say now, another version may have said otherwise

    @property
    def archived(self) -> Sequence[int]:
        """Return the numbers of the lists whose editions everybody may read."""
        return [number for number, one in self.lists.items() if one.archive]

    @property
    def joinable(self) -> Sequence[int]:
        """Return the numbers of the lists that anybody may ask for."""
        return [number for number, one in self.lists.items() if one.sign_up]

    @property
    def takes_plans(self) -> bool:
        """Tell whether anybody may send an action: somebody is there to read it."""
        return bool(self.coalition.coordinators and self.lists)

    @property
    def root(self) -> str:
        """Return the path under which a proxy publishes us, usually empty."""
        return urlsplit(self.base_url).path.rstrip("/")

    @property
    def domain(self) -> str:
        """Return the host name that readers know us by."""
        return urlsplit(self.base_url).hostname or "localhost"

    def language(self, request: Request, preferred: str | None = None) -> str:
        """Choose the page's language: ?lang=, then `preferred`, then the browser's."""
        return choose(
            self.coalition.languages,
            asked=request.query_params.get("lang"),
            preferred=preferred,
            accepted=request.headers.get("accept-language", ""),
        )

    def asked_language(self, request: Request) -> str:
        """Return ?lang=, else the coalition's first: what programs fetch stays one."""
        asked = request.query_params.get("lang")
        return choose(
            self.coalition.languages, asked=asked, preferred=None, accepted=""
        )

    def latest(self, changed_at: datetime | None) -> datetime:
        """Return when an answer last changed, which a new version may have done."""
        return max(changed_at or self.started, self.started)

    def words(self, name: str, language: str, **values: object) -> str:
        """Render a template into plain text."""
        return self.pages.render(
            name, language, today=self.now().date(), **values
        ).strip()

    def page(
        self, name: str, language: str, status: int = 200, **values: object
    ) -> HTMLResponse:
        """Render a page into an answer."""
        return HTMLResponse(
            self.pages.render(
                name,
                language,
                has_archive=bool(self.archived),
                can_join=bool(self.joinable),
                can_share=self.takes_plans,
                today=self.now().date(),
                **values,
            ),
            status_code=status,
            headers={"Content-Language": language},
        )
