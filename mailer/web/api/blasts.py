"""Blasts and their drafts: which there are, what one says, keep one, change one."""

import re

from starlette.responses import Response
from starlette.routing import Route

from mailer.core import draft as drafts
from mailer.core.automation import Scope
from mailer.core.draft import Draft
from mailer.core.errors import InputError, NotFoundError
from mailer.core.proposal import OVER, Proposal, Stage
from mailer.core.tables import LANGUAGES
from mailer.core.tokens import normalize
from mailer.pipeline import describe
from mailer.web.api import bodies, shown
from mailer.web.api.gate import CREATED, Call, Gate, acts, answered, asks
from mailer.web.api.once import once
from mailer.web.api.problems import STALE, UNCONDITIONAL, ProblemError

_MOST = 200  # blasts in one answer, the newest
_ETAG = re.compile(r'"([0-9]{1,9})"')
_FORMS = ("html", "text", "eml")
_KINDS = {
    "html": "text/html; charset=utf-8",
    "text": "text/plain; charset=utf-8",
    "eml": "message/rfc822",
}
# Whatever a draft says, nothing of it is run, and nothing loaded.
_SHUT = {"Content-Security-Policy": "default-src 'none'; sandbox"}
_ONE = f"{shown.PATH}/{{list}}/{{edition}}"


def routes(gate: Gate) -> list[Route]:
    """Return the routes of what is written."""
    return [
        gate.route(
            shown.PATH,
            get=asks(Scope.READ, _list, "all"),
            post=acts(Scope.WRITE, _create),
        ),
        gate.route(_ONE, get=asks(Scope.READ, _show), put=acts(Scope.WRITE, _replace)),
        gate.route(f"{_ONE}/check", post=asks(Scope.WRITE, _check)),
        gate.route(
            f"{_ONE}/preview", get=asks(Scope.READ, _preview, "language", "form")
        ),
        gate.route(f"{_ONE}/report", get=asks(Scope.READ, _report)),
    ]


def _list(call: Call) -> Response:
    everything = call.request.query_params.get("all", "no")
    if everything not in ("yes", "no"):
        raise InputError("all: write yes or no")
    stages = () if everything == "yes" else [one for one in Stage if one not in OVER]
    found = call.api.blasts.every(stages, most=_MOST)
    return answered({"blasts": [shown.row(call, each) for each in found]})


def _show(call: Call) -> Response:
    return shown.blast(shown.whole(call, call.api.blasts.find(call.named)))


def _create(call: Call) -> Response:
    draft = _draft(call)

    def act() -> Response:
        return _made(call, call.api.proposer().new(draft, by=call.by))

    def done() -> Response | None:
        found = _kept(call, draft.name)
        same = drafts.content_hash(call.api.proposer().fit(draft))
        mine = found and normalize(found.author) == normalize(call.by)
        if found and mine and found.content_hash == same:
            return _made(call, found)
        return None

    return once(call, act, done)


def _made(call: Call, proposal: Proposal) -> Response:
    return shown.blast(shown.whole(call, proposal), CREATED)


def _kept(call: Call, name: str) -> Proposal | None:
    try:
        return call.api.blasts.find(name)
    except NotFoundError:
        return None


def _draft(call: Call) -> Draft:
    sent = call.said
    for language in LANGUAGES:
        within = sent.get(language)
        if isinstance(within, dict):
            bodies.refuse_null(within, f"{language}.")
    bodies.refuse_null(sent)
    return drafts.parse(sent, file="draft")


def _replace(call: Call) -> Response:
    seen, draft = _seen(call), _draft(call)
    proposal = call.api.blasts.find(call.named)
    if seen != proposal.revision:
        raise ProblemError(
            STALE,
            f"{proposal.name} is at revision {proposal.revision} by now; look at it"
            " again, and send your change with its ETag.",
            key="If-Match",
        )
    edited = call.api.proposer().edit(
        proposal.name, draft, by=call.by, revision=proposal.revision
    )
    return shown.blast(shown.whole(call, edited))


def _seen(call: Call) -> int:
    """Return which revision is to be replaced; raises ProblemError 428."""
    found = _ETAG.fullmatch(call.request.headers.get("if-match", ""))
    if found is None:
        raise ProblemError(
            UNCONDITIONAL,
            "Say which revision you have seen, with the ETag that it came with, as in"
            ' If-Match: "7" for the seventh.',
            key="If-Match",
        )
    return int(found[1])


def _check(call: Call) -> Response:
    found = call.api.check(call.api.blasts.find(call.named).draft)
    return answered(
        {
            "blast": call.named,
            "errors": sum(each.severity == "error" for each in found),
            "warnings": sum(each.severity == "warning" for each in found),
            "findings": found,
        }
    )


def _preview(call: Call) -> Response:
    asked = call.request.query_params
    proposal = call.api.blasts.find(call.named)
    language = asked.get("language", proposal.draft.wordings[0].language)
    form = asked.get("form", _FORMS[0])
    if language not in LANGUAGES:
        raise InputError(f"language: there is {', '.join(LANGUAGES)}")
    if form not in _FORMS:
        raise InputError(f"form: there is {', '.join(_FORMS)}")
    letter = call.api.preview(proposal, language)
    content = {"html": letter.html, "text": letter.text, "eml": letter.eml}[form]
    return Response(content, headers={**_SHUT, "Content-Type": _KINDS[form]})


def _report(call: Call) -> Response:
    proposal = call.api.blasts.find(call.named)
    report = None
    if proposal.mailing is not None:
        report = describe.report(
            call.api.blasts.fared(proposal), call.api.ledger.standing(proposal.mailing)
        )
    return answered({**shown.row(call, proposal), "report": report})
