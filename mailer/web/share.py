"""The form by which anybody tells of an action, with a look at it before it is sent."""

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.core.requests import Ask, Kind
from mailer.core.sharing.fields import EMPTY, Field, Form
from mailer.core.sharing.reading import Read
from mailer.core.sharing.submission import facts_of
from mailer.pipeline.hosting import sender
from mailer.web import sharing
from mailer.web.asking import UNREADABLE, look_at_your_mail
from mailer.web.form import Fields, fields
from mailer.web.guard import TRAP
from mailer.web.site import Site

PATH = "/share"
_NOT_FOUND = 404


def routes(site: Site) -> list[Route]:
    """Return the route of the form; it is there when coordinators are named."""

    async def page(request: Request) -> Response:
        if not site.takes_plans:
            raise HTTPException(_NOT_FOUND)
        language = site.language(request)
        if request.method != "POST":
            return _form(site, language, EMPTY)
        form = await fields(request, sharing.LIMIT)
        return await run_in_threadpool(_act, site, request, language, form)

    return [Route(PATH, page, methods=["GET", "POST"])]


def _act(site: Site, request: Request, language: str, form: Fields) -> Response:
    step = form.get("step")
    if step == "edit":
        return _form(site, language, form)
    genuine = site.guard.admit(request, form, domain=site.domain)
    answer = sharing.read(site, form, language)
    if answer.submission is None or answer.address is None:
        return _form(site, language, form, answer)
    if step != "send":
        return _review(site, language, form, answer)
    if genuine:
        site.requests.ask(_ask(site, language, answer), at=site.now())
    return look_at_your_mail(site, language, answer.address)


def _ask(site: Site, language: str, answer: Read) -> Ask:
    found = sender(site.lists)
    if found is None or answer.submission is None or answer.address is None:
        raise HTTPException(_NOT_FOUND)
    return Ask(
        kind=Kind.SUBMIT,
        address=answer.address,
        language=language,
        list_number=found[0],
        about=answer.submission.about,
        facts=facts_of(answer.submission),
    )


def _form(
    site: Site, language: str, form: Form, answer: Read | None = None
) -> Response:
    troubles = answer.troubles if answer else {}
    return site.page(
        "share.html",
        language,
        UNREADABLE if troubles else 200,
        asks_address=True,
        **sharing.asked(site, form, troubles),
    )


def _review(site: Site, language: str, form: Fields, answer: Read) -> Response:
    if answer.submission is None:
        raise HTTPException(UNREADABLE)
    return site.page(
        "review.html",
        language,
        200,
        posted=[(name, form[name]) for name in (*Field, TRAP) if name in form],
        address=answer.address,
        **sharing.drawn(answer.submission),
    )
