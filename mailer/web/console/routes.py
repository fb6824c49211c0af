"""All pages of the console, each checked to have an entry in the policy."""

from starlette.routing import Route

from mailer.web.console import (
    account,
    accounts,
    agenda,
    audit,
    calls,
    corrections,
    erasing,
    factors,
    halting,
    lists,
    live,
    mailings,
    merging,
    organizations,
    overview,
    parked,
    policy,
    requests,
    set_up,
    settings,
    sign_in,
    subscriber,
    subscribers,
    suppressions,
    tokens,
)
from mailer.web.console.assets import Assets
from mailer.web.console.cookie import Cookie
from mailer.web.console.desk import Coordination, Desk
from mailer.web.console.door import Door
from mailer.web.site import Site

# organizations, people, lists, actions, settings
_HELD = (
    organizations,
    merging,
    subscribers,
    subscriber,
    erasing,
    suppressions,
    lists,
    agenda,
    settings,
)
_STYLE = "console/console.css"


def routes(site: Site, work: Coordination) -> list[Route]:
    """Return the routes; raises ConfigError for one that the policy does not name."""
    desk = Desk(
        site=site,
        work=work,
        assets=Assets(site.pages.file(_STYLE)),
        cookie=Cookie(site.base_url),
    )
    door = Door(desk)
    made = [
        route
        for part in (
            sign_in,
            set_up,
            overview,
            requests,
            calls,
            accounts,
            account,
            factors,
            audit,
            tokens,
            mailings,
            halting,
            live,
            parked,
            corrections,
            *_HELD,
        )
        for route in part.routes(door)
    ]
    policy.check(made)
    return made
