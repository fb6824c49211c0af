"""Which urgent call a page is about, and who is behind it."""

from collections.abc import Callable, Sequence

from starlette.exceptions import HTTPException

from mailer.adapters.database.readers import masked
from mailer.core import rule as rules
from mailer.core.errors import NotFoundError
from mailer.core.lists import SLUG
from mailer.core.proposal import Proposal
from mailer.core.roles import Permission
from mailer.core.rule import Rule
from mailer.core.states import slug_name
from mailer.core.tokens import normalize
from mailer.ports import Coordinator
from mailer.web.console.door import Visit

PATH = "/console/calls"
ONE = f"{PATH}/{{list}}/{{edition}}"
_NOT_FOUND = 404


def found(visit: Visit) -> Proposal:
    """Return the call that the path names; raises HTTPException 404."""
    parts = [str(visit.request.path_params[name]) for name in ("list", "edition")]
    if not all(SLUG.fullmatch(part) for part in parts):
        raise HTTPException(_NOT_FOUND)
    try:
        return visit.desk.work.calls.blasts.find("/".join(parts))
    except NotFoundError:
        raise HTTPException(_NOT_FOUND) from None


def path(proposal: Proposal) -> str:
    """Return the path of a call's page."""
    return f"{PATH}/{proposal.name}"


def me(visit: Visit) -> str:
    """Return the address in whose name a call is moved on."""
    return visit.mine.account.address


def names(visit: Visit) -> Callable[[str | None], str]:
    """Return what names coordinators: as they call themselves, else masked."""
    every = visit.desk.work.accounts.every()
    known = {normalize(each.address): each.name for each in every if each.name}
    by_actor = {each.actor: each.name or masked(each.address) for each in every}

    def name(address: str | None) -> str:
        if not address:
            return ""
        if address in by_actor:
            return by_actor[address]
        shown = masked(address) if "@" in address else address
        return known.get(normalize(address), shown)

    return name


def approvers(visit: Visit, proposal: Proposal) -> Sequence[Coordinator]:
    """Return who could approve it: whoever may, and has no hand in it."""
    entitled = visit.desk.work.calls.coordinators.entitled(Permission.APPROVE)
    return [each for each in entitled if not proposal.is_by(each.address)]


def sentence(visit: Visit, rule: Rule) -> str:
    """Return in words whom a rule means."""

    def headline(mailing: str) -> str:
        return subject(visit, mailing)

    return rules.say(rule, visit.language, region=slug_name, mailing=headline)


def subject(visit: Visit, mailing: str) -> str:
    """Return the headline of a mailing, quoted; of one that nobody wrote, its name."""
    try:
        draft = visit.desk.work.calls.blasts.find(mailing).draft
    except NotFoundError:
        return mailing
    return f"“{draft.wording(visit.language).subject}”"
