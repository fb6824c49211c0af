"""Our own pages tried as mail programs reach them, and the clock by their answers."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from mailer.adapters.dns import Resolver
from mailer.adapters.http import Http
from mailer.adapters.visiting import Visitor
from mailer.core.diagnosis import Finding, Severity
from mailer.core.tokens import Purpose
from mailer.pipeline.examine import clock, links
from tests.fakes.front import TLS, Meddle, Reply, fronting
from tests.fakes.nameserver import serving
from tests.fakes.site import Site, a_site, served

NOBODY = bytes(16)
UNUSED = Resolver(server="127.0.0.1:9")  # addresses need no DNS
OK, NOTE, WARN, FAIL = Severity.OK, Severity.NOTE, Severity.WARN, Severity.FAIL


@pytest.fixture
def site() -> Iterator[Site]:
    with served(a_site()) as running:
        yield running


@pytest.fixture
def web() -> Iterator[Visitor]:
    http = Http(
        connect_timeout=2, read_timeout=2, longest=3, ca_file=str(TLS / "ca.pem")
    )
    yield Visitor(http)
    http.close()


def nobodys(site: Site) -> str:
    return site.keyring.sign(Purpose.LEAVE, NOBODY, 0)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def replies(status: int, body: bytes = b"", **headers: str) -> Meddle:
    """Return what answers every request of /u/ in its own way."""

    def meddle(_method: str, path: str) -> Reply | None:
        return (status, headers, body) if path.startswith("/u/") else None

    return meddle


def test_our_pages_over_https_pass_and_nobody_leaves(site: Site, web: Visitor) -> None:
    with fronting(site.url, tls=True) as url:
        (up,) = links.health(web, UNUSED, url)
        (left,) = links.one_click(web, url, nobodys(site))

    assert (up.severity, left.severity) == (OK, OK)
    assert site.is_on()


def test_a_certificate_that_nobody_trusts_is_told(site: Site) -> None:
    strict = Http(connect_timeout=2, read_timeout=2, longest=3)
    with fronting(site.url, tls=True) as url:
        (up,) = links.health(Visitor(strict), UNUSED, url)
    strict.close()

    assert up.severity is FAIL
    assert "certificate" in up.message
    assert "certificate" in up.remedy


def test_nobody_at_the_address_is_told(web: Visitor) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    (up,) = links.health(web, UNUSED, url)
    (left,) = links.one_click(web, url, "token")

    assert (up.severity, "nobody answers" in up.message) == (FAIL, True)
    assert not left.asked


def test_whoever_cannot_look_up_the_host_says_nothing_about_it(web: Visitor) -> None:
    with serving({}) as nameserver:
        cut_off = Resolver(server=nameserver.address, seconds=0.6, rooted=True)
        (up,) = links.health(web, cut_off, "https://mail.coalition.invalid")

    assert (up.severity, up.asked) == (NOTE, False)


def test_leave_links_alone_that_are_not_answered_fail(site: Site, web: Visitor) -> None:
    def meddle(_method: str, path: str) -> Reply | None:
        if path.startswith("/u/"):
            time.sleep(3)  # as a firewall does that drops what it does not like
        return None

    with fronting(site.url, meddle=meddle) as url:
        (found,) = links.one_click(web, url, nobodys(site))

    assert found.severity is FAIL
    assert "not to leave links" in found.message


def test_another_program_at_the_address_is_told(web: Visitor) -> None:
    with fronting(meddle=lambda _method, _path: (200, {}, b"<h1>Hello</h1>")) as url:
        (up,) = links.health(web, UNUSED, url)

    assert up.severity is FAIL
    assert "something else" in up.message


@pytest.mark.parametrize(
    ("meddle", "hint"),
    [
        (replies(301, Location="https://www.example.org/"), "follow no redirect"),
        (replies(403), "a firewall"),
        (replies(503), "a bot check"),
        (replies(404), "should be mailer web"),
    ],
)
def test_what_stands_in_the_way_of_one_click_is_named(
    site: Site, web: Visitor, meddle: Meddle, hint: str
) -> None:
    with fronting(site.url, meddle=meddle) as url:
        findings = links.one_click(web, url, nobodys(site))

    assert {finding.severity for finding in findings} == {FAIL}
    assert all(hint in finding.remedy for finding in findings)
    assert len(findings) == 3  # opened once, pressed in both forms of RFC 8058


def test_a_post_that_is_turned_into_a_page_does_not_pass(
    site: Site, web: Visitor
) -> None:
    def meddle(method: str, _path: str) -> Reply | None:
        return (200, {"Content-Type": "text/html"}, b"") if method == "POST" else None

    with fronting(site.url, meddle=meddle) as url:
        findings = links.one_click(web, url, nobodys(site))

    assert [finding.severity for finding in findings] == [FAIL, FAIL]


def test_a_cache_that_may_keep_leave_pages_is_told(site: Site, web: Visitor) -> None:
    with fronting(site.url, strip="cache-control") as url:
        (found,) = links.one_click(web, url, nobodys(site))

    assert found.severity is WARN
    assert "Cache-Control" in found.message


# --- the clock


def told(web: Visitor, url: str, off: timedelta) -> Finding:
    (found,) = clock.examine(web, [url], lambda: datetime.now(UTC) + off)
    return found


def test_a_clock_that_is_right_within_a_minute_is_right(
    site: Site, web: Visitor
) -> None:
    with fronting(site.url) as url:
        assert told(web, url, timedelta(0)).severity is OK
        assert told(web, url, timedelta(seconds=50)).severity is OK


@pytest.mark.parametrize(("minutes", "word"), [(5, "ahead of"), (-5, "behind")])
def test_a_clock_that_is_off_says_which_way(
    site: Site, web: Visitor, minutes: int, word: str
) -> None:
    with fronting(site.url) as url:
        found = told(web, url, timedelta(minutes=minutes))

    assert found.severity is WARN
    assert word in found.message


def test_the_next_one_is_asked_when_the_first_is_away(site: Site, web: Visitor) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    with fronting(site.url) as url:
        (found,) = clock.examine(web, [away, url], lambda: datetime.now(UTC))

    assert found.severity is OK


def test_no_answer_is_no_verdict_about_the_clock(web: Visitor) -> None:
    began = time.monotonic()
    away = f"http://127.0.0.1:{free_port()}"

    (found,) = clock.examine(web, [away], lambda: datetime.now(UTC))

    assert not found.asked
    assert time.monotonic() - began < 5
