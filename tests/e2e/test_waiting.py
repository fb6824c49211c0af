"""One visitor waits for the gazetteer; the others do not wait with them."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from mailer.adapters.cities import cities, read
from mailer.core.model import Place
from tests.e2e import plain
from tests.e2e.test_web_asking import ENDORSE, JOIN
from tests.fakes.site import a_site, served, somewhere
from tests.unit.test_sharing import VIGIL

PLAN = {**VIGIL, "address": "ana@host.example"}
PATIENCE = 10.0  # seconds


@pytest.mark.parametrize(
    ("path", "form"),
    [("/share", PLAN), ("/subscribe", JOIN), ("/endorse", ENDORSE)],
)
def test_a_slow_look_up_of_a_place_holds_up_nobody_else(
    path: str, form: dict[str, str]
) -> None:
    asked, found = threading.Event(), threading.Event()

    def slowly(*words: str | None) -> Place:
        asked.set()
        assert found.wait(PATIENCE)
        return somewhere(str(words[0]), words[1], "US")

    with served(a_site(place_of=slowly)) as site, ThreadPoolExecutor(1) as visitor:
        waiting = visitor.submit(httpx.post, site.url + path, data=form, timeout=60)
        assert asked.wait(PATIENCE)

        assert plain.get(f"{site.url}/healthz", timeout=PATIENCE).text == "ok"
        assert plain.get(f"{site.url}/share", timeout=PATIENCE).status_code == 200
        assert not waiting.done()

        found.set()
        assert waiting.result(60).status_code == 200


def test_two_who_ask_at_once_have_the_cities_read_once() -> None:
    before = read.cache_info().misses
    countries = frozenset({"CA"})
    both: Callable[[frozenset[str]], object] = cities

    with ThreadPoolExecutor(2) as asking:
        one, other = asking.map(both, (countries, countries))

    assert one is other
    assert read.cache_info().misses == before + 1
