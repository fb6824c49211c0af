"""Who comes with a link, found with the same work whether the link is any good."""

from dataclasses import dataclass

from starlette.requests import Request

from mailer.core.lists import MailingList
from mailer.core.tokens import Claim, Purpose
from mailer.ports import Reader
from mailer.web.site import Site

_NOBODY = bytes(16)  # no subscriber has this id: theirs are random


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A person whose link is genuine, on a list that exists."""

    reader: Reader
    mailing_list: MailingList


def claimed(site: Site, visit: Request, *purposes: Purpose) -> Claim:
    """Return what the token in an address says, or a claim that matches nobody.

    It must be for one of these purposes.

    Raises HTTPException 429 to a network from which too many came that are not ours.
    """
    claim = site.keyring.read(visit.path_params["token"])
    if claim is None or claim.purpose not in purposes:
        site.guard.suspect(visit)
        return Claim(purposes[0], _NOBODY, 0)
    return claim


def guest(site: Site, claim: Claim) -> Guest | None:
    """Look the person up; None for anybody and any list that we do not know."""
    reader = site.readers.reader(claim.uid, claim.list_number)
    mailing_list = site.lists.get(claim.list_number)
    if reader is None or mailing_list is None:
        return None
    return Guest(reader=reader, mailing_list=mailing_list)
