"""The table [delivery]: who carries mail, to whom, how fast, and when it halts."""

from collections.abc import Mapping

from mailer.config.records import ProviderSettings
from mailer.config.written import FILE, Written
from mailer.core import allowing, caps, quiet, routes
from mailer.core.allowing import AllowList
from mailer.core.breaker import Limits
from mailer.core.caps import Cap
from mailer.core.errors import InputError
from mailer.core.quiet import QuietHours
from mailer.core.rates import Rate
from mailer.core.routes import Route
from mailer.core.tables import Table

_MOST_THREADS = 64


def route(
    written: Written, delivery: Table, providers: dict[str, ProviderSettings]
) -> tuple[Route, bool]:
    """Return who delivers, and whether the environment says so.

    The outbox need not be described.
    """
    described = routes.read(delivery)
    insisted = written.stand_in("MAILER_PROVIDER")
    found = (
        Route(shares={insisted: 1})
        if insisted
        else described or Route(shares={"outbox": 1})
    )
    if "outbox" in found.names and "outbox" not in providers:
        providers["outbox"] = ProviderSettings(name="outbox", kind="outbox")
    if insisted and insisted not in providers:
        written.fail(
            delivery,
            "provider",
            "MAILER_PROVIDER",
            f"there is no [providers.{insisted}]; there is"
            f" {', '.join(providers) or 'none at all'}",
        )
    routes.check(delivery, found, providers)
    return found, bool(insisted)


def allow_only(written: Written, delivery: Table) -> AllowList | None:
    """Return who may be mailed; an empty list says nobody, none says everybody."""
    entries = delivery.raw("allow_only", None)
    if insisted := written.stand_in("MAILER_ALLOW_ONLY"):
        entries = insisted.replace(",", " ").split()
    if entries is None:
        return None
    hint = 'must be a list such as ["@ours.example", "me@example.org"]'
    if not isinstance(entries, list):
        delivery.fail("allow_only", hint)
    try:
        return allowing.parse(entries)
    except (AttributeError, InputError):  # AttributeError: it is no text
        written.fail(delivery, "allow_only", "MAILER_ALLOW_ONLY", hint)


def breaker(delivery: Table) -> Limits:
    """Return the shares of bad outcomes at which a mailing pauses itself."""
    table = delivery.table("breaker") or Table({}, FILE, "delivery.breaker.")
    usual = Limits()
    limits = Limits(
        attempts=table.integer("attempts", default=usual.attempts, low=1),
        hard=table.share("hard", default=usual.hard),
        complained=table.share("complained", default=usual.complained),
        blocked=table.share("blocked", default=usual.blocked),
        domain_attempts=table.integer(
            "domain_attempts", default=usual.domain_attempts, low=1
        ),
    )
    table.refuse_unknown()
    return limits


def caps_of(delivery: Table) -> tuple[Cap, ...]:
    """Return how many blasts a person gets at most; nothing is no limit."""
    said = delivery.raw("caps", [])
    found = [
        caps.parse(each) if isinstance(each, str) else None
        for each in (said if isinstance(said, list) else [said])
    ]
    known = [cap for cap in found if cap is not None]
    if len(known) < len(found):
        delivery.fail("caps", caps.HINT)
    return tuple(dict.fromkeys(known))


def quiet_hours(delivery: Table) -> QuietHours | None:
    """Return when nobody is to be woken, on the clocks of readers."""
    written = delivery.text("quiet_hours", None)
    hours = quiet.parse(written) if written is not None else None
    if written is not None and hours is None:
        delivery.fail("quiet_hours", quiet.HINT)
    return hours


def threads(delivery: Table) -> int:
    """Return how many send at once in one process."""
    many = delivery.integer("threads", default=1, low=1)
    if many > _MOST_THREADS:
        delivery.fail("threads", f"must be {_MOST_THREADS} at most")
    return many


def domains(delivery: Table) -> Mapping[str, Rate]:
    """Read how fast each receiving domain is written to, by its name."""
    table = delivery.table("domains")
    found: dict[str, Rate] = {}
    for name in table.data if table else ():
        rate = table.rate(name) if table else None
        if rate is not None:
            found[name.lower()] = rate
    return found
