"""What is found in settings and in DNS, told in Spanish."""

from dataclasses import replace
from pathlib import Path

import pytest

from mailer.adapters.dns import Resolver
from mailer.config import ProviderSettings
from mailer.core import customs
from mailer.core.diagnosis import About, Topic
from mailer.core.saying import says
from mailer.pipeline.examine import (
    alignment,
    dmarc,
    exchange,
    links,
    returning,
    spf,
    written,
)
from mailer.pipeline.examine.rounds import Question, ask_all
from tests.contract.spanish import in_spanish
from tests.contract.test_examining_dns import (
    D,
    Zone,
    asking,
    chain,
    dkim_of,
    dmarc_of,
    key_at,
    spf_of,
    texts,
)
from tests.fakes.nameserver import serving
from tests.unit.test_dkim_records import rsa
from tests.unit.test_examining_settings import settings, weekly

N = f"news.{D}"


def test_what_is_found_in_settings_is_said_in_spanish(tmp_path: Path) -> None:
    key = tmp_path / "secret.key"
    key.write_text("1:x", "utf-8")
    key.chmod(0o644)
    bad = settings(
        address="a@gmail.com", base_url="http://mail.coalition.org", feedback_id="a:b"
    )
    other = {"outbox": ProviderSettings(name="outbox", kind="smtp")}
    bad = replace(
        bad,
        variables=("MAILER_BASE_URL",),
        bare=("[providers.main] token",),
        providers={**bad.providers, **other},
        coalition=replace(bad.coalition, postal_address=None),
    )
    said = in_spanish(
        [
            *written.examine(bad, weekly()),
            *written.examine(settings(), weekly()),
            *written.secrets([key]),
            *written.subscribers({**weekly(), **weekly()}, {"weekly": 1200}),
            *written.subscribers(weekly(), {}),
        ]
    )
    key.chmod(0o600)
    said = [*said, *in_spanish(written.secrets([key]))]
    hosts = ["https://mail.example.org", "https://a.local", "https://10.1.2.3"]
    for base_url in hosts:
        in_spanish(written.examine(settings(base_url=base_url), weekly()))
    for address in ("a@b.test", "a@b.invalid", "a@localhost", "a@x.internal"):
        in_spanish(written.examine(settings(address=address), weekly()))

    assert "dirección postal" in said
    assert "falta [coalition] postal_address" in said
    assert "la reciben 1.200" in said
    assert f'<span lang="en">chmod 600 {key}</span>' in said
    assert any(
        each.endswith('<span lang="en">unset MAILER_BASE_URL</span>') for each in said
    )


@pytest.mark.parametrize(
    "zone",
    [
        {},
        texts(coalition__org="v=spf1 include:mailgun.org ~all"),
        texts(coalition__org="v=spf1 ip4:192.0.2.1 -all"),
        texts(coalition__org="v=spf1 ptr +all"),
        texts(coalition__org="v=spf1 ip4:192.0.2.1 ?all"),
        texts(coalition__org="v=spf1 ip4:192.0.2.1"),
        texts(coalition__org="v=spf1 a:x.org mx:y.org ~all"),
        texts(coalition__org="v=spf1 a:x.org mx:y.org a:z.org ~all"),
        texts(
            coalition__org="v=spf1 include:b.example ~all",
            b__example="v=spf1 include:coalition.org ~all",
        ),
        texts(coalition__org="v=spf1 include:b.example ~all", b__example="v=spf1 oops"),
        {
            (D, "TXT"): ["v=spf1 include:b.example ~all"],
            ("b.example", "TXT"): ["v=spf1 a", "v=spf1 mx"],
        },
        {(D, "TXT"): ["v=spf1 a ~all", "v=spf1 mx ~all"]},
        chain(10),
        chain(11),
        *(
            texts(coalition__org=f"v=spf1 {term} -all")
            for term in (
                *("oops", "ip4:x", "include:", "redirect=", "include:a/8", "all:x"),
                "redirect=a.org redirect=b.org",
            )
        ),
    ],
)
def test_what_is_found_in_spf_is_said_in_spanish(zone: Zone) -> None:
    in_spanish([*spf_of(zone), *spf_of(zone, "mailgun.org")])


