"""Which mailing a person means."""

from datetime import datetime

from mailer.bootstrap import Project
from mailer.core.errors import NotFoundError
from mailer.core.lists import MailingList
from mailer.pipeline import plan
from mailer.ports import Mailing


def find(project: Project, name: str) -> Mailing:
    """Return the mailing called LIST/EDITION; raises NotFoundError."""
    slug, _, edition = name.partition("/")
    found = project.ledger.mailing(slug, edition)
    if found is None:
        raise NotFoundError(
            f'there is no mailing "{name}"; write LIST/EDITION as mailer status shows it'
        )
    return found


def draft(project: Project, mailing_list: MailingList, edition: str | None) -> Mailing:
    """Return the mailing that would be made now, without making it."""
    now: datetime = project.clock()
    occurrence = plan.chosen(mailing_list, edition, now)
    numbers = project.ledger.register([mailing_list.slug], at=now)
    key = occurrence.edition.isoformat()
    return Mailing(
        id=0,
        key=project.ledger.key(mailing_list.slug, key),
        list_number=numbers[mailing_list.slug],
        list_slug=mailing_list.slug,
        edition=key,
        state="planned",
        due_at=occurrence.due_at,
        planned_at=now,
        as_of=now,
        until=now + mailing_list.horizon,
    )
