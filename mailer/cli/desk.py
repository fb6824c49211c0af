"""`mailer preview --serve`: templates and lists in a browser, while one edits them."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from mailer.adapters import specimens, stamps, untranslated
from mailer.adapters.gates import Message, Untranslated, check
from mailer.bootstrap import Project
from mailer.cli import absent, output, previews
from mailer.cli.speaking import Speaker, speaker
from mailer.cli.state import State
from mailer.cli.which import draft
from mailer.core.audience import Group
from mailer.core.colours import Colour, Neighbours
from mailer.core.errors import InputError, MailerError, NotFoundError
from mailer.core.lists import Kind, MailingList
from mailer.core.tables import LANGUAGES
from mailer.web.preview.app import create
from mailer.web.preview.desk import Choice, Shown, Trouble
from mailer.web.server import server

_HOST = "127.0.0.1"
_COLOUR = "colour"
SAMPLES = "Samples"
_PLACES = 24  # of a list, those with most readers
_KEPT = 24  # messages


def serve(state: State, *, port: int, as_of: datetime | None) -> None:
    """Serve until interrupted; raises InputError when the port is taken."""
    desk = ProjectDesk(state, as_of)
    with closing(_listening(port)) as listener:
        running = server(
            create(desk, stopping=lambda: running.should_exit), _HOST, port
        )
        output.say(
            f"The preview is at http://{_HOST}:{port}/ until you press Ctrl-C. Edit"
            f" {state.folder / 'templates'}: it follows."
        )
        try:
            running.run(sockets=[listener])
        except KeyboardInterrupt:  # uvicorn passes on what made it end
            output.say("The preview has ended.")


def _listening(port: int) -> socket.socket:
    # The protocol is named, else asyncio leaves Nagle's delay on: 40 ms per answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen()  # who comes before the server is up waits, and is answered
    except OSError as error:
        listener.close()
        raise InputError(
            f"--port {port}: {error.strerror}; another program may be there, perhaps"
            f" another preview: name another one, as --port {port % 65535 + 1}"
        ) from None
    return listener


class ProjectDesk:
    """The messages of one project folder, printed anew when a file has changed."""

    def __init__(self, state: State, as_of: datetime | None) -> None:
        self._state = state
        self._as_of = as_of
        self._templates = state.folder / "templates"
        self._one_at_a_time = threading.Lock()
        self._shown = lru_cache(maxsize=_KEPT)(self._print)
        self._listed = lru_cache(maxsize=1)(self._list)
        self._speaker = lru_cache(maxsize=1)(self._read_speaker)
        self._lacking = lru_cache(maxsize=1)(self._find_lacking)

    def stamp(self) -> str:
        """Return what changes with every file that shapes a message."""
        return stamps.stamp(self._state.folder)

    def choices(self) -> tuple[Sequence[Choice], str | None]:
        """Return what there is to look at, and why there is not more."""
        with self._one_at_a_time:
            return self._listed(self.stamp())

    def show(self, key: str, language: str) -> Shown:
        """Print one message; a mistake in a template comes back as trouble."""
        with self._one_at_a_time:
            return self._shown(self.stamp(), key, language)

    def logo(self) -> bytes | None:
        """Return the coalition's own logo, a PNG, if it has one."""
        with self._one_at_a_time:
            return self._speaker(self.stamp()).logo

    def _read_speaker(self, _stamp: str) -> Speaker:
        return speaker(self._state.folder, self._state.environment)

    def _find_lacking(self, stamp: str) -> tuple[Untranslated, ...]:
        settings = self._speaker(stamp).settings
        languages = settings.coalition.languages if settings else LANGUAGES
        return tuple(untranslated.untranslated(self._templates, languages))

    def _list(self, stamp: str) -> tuple[Sequence[Choice], str | None]:
        try:
            names = specimens.names(self._templates)
        except MailerError:  # which one tells whoever looks at it
            names = ["digest"]
        speaks = self._speaker(stamp)
        samples = [
            *_colours(speaks.offered),
            *(
                Choice(key=f"sample/{name}", title=name, group=SAMPLES)
                for name in names
            ),
        ]
        try:
            return [*samples, *self._lists()], speaks.trouble
        except MailerError as error:
            return samples, speaks.trouble or str(error)

    def _lists(self) -> Iterator[Choice]:
        with self._state.project(self._as_of) as project:
            for mailing_list in project.lists.values():
                if mailing_list.kind is Kind.DIGEST and mailing_list.cadence:
                    yield from _places(project, mailing_list)

    def _print(self, stamp: str, key: str, language: str) -> Shown:
        kind, _, rest = key.partition("/")
        beside: Sequence[Choice] = ()
        try:
            if kind == _COLOUR:
                offered = _colours(self._speaker(stamp).offered)
                beside = [one for one in offered if one.key != key]
                message = self._sample(stamp, "digest", language, Colour.read(rest))
            elif kind == "sample":
                message = self._sample(stamp, rest, language)
            else:
                lacking = self._lacking(stamp)
                message = self._of_list(rest, language, lacking).message
        except MailerError as error:
            return Shown(trouble=trouble(str(error), self._templates))
        return Shown(message=message, findings=tuple(check(message)), beside=beside)

    def _sample(
        self, stamp: str, name: str, language: str, colour: Colour | None = None
    ) -> Message:
        speaks = self._speaker(stamp)
        if colour is not None:
            speaks = speaker(self._state.folder, self._state.environment, colour)
        message = specimens.message(self._templates, name, language, speaks.brand)
        kept_back = None
        if speaks.brand and speaks.settings:
            kept_back = speaks.brand.logo_kept_back(speaks.settings.base_url)
        return replace(
            message, untranslated=self._lacking(stamp), logo_kept_back=kept_back
        )

    def _of_list(
        self, rest: str, language: str, lacking: tuple[Untranslated, ...]
    ) -> previews.Previewed:
        slug, _, number = rest.partition("/")
        with self._state.project(self._as_of) as project:
            mailing_list = project.mailing_list(slug)
            mailing = draft(project, mailing_list, None)
            groups = project.ledger.groups(mailing)
            if not groups:
                why = " ".join(absent.sentences(project, mailing))
                raise NotFoundError(f"{slug} would go to nobody. {why}")
            group = _group(groups, number, language)
            composed = project.composer.preview(mailing, mailing_list, [group])
            if not composed.variants:
                raise NotFoundError(
                    "these readers have nothing to be told in this edition, so they"
                    " get no mail"
                )
            known = previews.Known(
                quoted=previews.what_people_wrote(project), untranslated=lacking
            )
            return previews.as_sent(project, mailing, composed.variants[0], known)