@pytest.mark.parametrize(
    "record",
    [
        f"p={rsa(2048)}",
        f"p={rsa(1024)}",
        f"p={rsa(512)}",
        f"t=y; p={rsa(2048)}",
        "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "p=",
        "p=AAAA",
        "v=DKIM2; p=AAAA",
        "k=dsa; p=AAAA",
        "h=sha1; p=AAAA",
        "s=tlsrpt; p=AAAA",
    ],
)
def test_what_is_found_in_a_key_is_said_in_spanish(record: str) -> None:
    said = in_spanish(dkim_of(key_at("resend", record)))

    assert f"clave DKIM resend._domainkey.{D}" in said


def test_keys_that_are_not_there_are_told_in_spanish() -> None:
    twice = {(f"resend._domainkey.{D}", "TXT"): [f"p={rsa(2048)}", f"p={rsa(1024)}"]}

    in_spanish([*dkim_of(twice), *dkim_of({})])
    for kind in ("postmark", "mailgun", "ses", "brevo", "sendgrid", "smtp"):
        in_spanish([*dkim_of({}, kind), *dkim_of({}, kind, selectors=("one",))])


@pytest.mark.parametrize(
    "record",
    [
        None,
        "v=DMARC1; p=reject; rua=mailto:d@reports.example",
        f"v=DMARC1; p=oops; sp=none; p=none; rua=mailto:d@{D}, ftp:x",
        "v=DMARC1; p=none; pct=20; ri=1; t=y",
        "v=DMARC1; p=quarantine; psd=y; adkim=s",
        "v=DMARC1; p=reject; rua="
        + ",".join(f"mailto:d@r{n}.example" for n in range(9)),
    ],
)
def test_what_is_found_in_dmarc_is_said_in_spanish(record: str | None) -> None:
    zone = texts(_dmarc__coalition__org=record) if record else {}
    several: Zone = {(f"_dmarc.{D}", "TXT"): ["v=DMARC1; p=none", "v=DMARC1"]}
    found = [*dmarc_of(zone), *dmarc_of(zone, N), *dmarc_of(several)]
    with asking(zone) as (names, _):
        for signer in (D, N, "vendor.example"):
            for returns in (None, N, "bounce.vendor.example"):
                for signs in (True, False, None):
                    found += alignment.examine(
                        names, D, signer=signer, returns=returns, signs=signs
                    )
    in_spanish(found)


@pytest.mark.parametrize(
    "zone",
    [
        {},
        {(D, "MX"): ["10 mx.coalition.org."], (f"send.{D}", "MX"): ["10 in.example."]},
        {(D, "MX"): ["0 ."], ("mail.coalition.org", "A"): ["10.0.0.7"]},
        {(D, "A"): ["192.0.2.1"], ("mail.coalition.org", "A"): ["93.184.216.34"]},
        {(D, "TXT"): ["nothing"]},
    ],
)
def test_what_is_found_about_answers_bounces_and_hosts_is_said_in_spanish(
    zone: Zone,
) -> None:
    with asking(zone) as (names, _):
        found = [
            *exchange.sender(names, D),
            *exchange.reply_to(names, D),
            *links.host(names, "https://mail.coalition.org"),
        ]
        for kind in ("postmark", "resend", "ses", "mailgun", "sendgrid", "smtp"):
            ways = customs.of(kind)
            assert ways
            named = returning.path(names, D, ways, None)
            assert named is None or isinstance(named, str)
            for returns in (named, f"send.{D}"):
                found += returning.examine(names, D, ways, returns)
    in_spanish(found)


def test_who_cannot_ask_says_so_in_spanish() -> None:
    with asking({}) as (names, nameserver):
        nameserver.silent.add(D)
        nameserver.broken.add(f"_dmarc.{D}")
        found = [
            *spf.examine(names, D, include=None, vendor="Mailgun"),
            *dmarc.examine(names, D),
            *exchange.sender(names, D),
        ]
    with serving({}) as nameserver:
        lost = Resolver(server=nameserver.address, seconds=0.6, rooted=True)
        found += exchange.sender(lost, D)
    told = About(Topic.DNS, says("DMARC of %(domain)s", domain=D))
    found += ask_all([Question(told, list)], seconds=1, offline=True)
    said = in_spanish(found)

    assert f"no se pudo preguntar: el DNS no respondió a tiempo sobre {D}" in said
