"""A project folder: what its files define."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mailer import config
from mailer.adapters import files
from mailer.adapters.renderer.brand import Brand
from mailer.config import Settings
from mailer.core.errors import NotFoundError
from mailer.core.lists import MailingList
from mailer.core.tokens import Keyring, derive
from mailer.ports import Watch

if TYPE_CHECKING:
    from mailer.adapters.renderer.copies import Copies
    from mailer.adapters.renderer.mail import MailRenderer
    from mailer.adapters.renderer.pages import Pages

Clock = Callable[[], datetime]


class Definitions:
    """What is defined in files: settings, lists, templates, keys."""

    def __init__(self, folder: Path, environment: Mapping[str, str], clock: Clock):
        """Read the settings; raises ConfigError when they are wrong."""
        self.folder = folder
        self.settings: Settings = config.load(folder, environment)
        self.environment = environment
        self.clock = clock
        self.watchers: list[Watch] = []  # told of every call to a provider

    @cached_property
    def lists(self) -> Mapping[str, MailingList]:
        """The list definitions by slug."""
        return files.mailing_lists(self.folder)

    def mailing_list(self, slug: str) -> MailingList:
        """Return one list's definition; raises NotFoundError."""
        if slug not in self.lists:
            raise NotFoundError(
                f'there is no list "{slug}"; there is {", ".join(self.lists)}'
            )
        return self.lists[slug]

    @cached_property
    def brand(self) -> Brand:
        """Who speaks in the mail."""
        return brand_of(self.settings)

    @cached_property
    def renderer(self) -> "MailRenderer":
        """Renders mail by the project's templates."""
        from mailer.adapters.renderer.mail import MailRenderer

        return MailRenderer(
            self.folder / "templates", self.brand, self.settings.base_url
        )

    @cached_property
    def copies(self) -> "Copies":
        """Makes letters fit for the archive."""
        from mailer.adapters.renderer.copies import Copies

        return Copies(self.renderer)

    @cached_property
    def pages(self) -> "Pages":
        """Renders web pages by the project's templates."""
        from mailer.adapters.renderer.pages import Pages

        return Pages(
            self.folder / "templates",
            coalition=self.settings.coalition,
            base_url=self.settings.base_url,
        )

    @cached_property
    def keyring(self) -> Keyring:
        """Signs and reads the links."""
        return Keyring(self.settings.link_keys)

    def _derived(self, purpose: str) -> bytes:
        # The oldest key, retired or not: hashes of addresses outlive link keys.
        oldest = self.settings.keys[min(self.settings.keys)]
        return derive(oldest, purpose)


def brand_of(settings: Settings) -> Brand:
    """Return who speaks in the mail, by these settings."""
    coalition, sender = settings.coalition, settings.sender
    return Brand(
        name=coalition.name,
        postal_address=coalition.postal_address,
        reply_to=sender.reply_to or sender.address,
        note=coalition.note,
        signature=coalition.signature,
        own=settings.branding,
        takes_plans=bool(coalition.coordinators),
    )
