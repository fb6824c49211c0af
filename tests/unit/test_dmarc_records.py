"""DMARC records, and the walk up the tree of RFC 9989."""

from hypothesis import given, strategies as st

from mailer.core.records import dmarc
from mailer.core.records.dmarc import Policy

LABELS = st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), min_size=1, max_size=12)


def record(domain: str, text: str) -> dmarc.Dmarc:
    return dmarc.parse(domain, f"v=DMARC1; {text}")


def test_the_walk_asks_each_domain_up_to_the_root() -> None:
    assert dmarc.steps("a.mail.example.com") == [
        "a.mail.example.com", "mail.example.com", "example.com", "com",
    ]  # fmt: skip


def test_a_deep_domain_jumps_to_seven_labels() -> None:
    # the example of RFC 9989 §4.10
    steps = dmarc.steps("a.b.c.d.e.f.g.h.i.j.mail.example.com")

    assert steps[:2] == [
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
    ]
    assert steps[-1] == "com"


@given(LABELS)
def test_no_walk_asks_more_than_eight_times(labels: list[str]) -> None:
    steps = dmarc.steps(".".join(labels))

    assert len(steps) <= 8
    assert all(".".join(labels).endswith(step) for step in steps)


def test_the_organization_is_the_highest_domain_with_a_record() -> None:
    walked = [record("a.example.org", "p=none"), record("example.org", "p=reject")]

    assert dmarc.organizational("b.a.example.org", walked) == "example.org"


def test_psd_n_ends_the_organization_there() -> None:
    walked = [record("a.example.org", "psd=n; p=none")]

    assert dmarc.organizational("b.a.example.org", walked) == "a.example.org"


def test_one_label_below_a_public_suffix_is_the_organization() -> None:
    walked = [record("gov.example", "psd=y; p=reject")]

    assert dmarc.organizational("mail.city.gov.example", walked) == "city.gov.example"


def test_without_a_record_a_domain_is_its_own_organization() -> None:
    assert dmarc.organizational("mail.example.org", []) == "mail.example.org"


def test_a_subdomain_without_a_record_takes_sp_of_its_organization() -> None:
    walked = [record("example.org", "p=none; sp=reject")]

    found = dmarc.applicable("news.example.org", walked)

    assert found
    assert found.policy_for("news.example.org") is Policy.REJECT
    assert found.policy_for("example.org") is Policy.NONE


def test_an_intermediate_domain_decides_nothing() -> None:
    # RFC 9989 §4.10.1: the author's domain, else the organization's
    walked = [record("a.example.org", "p=none"), record("example.org", "p=reject")]

    found = dmarc.applicable("b.a.example.org", walked)

    assert found
    assert found.domain == "example.org"


def test_what_receivers_ignore_is_told() -> None:
    found = record("example.org", "p=refuse; rua=you@example.org; nonsense; p=reject")

    assert found.policy is Policy.NONE
    assert not found.reports_to
    assert len(found.faults) == 4


def test_report_addresses_are_read_with_or_without_a_size() -> None:
    found = record(
        "example.org", "rua=mailto:a@example.org!10m, mailto:b@Reports.example"
    )

    assert found.reports_to == (
        ("a@example.org", "example.org"),
        ("b@Reports.example", "reports.example"),
    )


def test_tags_that_the_new_rfc_dropped_are_noticed() -> None:
    assert record("example.org", "p=none; pct=50; ri=3600").removed == ("pct", "ri")


def test_the_version_is_exact_and_comes_first() -> None:
    assert dmarc.looks_so("v=DMARC1; p=none")
    assert dmarc.looks_so("v = DMARC1;p=none")
    assert not dmarc.looks_so("v=dmarc1; p=none")
    assert not dmarc.looks_so("p=none; v=DMARC1")
    assert not dmarc.looks_so("v=DMARC10; p=none")


@given(st.text(max_size=120))
def test_no_text_makes_reading_fail(text: str) -> None:
    found = record("example.org", text)

    assert found.policy in set(Policy)
    assert found.subdomains in set(Policy)
