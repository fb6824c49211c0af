"""A message as its readers get it: in a frame of its own, which runs and fetches nothing.

The frame is served the bytes that are sent. In a light that is not the screen's own,
only its media queries are answered otherwise.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from mailer.adapters.database.readers import masked
from mailer.bootstrap.calls import Recipient
from mailer.core.errors import MailerError
from mailer.core.proposal import Proposal
from mailer.web.console.calls.finding import found, path
from mailer.web.console.door import FRAMING, Visit
from mailer.web.preview.frame import Look, framed

_NOT_FOUND, _UNREADABLE, _SEE_OTHER, _CONFLICT = 404, 422, 303, 409
_MOST_DIGITS = 18
_LONGEST = 254  # characters of an address
_WIDTHS = ("phone", "desktop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a message is to be shown."""

    language: str
    width: str = "phone"
    look: str = ""  # of the screen, where nothing is said
    part: str = "html"
    reader: int | None = None

    def query(self, **changes: object) -> str:
        """Return it as the query of an address, with some of it changed."""
        said = {**asdict(self), **changes}
        said["in"] = said.pop("language")  # ?lang= is the page's own
        return urlencode({name: value for name, value in said.items() if value})


def show(visit: Visit) -> Response:
    """Show the page around the frame."""
    return _page(visit, found(visit))


def look_for(visit: Visit) -> Response:
    """Go on to what one subscriber gets, found by the whole address."""
    proposal = found(visit)
    address = visit.form.get("address", "").strip()[:_LONGEST]
    calls = visit.desk.work.calls
    number = calls.subscriber(address) if address else None
    if number is None or calls.recipient(proposal.draft, number) is None:
        # That an address is not there is something to learn as well.
        _note(visit, proposal, "look in vain", {})
        return _page(visit, proposal, _UNREADABLE, trouble=True)
    asked = _asked(visit, proposal)
    return visit.to(f"{path(proposal)}/preview?{asked.query(reader=number)}")


def message(visit: Visit) -> Response:
    """Serve the message itself, into a frame and nowhere else."""
    proposal = found(visit)
    asked = _asked(visit, proposal)
    if visit.request.headers.get("sec-fetch-dest", "iframe") not in ("iframe", "empty"):
        # Its links are a reader's own: they lead nowhere but in the frame's sandbox.
        root = visit.desk.site.root
        away = f"{root}{path(proposal)}/preview?{asked.query()}"
        return RedirectResponse(away, _SEE_OTHER)
    reader = _reader(visit, proposal, asked)
    if reader is not None:
        _note(visit, proposal, "look at preview", {"subscriber": reader.number})
    try:
        shown = visit.desk.work.calls.message(proposal, asked.language, reader)
    except MailerError as error:
        return PlainTextResponse(str(error), _CONFLICT, headers=_frame(visit))
    if asked.part == "text":
        return PlainTextResponse(shown.text, headers=_frame(visit))
    html = framed(shown.html, Look(asked.look)) if asked.look else shown.html
    return Response(html, media_type="text/html", headers=_frame(visit))


def _note(
    visit: Visit, proposal: Proposal, verb: str, detail: Mapping[str, int]
) -> None:
    visit.desk.work.records.note(
        at=visit.desk.now,
        actor=visit.by,
        verb=verb,
        thing=f"blast {proposal.name}",
        detail=detail,
    )


def _frame(visit: Visit) -> dict[str, str]:
    parts = urlsplit(visit.desk.site.base_url)
    return {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline';"
        f" img-src {parts.scheme}://{parts.netloc}; form-action 'none';"
        " base-uri 'none'; frame-ancestors 'self'; sandbox",
        "Referrer-Policy": "no-referrer",
    }


def _page(
    visit: Visit, proposal: Proposal, status: int = 200, *, trouble: bool = False
) -> Response:
    asked = _asked(visit, proposal)
    reader = _reader(visit, proposal, asked)
    answer = visit.page(
        "call-preview.html",
        status,
        call=proposal,
        draft=proposal.draft,
        path=path(proposal),
        asked=asked,
        widths=_WIDTHS,
        inbox=_inbox(visit, proposal, asked, reader),
        approved=proposal.approval is not None,
        looks=["", *[look.value for look in Look]],
        reader=reader and masked(reader.person.address),
        reader_language=reader.language if reader else None,
        troubles=["address"] if trouble else (),
        form=visit.form,
    )
    answer.headers["Content-Security-Policy"] = FRAMING
    return answer


def _inbox(
    visit: Visit, proposal: Proposal, asked: Asked, reader: Recipient | None
) -> tuple[str, str] | None:
    """Return what an inbox shows of it: the subject, and the line after it.

    None where it cannot be set: the frame says why.
    """
    try:
        shown = visit.desk.work.calls.message(proposal, asked.language, reader)
    except MailerError:
        return None
    return shown.subject, shown.preheader


def _asked(visit: Visit, proposal: Proposal) -> Asked:
    query = visit.request.query_params
    written = [each.language for each in proposal.draft.wordings]
    number = query.get("reader", "")
    readable = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
    return Asked(
        language=wanted if (wanted := query.get("in", "")) in written else written[0],
        width=wide if (wide := query.get("width", "")) in _WIDTHS else "phone",
        look=look if (look := query.get("look", "")) in set(Look) else "",
        part="text" if query.get("part") == "text" else "html",
        reader=int(number) if readable else None,
    )


def _reader(visit: Visit, proposal: Proposal, asked: Asked) -> Recipient | None:
    if asked.reader is None:
        return None
    reader = visit.desk.work.calls.recipient(proposal.draft, asked.reader)
    if reader is None:
        raise HTTPException(_NOT_FOUND)
    return reader
