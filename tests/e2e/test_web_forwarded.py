"""Whose request it is, behind a proxy and without one: what anybody may write is not believed."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mailer.web.guard import network
from tests.fakes.site import served_app

STRANGER = "127.0.0.2"  # no proxy: uvicorn believes 127.0.0.1 and ::1


async def _tell(request: Request) -> Response:
    return PlainTextResponse(network(request))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served_app(Starlette(routes=[Route("/", _tell)])) as url:
        yield url


def told(url: str, *headers: tuple[str, str], of: str = "127.0.0.1") -> str:
    with httpx.Client(transport=httpx.HTTPTransport(local_address=of)) as client:
        return client.get(url, headers=[*headers]).text


@pytest.mark.parametrize(
    "header",
    [
        ("X-Forwarded-For", "9.9.9.9"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("Forwarded", "for=9.9.9.9"),
        ("X-Real-IP", "9.9.9.9"),
        ("CF-Connecting-IP", "9.9.9.9"),
    ],
)
def test_whoever_comes_without_a_proxy_does_not_say_themselves_where_from(
    url: str, header: tuple[str, str]
) -> None:
    assert told(url, header, of=STRANGER) == STRANGER


@pytest.mark.parametrize(
    ("headers", "where"),
    [
        ([("X-Forwarded-For", "9.9.9.9")], "9.9.9.9"),
        # What a visitor wrote stands before what the proxy has seen.
        ([("X-Forwarded-For", "1.1.1.1, 9.9.9.9")], "9.9.9.9"),
        ([("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "9.9.9.9")], "9.9.9.9"),
        ([("X-Forwarded-For", "9.9.9.9, 127.0.0.1")], "9.9.9.9"),  # two of ours
        ([("X-Forwarded-For", "9.9.9.9:4711")], "9.9.9.9"),
        ([("X-Forwarded-For", "[2620:fe::9]:4711")], "2620:fe::/64"),
        ([("X-Forwarded-For", "2620:fe::abcd:1")], "2620:fe::/64"),
        ([("X-Forwarded-For", "::ffff:9.9.9.9")], "9.9.9.9"),
        ([("X-Forwarded-For", "fe80::1%eth0")], "fe80::/64"),
        ([("Forwarded", "for=9.9.9.9")], "127.0.0.1"),  # nobody's proxy is asked for it
        ([("X-Forwarded-For", "")], "127.0.0.1"),
    ],
)
def test_a_proxy_of_this_machine_says_where_a_visitor_comes_from(
    url: str, headers: list[tuple[str, str]], where: str
) -> None:
    assert told(url, *headers) == where


@pytest.mark.parametrize(
    "words",
    [
        "unknown",
        "_hidden",
        "9.9.9.9.9",
        "[",
        "[::1",
        "9" * 5000,
        "%00",
        "<b>",
        "9.9.9.9:x",
    ],
)
def test_garbage_of_a_proxy_is_one_network_for_all(url: str, words: str) -> None:
    assert told(url, ("X-Forwarded-For", words)) == "unknown"
