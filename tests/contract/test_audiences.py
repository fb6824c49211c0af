"""Whom a rule reaches, against a filter in plain Python, on both databases."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from mailer.adapters.database.audiences import SqlAudiences
from mailer.adapters.database.engine import Database
from mailer.adapters.database.organizations import OrganizationStore
from mailer.adapters.database.schema import deliveries, mailings, organizations, seats
from mailer.core import caps, rule as rules
from mailer.core.errors import InputError, NotFoundError
from mailer.core.rule import Rule
from mailer.ports import Card, LeftOut, Share, Terms
from tests.contract.crowds import LISTS, Crowd, Person, age, region_of
from tests.depth import deep
from tests.factories import MONDAY

CAPS: Sequence[tuple[list[tuple[int, int]], str]] = (
    ([], ""),
    ([(1, 1)], "1/day"),
    ([(2, 7)], "2/week"),
    ([(1, 1), (3, 30)], "1/day 3/month"),
)
URGENT = Terms(list_slug="urgent", at=MONDAY)


@pytest.fixture
def crowd(database: Database) -> Crowd:
    return Crowd(database, seed=7)


@pytest.fixture
def audiences(database: Database, crowd: Crowd) -> SqlAudiences:
    assert crowd.people
    return SqlAudiences(database)


def recipients(database: Database, rule: Rule, terms: Terms) -> Sequence[Any]:
    with database.writing() as connection:
        query = SqlAudiences(database).recipients(connection, rule, terms)
        return connection.execute(query).all()


def parsed(**rule: Any) -> Rule:
    return rules.read(rule)


@pytest.mark.parametrize("seed", range(deep(everyday=2, thorough=5)))
def test_exactly_those_get_it_whom_the_rule_means_and_who_may_be_mailed(
    database: Database, seed: int
) -> None:
    crowd = Crowd(database, seed)
    reached = 0
    seen: set[LeftOut | None] = set()
    for _ in range(25):
        said = crowd.rule()
        slug = crowd.chance.choice(list(LISTS))
        limits, written = crowd.chance.choice(CAPS)
        known = [cap for each in written.split() if (cap := caps.parse(each))]
        terms = Terms(list_slug=slug, at=MONDAY, caps=tuple(known), zone="Etc/GMT+5")
        rule = rules.parse(json.dumps(said))
        meant = [person for person in crowd.people if crowd.means(said, person)]
        why = {person.number: crowd.reason(person, slug, limits) for person in meant}
        expected = {number for number, reason in why.items() if reason is None}

        rows = recipients(database, rule, terms)

        assert Counter(row.subscriber_id for row in rows) == Counter(expected), said
        assert len({row.address_hash for row in rows}) == len(rows)
        assert SqlAudiences(database).count(rule, terms) == len(expected)
        getting = [person for person in meant if person.number in expected]
        card = SqlAudiences(database).card(rule, terms)
        _check(card, crowd, getting, slug)
        assert card.left_out == {
            each: sum(reason is each for reason in why.values()) for each in LeftOut
        }
        reached += len(expected)
        seen |= set(why.values())
    assert reached > 60  # or the rules were all for nobody
    assert seen >= set(LeftOut) - {LeftOut.CAPPED}  # not every rule goes out capped


def _check(card: Card, crowd: Crowd, getting: Sequence[Person], slug: str) -> None:
    assert card.count == len(getting)
    assert _counts(card.regions) == Counter(region_of(p.where) for p in getting)
    assert _counts(card.languages) == Counter(p.language for p in getting)
    homes = Counter(p.seats[0][0].names[0] if p.seats else None for p in getting)
    assert _counts(card.organizations) == homes  # there are fewer than ten
    assert card.other_organizations == 0
    ages = Counter(age(p.agreed[slug]) for p in getting)
    assert {each: n for each, n in card.consent.items() if n} == ages
    assert card.mailed_lately == sum(crowd.mailed_lately(p) for p in getting)
    assert len(card.examples) == min(10, len(getting))
    for example in card.examples:
        assert example.masked_address == "r…@example.org"


def _counts(shares: Sequence[Share]) -> dict[str | None, int]:
    return {share.name: share.people for share in shares}


def test_language_zone_and_place_come_with_everybody(
    database: Database, crowd: Crowd
) -> None:
    rule = parsed(include=[{"list": "urgent"}])
    terms = replace(URGENT, zone="America/Denver")

    for row in recipients(database, rule, terms):
        person = crowd.people[row.subscriber_id - 1]
        assert row.language == person.language
        assert (row.place_id is None) == (person.where is None)
        if person.zone:
            assert row.zone == person.zone
        if person.zone is None and person.where is None:
            assert row.zone == "America/Denver"


def test_nothing_chosen_is_nobody(audiences: SqlAudiences) -> None:
    card = audiences.card(Rule(), URGENT)

    assert card.count == 0
    assert card.examples == []
    assert sum(card.left_out.values()) == 0


def test_an_urgent_blast_is_held_back_by_no_cap(
    audiences: SqlAudiences, crowd: Crowd
) -> None:
    everybody = parsed(include=[{"list": "urgent"}])
    capped = replace(URGENT, caps=(caps.Cap(times=1, unit="month"),))
    held = audiences.card(everybody, capped)
    urgent = audiences.card(everybody, replace(capped, urgent=True))

    assert held.left_out[LeftOut.CAPPED] > 0
    assert urgent.left_out[LeftOut.CAPPED] == 0
    assert urgent.count == held.count + held.left_out[LeftOut.CAPPED]
    assert crowd.sent


def test_the_deliveries_of_the_mailing_itself_do_not_count_towards_its_cap(
    database: Database, audiences: SqlAudiences
) -> None:
    everybody = parsed(include=[{"list": "urgent"}])
    capped = replace(URGENT, caps=(caps.Cap(times=1, unit="day"),))
    before = recipients(database, everybody, capped)
    with database.writing() as connection:
        connection.execute(
            insert(mailings).values(
                id=99, key=bytes(16), list_number=2, edition="new", kind="blast",
                state="planned", due_at=MONDAY, as_of=MONDAY, until=MONDAY,
                planned_at=MONDAY,
            )
        )  # fmt: skip
        connection.execute(
            insert(deliveries),
            [
                {"mailing_id": 99, "subscriber_id": row.subscriber_id, "state": "pending",
                 "address_hash": row.address_hash, "changed_at": MONDAY}
                for row in before
            ],
        )  # fmt: skip

    assert audiences.count(everybody, capped) == 0
    assert audiences.count(everybody, replace(capped, besides=99)) == len(before)


def test_the_card_compares_with_the_last_mailings_of_the_list(
    database: Database, audiences: SqlAudiences, crowd: Crowd
) -> None:
    due = Counter(
        given.mailing
        for person in crowd.people
        for given in person.given
        if given.state not in ("skipped", "suppressed")
    )
    sizes = sorted(
        [due[sent.number] for sent in crowd.sent if sent.slug == "urgent"][-5:]
    )

    usual = audiences.card(Rule(), URGENT).usual

    assert usual is not None
    assert (usual.mailings, usual.least, usual.most) == (
        len(sizes),
        sizes[0],
        sizes[-1],
    )
    with database.writing() as connection:  # pruned: only the counts are left
        connection.execute(delete(deliveries))
        connection.execute(
            update(mailings).values(
                totals=[["sent", None, 40, "main"], ["skipped", "paused", 9, None]]
            )
        )
    after = audiences.card(Rule(), URGENT).usual
    assert after is not None
    assert (after.least, after.median, after.most) == (40, 40, 40)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"organization": "Unoin № 1"}, r'include\[0\]\.organization: "Unoin № 1".*mailer'),
        ({"organization": 99}, r"include\[0\]\.organization: № 99"),
        ({"all": [{"seat": {"kind": "onion", "role": "primary"}}]},
         r'include\[0\]\.all\[0\]\.seat\.kind: "onion".*there is .*faith'),
        ({"not": {"tag": "pres"}}, r'include\[0\]\.not\.tag: "pres".*there is .*press'),
        ({"region": "us-cq"}, r'include\[0\]\.region: "us-cq".*us-ca'),
        ({"list": "urgend"}, r'"urgend": there is no such list; there is .*urgent'),
        ({"got": "urgent/nothing"}, r'include\[0\]\.got: "urgent/nothing"'),
        ({"knows": {"action": "no-such"}}, r'include\[0\]\.knows\.action: "no-such"'),
        ({"sponsors": "no-such"}, r'include\[0\]\.sponsors: "no-such"'),
        ({"endorses": "april"}, r'include\[0\]\.endorses: "april".*march'),
        ({"near": {"place": "San Diego", "km": 5}}, r"near\.place.*not looked up"),
    ],
)  # fmt: skip
def test_a_name_that_nobody_knows_is_an_error_and_not_nobody(
    audiences: SqlAudiences, condition: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        audiences.count(parsed(include=[condition]), URGENT)
    with pytest.raises(InputError, match=words.replace("include", "exclude")):
        audiences.card(parsed(include=[], exclude=[condition]), URGENT)


def test_who_got_a_pruned_mailing_is_not_known_and_that_is_said(
    database: Database, audiences: SqlAudiences, crowd: Crowd
) -> None:
    with database.writing() as connection:
        connection.execute(update(mailings).values(pruned_at=MONDAY))
    rule = parsed(include=[{"got": crowd.sent[0].name}])

    with pytest.raises(InputError, match=r"not on record any more.*delivery\.keep"):
        audiences.card(rule, URGENT)


def test_a_list_that_is_not_there_is_named(audiences: SqlAudiences) -> None:
    with pytest.raises(NotFoundError, match="mailer lists"):
        audiences.card(Rule(), replace(URGENT, list_slug="nobodys"))


def test_a_state_where_nobody_lives_yet_is_no_error(audiences: SqlAudiences) -> None:
    assert audiences.count(parsed(include=[{"region": "us-wy"}]), URGENT) == 0


def test_ten_thousand_numbers_fit_into_a_rule(
    audiences: SqlAudiences, database: Database
) -> None:
    numbers = {"subscriber": list(range(1, 10_001))}
    everybody = parsed(include=[numbers, {"all": [numbers, {"not": {"tag": "press"}}]}])

    assert audiences.count(everybody, URGENT) == audiences.count(
        parsed(include=[{"list": "urgent"}]), URGENT
    )
    assert len(recipients(database, everybody, URGENT)) > 0


def test_a_number_that_nobody_has_is_nobody(audiences: SqlAudiences) -> None:
    gone = parsed(include=[{"subscriber": [2**62, 2**31]}])

    assert audiences.count(gone, URGENT) == 0


def test_an_organization_is_found_under_the_names_it_had_before_a_merge(
    database: Database, audiences: SqlAudiences
) -> None:
    both = parsed(include=[{"organization": ["U1", "U2"]}])
    before = audiences.count(both, URGENT)
    OrganizationStore(database).merge("U1", "U2", at=MONDAY, actor="test")

    assert (
        audiences.count(parsed(include=[{"organization": "Unión № 1"}]), URGENT)
        == before
    )
    with database.reading() as connection:
        assert connection.scalar(
            select(organizations.c.kind).where(organizations.c.id == 2)
        )


def test_more_than_ten_organizations_are_ten_and_all_others(
    database: Database, crowd: Crowd
) -> None:
    with database.writing() as connection:
        connection.execute(delete(seats))
        for person in crowd.people:
            number = 100 + person.number
            connection.execute(
                insert(organizations).values(
                    id=number, name=f"Group {number}", created_at=MONDAY
                )
            )
            connection.execute(
                insert(seats).values(
                    subscriber_id=person.number, organization_id=number, role="comms"
                )
            )

    card = SqlAudiences(database).card(parsed(include=[{"list": "urgent"}]), URGENT)

    assert [share.people for share in card.organizations] == [1] * 10
    assert card.other_organizations == card.count - 10 > 0


def test_a_pause_ends_at_its_moment(database: Database, crowd: Crowd) -> None:
    everybody = parsed(include=[{"list": "urgent"}])
    later = replace(URGENT, at=MONDAY + timedelta(days=4))

    paused = SqlAudiences(database).card(everybody, URGENT).left_out[LeftOut.PAUSED]

    assert paused > 0
    assert SqlAudiences(database).card(everybody, later).left_out[LeftOut.PAUSED] == 0
    assert crowd.people
