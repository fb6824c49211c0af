"""What is found in DNS, asked of a real server: SPF, DKIM, DMARC, MX, return path."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from mailer.adapters.dns import Resolver
from mailer.core import customs
from mailer.core.diagnosis import Entry, Finding, Severity
from mailer.core.errors import InputError
from mailer.pipeline.examine import (
    alignment,
    dkim,
    dmarc,
    exchange,
    links,
    returning,
    spf,
)
from mailer.ports import Looked, RecordKind, Unanswered
from tests.fakes.nameserver import Nameserver, serving
from tests.unit.test_dkim_records import rsa

D = "coalition.org"
OK, NOTE, WARN, FAIL = Severity.OK, Severity.NOTE, Severity.WARN, Severity.FAIL
Zone = Mapping[tuple[str, str], Sequence[str]]


@contextmanager
def asking(zone: Zone) -> Iterator[tuple[Resolver, Nameserver]]:
    with serving(zone) as nameserver:
        yield Resolver(server=nameserver.address, seconds=0.6), nameserver


def worst(findings: Sequence[Finding]) -> Finding:
    order = list(Severity)
    return min(findings, key=lambda finding: order.index(finding.severity))


def texts(**records: str) -> Zone:
    """Return a zone of TXT records; in names, two underscores stand for a dot."""
    return {
        (name.replace("__", "."), "TXT"): [value] for name, value in records.items()
    }


# --- the resolver


def test_a_name_that_is_not_there_differs_from_one_without_such_a_record() -> None:
    with asking({(D, "A"): ["192.0.2.1"]}) as (names, _):
        assert names.look(D, RecordKind.TXT) == Looked()
        assert names.look(f"none.{D}", RecordKind.TXT) == Looked(exists=False)
        assert names.look(D, RecordKind.A) == Looked(values=("192.0.2.1",))


def test_a_text_in_pieces_comes_whole_and_through_an_alias() -> None:
    key = f"v=DKIM1; k=rsa; p={rsa(4096)}"
    zone: Zone = {
        (f"s1._domainkey.{D}", "CNAME"): ["s1.vendor.example."],
        ("s1.vendor.example", "TXT"): [key],
    }
    with asking(zone) as (names, _):
        assert names.look(f"s1._domainkey.{D}", RecordKind.TXT) == Looked(values=(key,))
        alias = names.look(f"s1._domainkey.{D}", RecordKind.CNAME)
        assert alias == Looked(values=("s1.vendor.example",))


def test_exchanges_come_by_preference_and_the_null_one_is_empty() -> None:
    zone: Zone = {
        (D, "MX"): ["20 second.example.", "10 first.example."],
        ("deaf.example", "MX"): ["0 ."],
    }
    with asking(zone) as (names, _):
        found = names.look(D, RecordKind.MX)
        assert found == Looked(values=("first.example", "second.example"))
        assert names.look("deaf.example", RecordKind.MX) == Looked(values=("",))


def test_who_denies_every_name_without_knowing_the_root_is_not_believed() -> None:
    with serving({(D, "A"): ["192.0.2.1"]}) as lost:
        names = Resolver(server=lost.address, seconds=0.6, rooted=True)
        denied = names.look("gone.example", RecordKind.A)
        known = names.look(D, RecordKind.A)
    with serving({(".", "NS"): ["a.root-servers.net."]}) as connected:
        names = Resolver(server=connected.address, seconds=0.6, rooted=True)
        gone = names.look("gone.example", RecordKind.A)

    assert isinstance(denied, Unanswered)
    assert known == Looked(values=("192.0.2.1",))
    assert gone == Looked(exists=False)


@pytest.mark.parametrize("trouble", ["silent", "broken"])
def test_a_server_that_fails_is_told_apart_from_an_empty_answer(trouble: str) -> None:
    with asking(texts(coalition__org="v=spf1 -all")) as (names, nameserver):
        getattr(nameserver, trouble).add(D)

        found = names.look(D, RecordKind.TXT)

    assert isinstance(found, Unanswered)
    assert D in found.why


@pytest.mark.parametrize(
    "name", ["a..b", "x" * 64 + ".org", ".".join(["abcdefgh"] * 32)]
)
def test_what_cannot_be_a_name_does_not_exist(name: str) -> None:
    with asking({}) as (names, _):
        assert names.look(name, RecordKind.A) == Looked(exists=False)


@pytest.mark.parametrize("written", ["dns.example", "127.0.0.1:0", "127.0.0.1:x", ""])
def test_a_resolver_that_is_no_address_is_refused(written: str) -> None:
    if not written:
        Resolver(server=written)  # none named: the machine's own
        return
    with pytest.raises(InputError, match="--resolver"):
        Resolver(server=written)


# --- SPF


def spf_of(zone: Zone, include: str | None = None) -> Sequence[Finding]:
    with asking(zone) as (names, _):
        return spf.examine(names, D, include=include, vendor="Mailgun")


def test_a_record_that_lets_the_provider_send_is_right() -> None:
    zone = texts(
        coalition__org="v=spf1 include:mailgun.org ~all",
        mailgun__org="v=spf1 include:_spf.mailgun.org ~all",
        _spf__mailgun__org="v=spf1 ip4:192.0.2.0/24 ~all",
    )

    (found,) = spf_of(zone, "mailgun.org")

    assert found.severity is OK
    assert "2 of 10" in found.message


def test_without_a_record_the_one_to_publish_is_written_out() -> None:
    (found,) = spf_of({(D, "TXT"): ["some other text"]}, "mailgun.org")

    assert found.severity is FAIL
    assert found.publish == (
        Entry(name=D, kind="TXT", value="v=spf1 include:mailgun.org ~all"),
    )


def test_two_records_are_one_too_many() -> None:
    zone: Zone = {(D, "TXT"): ["v=spf1 a ~all", "v=spf1 mx ~all"]}

    (found,) = spf_of(zone)

    assert found.severity is FAIL
    assert "2 records" in found.message


def test_a_record_without_the_provider_is_shown_with_it() -> None:
    zone = texts(coalition__org="v=spf1 ip4:192.0.2.1 -all")

    (found,) = spf_of(zone, "mailgun.org")

    assert found.severity is FAIL
    assert found.publish[0].value == "v=spf1 include:mailgun.org ip4:192.0.2.1 -all"


def test_a_slip_of_the_pen_fails_every_check() -> None:
    (found,) = spf_of(texts(coalition__org="v=spf1 ipv4:192.0.2.1 -all"))

    assert found.severity is FAIL
    assert "ipv4:192.0.2.1" in found.message


def chain(length: int) -> Zone:
    """Return a record whose includes follow one another."""
    zone = {(D, "TXT"): ["v=spf1 include:n1.example ~all"]}
    for at in range(1, length):
        zone[f"n{at}.example", "TXT"] = [f"v=spf1 include:n{at + 1}.example ~all"]
    zone[f"n{length}.example", "TXT"] = ["v=spf1 ip4:192.0.2.1 ~all"]
    return zone


def test_ten_look_ups_are_allowed_and_the_last_one_is_noted() -> None:
    found = spf_of(chain(10))

    assert worst(found).severity is NOTE
    assert "all 10" in worst(found).message


def test_eleven_look_ups_down_a_chain_are_too_many() -> None:
    found = worst(spf_of(chain(11)))

    assert found.severity is FAIL
    assert found.message.startswith("11 look-ups")


def test_every_kind_of_look_up_counts_and_addresses_do_not() -> None:
    record = (
        "v=spf1 a mx ptr exists:%{i}.example.com a:www.coalition.org ip4:192.0.2.1"
        " ip6:2001:db8::1 redirect=_spf.coalition.org"
    )
    zone: Zone = {
        (D, "TXT"): [record],
        (D, "A"): ["192.0.2.1"],
        (D, "MX"): ["10 mx.coalition.org."],
        ("www.coalition.org", "AAAA"): ["2001:db8::1"],
        ("_spf.coalition.org", "TXT"): ["v=spf1 a:mx.coalition.org -all"],
        ("mx.coalition.org", "A"): ["192.0.2.2"],
    }

    with asking(zone) as (names, _):
        records = spf.read(names, D)
        assert not isinstance(records, Unanswered)
        counted = spf.tally(names, D, records[0])

    assert (counted.lookups, counted.voids, counted.faults) == (7, [], [])


def test_an_include_that_leads_in_a_circle_ends() -> None:
    zone = texts(
        coalition__org="v=spf1 include:b.example ~all",
        b__example="v=spf1 include:coalition.org ~all",
    )

    found = worst(spf_of(zone))

    assert found.severity is FAIL
    assert "endless" in found.message


def test_two_look_ups_may_find_nothing_and_a_third_fails() -> None:
    two = texts(coalition__org="v=spf1 a:x.org mx:y.org ~all")
    three = texts(coalition__org="v=spf1 a:x.org mx:y.org a:z.org ~all")

    assert worst(spf_of(two)).severity is NOTE
    assert worst(spf_of(three)).severity is FAIL
    assert "x.org, y.org, z.org" in worst(spf_of(three)).remedy


def test_an_include_of_nothing_fails_every_check() -> None:
    found = worst(spf_of(texts(coalition__org="v=spf1 include:gone.example ~all")))

    assert found.severity is FAIL
    assert "include:gone.example" in found.message


@pytest.mark.parametrize(
    ("end", "severity"),
    [
        ("+all", FAIL),
        ("all", FAIL),
        ("?all", WARN),
        ("", WARN),
        ("~all", OK),
        ("-all", OK),
    ],
)
def test_the_end_of_a_record_decides_about_everybody_else(
    end: str, severity: Severity
) -> None:
    found = spf_of(texts(coalition__org=f"v=spf1 ip4:192.0.2.1 {end}".strip()))

    assert worst(found).severity is severity


def test_an_unanswered_include_is_no_verdict() -> None:
    zone = texts(
        coalition__org="v=spf1 include:slow.example ~all",
        slow__example="v=spf1 ip4:192.0.2.1 ~all",
    )
    with asking(zone) as (names, nameserver):
        nameserver.silent.add("slow.example")
        found = worst(spf.examine(names, D, include=None, vendor="Mailgun"))

    assert not found.asked
    assert found.severity is NOTE


# --- DKIM

POSTMARK, RESEND = customs.of("postmark"), customs.of("resend")
assert POSTMARK
assert RESEND


def dkim_of(
    zone: Zone,
    kind: str = "resend",
    *,
    selectors: tuple[str, ...] = (),
    entries: Sequence[Entry] = (),
) -> Sequence[Finding]:
    ways = customs.of(kind)
    assert ways
    signing = dkim.Signing(
        domain=D,
        customs=ways,
        entries={entry.name: entry for entry in entries},
        selectors=selectors,
    )
    with asking(zone) as (names, _):
        return dkim.examine(names, signing)


def key_at(selector: str, record: str) -> Zone:
    return {(f"{selector}._domainkey.{D}", "TXT"): [record]}


def test_a_key_of_2048_bits_under_the_providers_selector_is_right() -> None:
    (found,) = dkim_of(key_at("resend", f"p={rsa(2048)}"))

    assert (found.severity, found.message) == (OK, "RSA, 2048 bits")


@pytest.mark.parametrize(
    ("record", "severity"),
    [
        (f"v=DKIM1; p={rsa(1024)}", WARN),
        (f"v=DKIM1; p={rsa(512)}", FAIL),
        (f"v=DKIM1; t=y; p={rsa(2048)}", WARN),
        ("v=DKIM1; p=", FAIL),
    ],
)
def test_a_key_that_is_short_tried_or_revoked_is_told(
    record: str, severity: Severity
) -> None:
    (found,) = dkim_of(key_at("resend", record))

    assert found.severity is severity


def test_a_missing_key_is_written_out_as_the_provider_shows_it() -> None:
    entry = Entry(name=f"resend._domainkey.{D}", kind="TXT", value="p=MIGf")

    (found,) = dkim_of({(D, "A"): ["192.0.2.1"]}, entries=[entry])

    assert found.severity is FAIL
    assert found.publish == (entry,)


def test_selectors_that_nobody_can_guess_are_asked_for() -> None:
    (found,) = dkim_of({(D, "A"): ["192.0.2.1"]}, "postmark")

    assert (found.severity, found.asked) == (NOTE, False)
    assert "[doctor] selectors" in found.remedy


def test_a_selector_from_the_settings_must_be_there() -> None:
    zone = key_at("20261101pm", f"k=rsa; p={rsa(2048)}")

    assert dkim_of(zone, "postmark", selectors=("20261101pm",))[0].severity is OK
    assert dkim_of(zone, "postmark", selectors=("other",))[0].severity is FAIL


def test_two_keys_under_one_name_fail() -> None:
    name = (f"resend._domainkey.{D}", "TXT")

    (found,) = dkim_of({name: [f"p={rsa(2048)}", f"p={rsa(1024)}"]})

    assert found.severity is FAIL


# --- DMARC


def dmarc_of(zone: Zone, domain: str = D) -> Sequence[Finding]:
    with asking(zone) as (names, _):
        return dmarc.examine(names, domain)


def test_a_domain_without_dmarc_is_told_what_to_publish() -> None:
    (found,) = dmarc_of({(D, "A"): ["192.0.2.1"]})

    assert found.severity is FAIL
    (entry,) = found.publish
    assert (entry.name, entry.kind) == (f"_dmarc.{D}", "TXT")
    assert entry.value == f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{D}"


def test_a_policy_that_turns_others_away_is_right() -> None:
    zone = texts(_dmarc__coalition__org=f"v=DMARC1; p=reject; rua=mailto:d@{D}")

    (found,) = dmarc_of(zone)

    assert found.severity is OK


def test_a_subdomain_is_under_the_policy_of_its_organization() -> None:
    zone = texts(
        _dmarc__coalition__org=f"v=DMARC1; p=none; sp=reject; rua=mailto:d@{D}"
    )

    (found,) = dmarc_of(zone, f"news.{D}")

    assert found.severity is OK
    assert "p=reject, from _dmarc.coalition.org" in found.message


def test_two_records_count_as_none() -> None:
    zone: Zone = {(f"_dmarc.{D}", "TXT"): ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}

    (found,) = dmarc_of(zone)

    assert found.severity is FAIL
    assert "several" in found.message


def test_watching_only_is_a_note_and_so_are_tags_of_the_old_rfc() -> None:
    zone = texts(_dmarc__coalition__org=f"v=DMARC1; p=none; pct=20; rua=mailto:d@{D}")

    found = dmarc_of(zone)

    assert {each.severity for each in found} == {NOTE}
    assert any("pct" in each.message for each in found)


def test_nobody_is_told_without_rua() -> None:
    found = dmarc_of(texts(_dmarc__coalition__org="v=DMARC1; p=reject"))

    assert worst(found).severity is NOTE
    assert "rua" in worst(found).message


def test_reports_abroad_need_the_receivers_consent() -> None:
    zone = texts(
        _dmarc__coalition__org="v=DMARC1; p=reject; rua=mailto:d@reports.example"
    )

    found = worst(dmarc_of(zone))
    agreed = dict(zone) | {
        (f"{D}._report._dmarc.reports.example", "TXT"): ["v=DMARC1;"]
    }

    assert found.severity is WARN
    assert found.publish[0].name == f"{D}._report._dmarc.reports.example"
    assert worst(dmarc_of(agreed)).severity is OK


def test_no_answer_on_the_way_up_is_no_verdict() -> None:
    with asking({}) as (names, nameserver):
        nameserver.broken.add("_dmarc.org")
        (found,) = dmarc.examine(names, D)

    assert not found.asked


def test_a_record_that_names_thousands_of_domains_does_not_have_us_ask_them_all() -> (
    None
):
    reports = ",".join(f"mailto:d@r{n}.example" for n in range(2000))
    zone = texts(_dmarc__coalition__org=f"v=DMARC1; p=reject; rua={reports}")
    with serving(zone) as nameserver:
        found = dmarc.examine(Resolver(server=nameserver.address), D)

    assert any("2,000 domains" in finding.message for finding in found)
    assert len(nameserver.asked) < 40


# --- alignment


@pytest.mark.parametrize(
    ("signs", "severity", "says"),
    [
        (True, OK, "speaks for it"),
        (None, NOTE, "would speak for it, but nobody could be asked"),
        (False, NOTE, "would speak for it, but has no key"),
    ],
)
def test_a_signature_that_nobody_could_look_for_only_would_speak(
    signs: bool | None,  # noqa: FBT001 - a parameter of the test
    severity: Severity,
    says: str,
) -> None:
    with serving(texts(_dmarc__coalition__org="v=DMARC1; p=none")) as nameserver:
        (found,) = alignment.examine(
            Resolver(server=nameserver.address),
            D,
            signer=D,
            returns=None,
            signs=signs,
        )

    assert found.severity is severity
    assert says in found.message


def aligned(zone: Zone, signer: str, returns: str | None) -> Severity:
    with asking(zone) as (names, _):
        (found,) = alignment.examine(names, D, signer=signer, returns=returns)
    return found.severity


def test_a_subdomain_that_signs_speaks_for_its_organization_unless_strict() -> None:
    relaxed = texts(_dmarc__coalition__org="v=DMARC1; p=none")
    strict = texts(_dmarc__coalition__org="v=DMARC1; p=none; adkim=s; aspf=s")

    assert aligned(relaxed, f"mg.{D}", f"mg.{D}") is OK
    assert aligned(strict, f"mg.{D}", f"mg.{D}") is FAIL
    assert aligned(strict, D, None) is OK


def test_a_return_path_alone_is_not_enough_for_forwarded_mail() -> None:
    zone = texts(_dmarc__coalition__org="v=DMARC1; p=none")

    assert aligned(zone, "vendor.example", f"bounce.{D}") is WARN
    assert aligned(zone, "vendor.example", "bounce.vendor.example") is FAIL


def test_a_subdomain_that_ends_the_walk_is_another_organization() -> None:
    zone = texts(
        _dmarc__coalition__org="v=DMARC1; p=none",
        _dmarc__chapter__coalition__org="v=DMARC1; p=none; psd=n",
    )

    assert aligned(zone, f"chapter.{D}", None) is FAIL


# --- mail to the sender, and bounces


@pytest.mark.parametrize(
    ("zone", "severity"),
    [
        ({(D, "MX"): ["10 mx.coalition.org."]}, OK),
        ({(D, "MX"): ["0 ."]}, FAIL),
        ({(D, "A"): ["192.0.2.1"]}, WARN),
        ({(D, "TXT"): ["nothing but text"]}, FAIL),
        ({}, FAIL),
    ],
)
def test_a_sender_must_be_able_to_get_mail(zone: Zone, severity: Severity) -> None:
    with asking(zone) as (names, _):
        (found,) = exchange.sender(names, D)

    assert found.severity is severity


def test_postmarks_own_return_path_is_noted_with_the_alias_to_publish() -> None:
    assert POSTMARK
    with asking({(D, "A"): ["192.0.2.1"]}) as (names, _):
        found = returning.path(names, D, POSTMARK, None)
        assert found == "pm.mtasv.net"
        (said,) = returning.examine(names, D, POSTMARK, found)

    assert said.severity is NOTE
    assert said.publish == (
        Entry(name=f"pm-bounces.{D}", kind="CNAME", value="pm.mtasv.net"),
    )


def test_a_return_path_of_our_own_is_found_by_its_alias() -> None:
    assert POSTMARK
    zone: Zone = {
        (f"pm-bounces.{D}", "CNAME"): ["pm.mtasv.net."],
        ("pm.mtasv.net", "MX"): ["10 inbound.postmarkapp.com."],
    }
    with asking(zone) as (names, _):
        found = returning.path(names, D, POSTMARK, None)
        assert found == f"pm-bounces.{D}"
        (said,) = returning.examine(names, D, POSTMARK, found)

    assert said.severity is OK


def test_a_return_path_without_mx_is_shown_the_providers_own_entry() -> None:
    assert RESEND
    entry = Entry(name=f"send.{D}", kind="MX", value="feedback-smtp.example")
    with asking({(D, "A"): ["192.0.2.1"]}) as (names, _):
        (said,) = returning.examine(names, D, RESEND, f"send.{D}", [entry])

    assert (said.severity, said.publish) == (WARN, (entry,))


@pytest.mark.parametrize(
    ("zone", "severity"),
    [
        ({("mail.coalition.org", "A"): ["93.184.216.34"]}, OK),
        ({("mail.coalition.org", "AAAA"): ["2606:2800:220:1::1"]}, OK),
        ({("mail.coalition.org", "A"): ["10.0.0.7"]}, FAIL),
        ({}, FAIL),
    ],
)
def test_readers_must_be_able_to_reach_the_host_of_the_links(
    zone: Zone, severity: Severity
) -> None:
    with asking(zone) as (names, _):
        (found,) = links.host(names, "https://mail.coalition.org")

    assert found.severity is severity
