"""`mailer preview --serve`: templates and lists in a browser, while one edits them."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from mailer.adapters import specimens, stamps
from mailer.adapters.gates import check
from mailer.cli import output, previews
from mailer.cli.state import State
from mailer.cli.which import draft
from mailer.core.audience import Group
from mailer.core.errors import InputError, MailerError, NotFoundError
from mailer.core.lists import Kind
from mailer.web.preview.app import create
from mailer.web.preview.desk import Choice, Shown, Trouble
from mailer.web.server import server

_HOST = "127.0.0.1"
_PLACES = 12  # of a list's groups of readers, the largest
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

    def _list(self, _stamp: str) -> tuple[Sequence[Choice], str | None]:
        try:
            names = specimens.names(self._templates)
        except MailerError:  # which one tells whoever looks at it
            names = ["digest"]
        samples = [
            Choice(key=f"sample/{name}", title=name, group="Samples") for name in names
        ]
        try:
            return [*samples, *self._lists()], None
        except MailerError as error:
            return samples, str(error)

    def _lists(self) -> Iterator[Choice]:
        with self._state.project(self._as_of) as project:
            for mailing_list in project.lists.values():
                if mailing_list.kind is not Kind.DIGEST or not mailing_list.cadence:
                    continue
                mailing = draft(project, mailing_list, None)
                sizes = project.ledger.sizes(mailing)
                largest = sorted(sizes, key=lambda group: -sizes[group])[:_PLACES]
                for place_id in dict.fromkeys(group.place_id for group in largest):
                    place = project.ledger.place(place_id) if place_id else None
                    yield Choice(
                        key=f"list/{mailing_list.slug}/{place_id}",
                        title=place.label if place else "no place",
                        group=f"{mailing_list.slug}, {mailing.edition}",
                    )

    def _print(self, _stamp: str, key: str, language: str) -> Shown:
        kind, _, rest = key.partition("/")
        try:
            if kind == "sample":
                message = specimens.message(self._templates, rest, language)
            else:
                message = self._of_list(rest, language).message
        except MailerError as error:
            return Shown(trouble=trouble(str(error), self._templates))
        return Shown(message=message, findings=tuple(check(message)))

    def _of_list(self, rest: str, language: str) -> previews.Previewed:
        slug, _, number = rest.partition("/")
        with self._state.project(self._as_of) as project:
            mailing_list = project.mailing_list(slug)
            mailing = draft(project, mailing_list, None)
            group = _group(project.ledger.groups(mailing), number, language)
            composed = project.composer.preview(mailing, mailing_list, [group])
            if not composed.variants:
                raise NotFoundError(
                    "these readers have nothing to be told in this edition, so they"
                    " get no mail"
                )
            quoted = previews.what_people_wrote(project)
            return previews.as_sent(project, mailing, composed.variants[0], quoted)


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