def _colours(offered: Neighbours | None) -> Sequence[Choice]:
    """Return what may stand instead of a colour that is refused, the nearer first."""
    if offered is None:
        return ()
    both = {offered.lighter: "black letters", offered.darker: "white letters"}
    return [
        Choice(
            key=f"{_COLOUR}/{colour}",
            title=f"{colour}, {both[colour]}",
            group="Instead of your colour, the nearer first",
        )
        for colour in sorted(both, key=lambda colour: colour != offered.nearer)
    ]


def _places(project: Project, mailing_list: MailingList) -> Iterator[Choice]:
    mailing = draft(project, mailing_list, None)
    sizes = project.ledger.sizes(mailing)
    people: Counter[int] = Counter()
    for group, number in sizes.items():
        people[group.place_id] += number
    there, shown = len(people), people.most_common(_PLACES)
    more = f", {_PLACES} of {there} places" if there > _PLACES else ""
    group_name = f"{mailing_list.slug}, {mailing.edition}{more}"
    for place_id, number in shown:
        place = project.ledger.place(place_id) if place_id else None
        yield Choice(
            key=f"list/{mailing_list.slug}/{place_id}",
            title=f"{place.label if place else 'no place'} ({number:,})",
            group=group_name,
        )
    if not shown:
        yield Choice(
            key=f"list/{mailing_list.slug}/0",
            title="nobody: see why",
            group=group_name,
        )


def _group(groups: Sequence[Group], place_id: str, language: str) -> Group:
    """Return a group of this place; nobody there need read the language."""
    there = [group for group in groups if str(group.place_id) == place_id]
    alike = [group for group in there if group.language == language]
    if alike:
        return alike[0]
    if not there:
        raise NotFoundError("nobody of that place gets this list any more")
    return replace(there[0], language=language)


def trouble(words: str, templates: Path) -> Trouble:
    """Return a mistake with the lines around it, if the message names file and line."""
    return Trouble(words=words, excerpt=tuple(stamps.excerpt(words, templates)))
