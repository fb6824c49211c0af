"""All pages of the console, each checked to have an entry in the policy."""

from starlette.routing import Route

from mailer.web.console import (
    account,
    accounts,
    audit,
    corrections,
    factors,
    halting,
    live,
    mailings,
    overview,
    parked,
    policy,
    requests,
    set_up,
    sign_in,
    tokens,
)
from mailer.web.console.assets import Assets
from mailer.web.console.cookie import Cookie
from mailer.web.console.desk import Coordination, Desk
from mailer.web.console.door import Door
from mailer.web.site import Site

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
        )
        for route in part.routes(door)
    ]
    policy.check(made)
    return made
