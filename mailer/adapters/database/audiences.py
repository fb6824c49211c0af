"""The port Audiences over tables: a card is a handful of statements."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from statistics import median_low
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from mailer.adapters.database import reaching
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import first_seat, reader_place
from mailer.adapters.database.reaching import Reach
from mailer.adapters.database.readers import masked
from mailer.adapters.database.schema import (
    deliveries,
    lists,
    mailings,
    organizations,
    places,
    subscribers,
)
from mailer.core.lists import Kind
from mailer.core.regions import Region
from mailer.core.rule import Rule
from mailer.ports.audiences import (
    Card,
    ConsentAge,
    Example,
    LeftOut,
    Share,
    Terms,
    Usual,
)

_TOP = 10  # organizations, and examples
_LAST = 5  # mailings of a list that say what is usual
_LEFT_OUT = ("skipped", "suppressed")  # deliveries that were never due
_UNSENT = ("planned", "missed", "cancelled")
_SCATTER, _ROUND = 2_654_435_761, 4_294_967_296  # Knuth, TAOCP 3, 6.4


class SqlAudiences:
    """Finds people by rule, and says what a person must know of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def card(self, rule: Rule, terms: Terms) -> Card:
        """Return what a person must know of an audience before they approve it."""
        with self._database.reading() as connection:
            reach = reaching.reach(self._database, connection, rule, terms)
            rows = connection.execute(_breakdown(reach)).all()
            found: dict[str, list[tuple[Any, Any, int]]] = {}
            for what, one, two, n in rows:
                found.setdefault(what, []).append((one, two, n))
            left_out = _left_out(found.get("reason", []))
            count = sum(n for one, _, n in found.get("reason", []) if one is None)
            top = [Share(name=one, people=n) for one, _, n in found.get("top", [])]
            seatless = sum(n for _, _, n in found.get("seatless", []))
            named = sum(share.people for share in top)
            if seatless:
                top.append(Share(name=None, people=seatless))
            return Card(
                at=terms.at,
                count=count,
                regions=_regions(found.get("region", [])),
                languages=_shares((one, n) for one, _, n in found.get("language", [])),
                organizations=_shares((share.name, share.people) for share in top),
                other_organizations=count - named - seatless,
                consent=_ages(found.get("age", [])),
                examples=self._examples(
                    connection,
                    reach,
                    [int(one) for one, _, _ in found.get("example", [])],
                    min(count, _TOP),
                ),
                left_out=left_out,
                mailed_lately=sum(n for _, _, n in found.get("lately", [])),
                usual=_usual(connection, terms),
            )

    def count(self, rule: Rule, terms: Terms) -> int:
        """Return how many would get a blast."""
        with self._database.reading() as connection:
            reach = reaching.reach(self._database, connection, rule, terms)
            return int(connection.scalar(reach.count()) or 0)

    def recipients(
        self, connection: Connection, rule: Rule, terms: Terms
    ) -> Select[Any]:
        """Return the statement that selects who gets a blast, for INSERT … SELECT.

        One row per address: subscriber_id, address_hash, language, zone, place_id.
        What the rule names is looked up on this connection; run it on the same one.
        """
        return reaching.reach(self._database, connection, rule, terms).recipients()

    def _examples(
        self, connection: Connection, reach: Reach, numbers: Sequence[int], wanted: int
    ) -> Sequence[Example]:
        chosen = list(numbers)
        if len(chosen) < wanted:  # too few groups to take one of each
            more = connection.execute(reach.recipients().limit(_TOP)).all()
            chosen = [*chosen, *(row.subscriber_id for row in more)]
        query = (
            select(
                subscribers.c.id,
                subscribers.c.address,
                subscribers.c.language,
                first_seat().label("organization"),
                places.c.label.label("place"),
            )
            .select_from(subscribers)
            .outerjoin(places, places.c.id == reader_place())
            .where(subscribers.c.id.in_(list(dict.fromkeys(chosen))[:wanted]))
            .order_by(subscribers.c.id)
        )
        return [
            Example(
                masked_address=masked(row.address),
                organization=row.organization,
                place=row.place,
                language=row.language,
            )
            for row in connection.execute(query)
        ]


