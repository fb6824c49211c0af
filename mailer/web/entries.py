"""An action as calendars and feeds show it: the same words in each."""

from mailer.adapters import atom, calendar
from mailer.adapters.calendar import span
from mailer.core.model import Facts
from mailer.ports import Posted
from mailer.web.facts import shown
from mailer.web.site import Site


def calendar_entry(site: Site, posted: Posted, language: str) -> calendar.Entry:
    """Return the event that stands for an action in every calendar."""
    action = shown(posted.action)
    return calendar.Entry(
        uid=f"{action.public_id}@{site.domain}",
        version=action.version,
        facts=action.facts,
        url=page_of(site, action.public_id),
        summary=title(site, action.facts, language),
        description=described(site, action.facts, language),
        first_seen_at=posted.first_seen_at,
        revised_at=posted.revised_at,
    )


def feed_entry(site: Site, posted: Posted, language: str) -> atom.Entry:
    """Return the entry that tells of an action; it is updated, never told twice."""
    action = shown(posted.action)
    facts = action.facts
    starts, ends = span(facts)
    first = posted.first_seen_at.date()
    return atom.Entry(
        # RFC 4151: the day says whose the name was then, whoever owns it later.
        id=f"tag:{site.domain},{first.isoformat()}:action/{action.public_id}",
        title=site.words("entry-title.txt", language, facts=facts),
        url=f"{page_of(site, action.public_id)}?lang={language}",
        summary=site.words("entry.txt", language, facts=facts),
        published=posted.first_seen_at,
        updated=posted.revised_at,
        takes=atom.Takes(
            starts=starts.isoformat(),
            ends=ends.isoformat() if ends and facts.end_time else None,
            place=calendar.location(facts),
        ),
        authors=tuple(sponsor.name for sponsor in facts.sponsors),
    )


def page_of(site: Site, public_id: str) -> str:
    """Return the address of an action's page."""
    return f"{site.base_url}/actions/{public_id}"


def title(site: Site, facts: Facts, language: str) -> str:
    """Say what it is where no page stands around it: a calendar, a search result."""
    return site.words("title.txt", language, facts=facts)


def described(site: Site, facts: Facts, language: str) -> str:
    """Say all that there is to say of an action in plain text."""
    return site.words("action.txt", language, facts=facts)