def _breakdown(reach: Reach) -> Any:
    """Return every figure of a card as rows: what, one, two, how many.

    The people are read and grouped once; the figures are sums over the groups.
    """
    groups = _groups(reach)
    getting = groups.c.reason.is_(None)
    n = func.sum(groups.c.n)

    def line(what: str, one: Any, two: Any, many: Any) -> Any:
        return select(
            literal(what, String).label("what"),
            cast(one, String).label("one"),
            cast(two, String).label("two"),
            cast(many, Integer).label("n"),
        )

    def by(what: str, column: ColumnElement[Any]) -> Any:
        return line(what, column, null(), n).where(getting).group_by(column)

    homes = (
        select(groups.c.organization_id, n.label("n"))
        .where(getting, groups.c.organization_id.is_not(None))
        .group_by(groups.c.organization_id)
        .order_by(n.desc(), groups.c.organization_id)
        .limit(_TOP)
        .subquery("homes")
    )
    scattered = groups.c.example * _SCATTER % _ROUND
    examples = (
        select(groups.c.example)
        .where(getting)
        .order_by(scattered)
        .limit(_TOP)
        .subquery("examples")
    )
    every = union_all(
        line("reason", groups.c.reason, null(), n).group_by(groups.c.reason),
        by("language", groups.c.language),
        by("age", groups.c.age),
        line("region", places.c.country, places.c.region, n)
        .select_from(groups.outerjoin(places, places.c.id == groups.c.place_id))
        .where(getting)
        .group_by(places.c.country, places.c.region),
        line("top", organizations.c.name, null(), homes.c.n).join_from(
            homes, organizations, organizations.c.id == homes.c.organization_id
        ),
        line("seatless", null(), null(), func.coalesce(n, 0)).where(
            getting, groups.c.organization_id.is_(None)
        ),
        line("lately", null(), null(), func.coalesce(n, 0)).where(
            getting, groups.c.lately == 1
        ),
        line("example", examples.c.example, null(), literal(1)),
    ).subquery("every")
    return select(*every.c)


def _groups(reach: Reach) -> CTE:
    """Return everybody whom the rule means, those alike in one row with their number."""
    alike = (
        select(
            subscribers.c.id,
            reach.reason.label("reason"),
            _age(reach).label("age"),
            subscribers.c.language,
            reach.place.label("place_id"),
            reach.seat.c.organization_id,
            reach.mailed_lately.label("lately"),
        )
        .select_from(reach.people())
        .where(reach.meant)
        .subquery("alike")
    )
    traits = [column for column in alike.c if column.name != "id"]
    return (
        select(
            *traits,
            func.count().label("n"),
            func.min(alike.c.id).label("example"),
        )
        .group_by(*traits)
        .cte("groups")
        .prefix_with("MATERIALIZED")
    )


def _age(reach: Reach) -> ColumnElement[int]:
    """Return how old a consent is, as the position in `ConsentAge`."""
    on, order = reach.agreed.c.consented_on, list(ConsentAge)
    today = reach.terms.at.date()
    return case(
        (on.is_(None), order.index(ConsentAge.UNKNOWN)),
        (on > _years_before(today, 1), order.index(ConsentAge.FRESH)),
        (on > _years_before(today, 2), order.index(ConsentAge.OLDER)),
        else_=order.index(ConsentAge.OLD),
    )


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - years, day=28)


def _left_out(rows: Iterable[tuple[Any, Any, int]]) -> Mapping[LeftOut, int]:
    order = list(LeftOut)
    counts = dict.fromkeys(order, 0)
    for one, _, n in rows:
        if one is not None:
            counts[order[int(one)]] += n
    return counts


def _ages(rows: Iterable[tuple[Any, Any, int]]) -> Mapping[ConsentAge, int]:
    order = list(ConsentAge)
    counts = dict.fromkeys(order, 0)
    for one, _, n in rows:
        counts[order[int(one)]] += n
    return counts


def _regions(rows: Iterable[tuple[Any, Any, int]]) -> Sequence[Share]:
    counts: dict[str | None, int] = {}
    for country, region, n in rows:
        slug = Region(country=country, code=region).slug if region else None
        counts[slug] = counts.get(slug, 0) + n
    return _shares(counts.items())


def _shares(counts: Iterable[tuple[str | None, int]]) -> Sequence[Share]:
    """Return shares, the largest first, those without a name last."""
    shares = [Share(name=name, people=n) for name, n in counts]
    return sorted(shares, key=lambda s: (s.name is None, -s.people, s.name or ""))


def _usual(connection: Connection, terms: Terms) -> Usual | None:
    """Return how many people the last mailings of the list were for."""
    last = (
        select(mailings.c.id, mailings.c.totals)
        .join(lists, lists.c.number == mailings.c.list_number)
        .where(
            lists.c.slug == terms.list_slug,
            mailings.c.kind.in_([kind.value for kind in Kind]),
            mailings.c.state.not_in(_UNSENT),
            mailings.c.id != (terms.besides or 0),
        )
        .order_by(mailings.c.id.desc())
        .limit(_LAST)
    )
    sizes: list[int] = []
    standing: list[int] = []
    for number, totals in connection.execute(last):
        if totals is None:
            standing.append(number)
        else:
            sizes.append(sum(row[2] for row in totals if row[0] not in _LEFT_OUT))
    if standing:
        counted = (
            select(func.count())
            .where(
                deliveries.c.mailing_id.in_(standing),
                deliveries.c.state.not_in(_LEFT_OUT),
            )
            .group_by(deliveries.c.mailing_id)
        )
        sizes += connection.scalars(counted)
    if not sizes:
        return None
    return Usual(
        mailings=len(sizes),
        least=min(sizes),
        median=median_low(sizes),
        most=max(sizes),
    )
