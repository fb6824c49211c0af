"""The forms and the link that confirms, over real HTTP, as people and programs use them."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from limits import parse

from mailer.core.requests import Ask, Kind, Request, State
from mailer.core.tokens import Purpose
from mailer.ports import Endorser
from mailer.web.guard import TRAP, Guard
from tests.e2e import plain
from tests.fakes.requests import CALL
from tests.fakes.site import (
    LISTS,
    NOW,
    UID,
    URGENT,
    WEEKLY,
    Site,
    a_reader,
    a_site,
    served,
)

JOIN = {
    "email": "ana@union.example",
    "city": "San Diego",
    "state": "CA",
    "list": str(WEEKLY),
    "language": "es",
}
ENDORSE = {
    "call": CALL.slug,
    "organization": "Border Angels",
    "city": "San Diego",
    "state": "CA",
    "website": "borderangels.example",
    "public": "yes",
    "pledge": ["plan", "calls"],
    "contact": "Ana Ruiz",
    "email": "ana@union.example",
    "language": "en",
}
PLENTY = parse("10000/hour")


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with served(a_site(guard=Guard(network=PLENTY, every=PLENTY))) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.forget()
    running.endorsements.listed.clear()
    return running


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with plain.Client(base_url=site.url) as client:
        yield client


def a_request(number: int = 7, **changes: object) -> Request:
    request = Request(
        number=number,
        public_id="abc",
        kind=Kind.SUBSCRIBE,
        state=State.WRITTEN,
        language="en",
        list_number=WEEKLY,
        joins=(WEEKLY,),
        about="",
        facts={},
        masked_address="a…@union.example",
        subscriber=UID,
        asked_at=NOW,
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def confirming(site: Site, number: int = 7) -> str:
    return f"/c/{site.keyring.sign(Purpose.CONFIRM, UID, number)}"


def one(site: Site) -> Ask:
    [ask] = site.requests.asked
    return ask


# --- asking for mail


def test_half_a_character_is_a_mistake_in_a_form_like_any_other(
    client: httpx.Client,
) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="city"\r\n\r\n'
        b"\\ud800\r\n--x--\r\n"
    )
    kind = "multipart/form-data; boundary=x; charset=unicode_escape"

    for path in ("/subscribe", "/endorse", "/share"):
        answer = client.post(path, content=body, headers={"Content-Type": kind})
        assert answer.status_code == 422


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://evil.example", 403), ("null", 200), ("https://{host}", 200)],
)
def test_a_form_on_another_site_is_refused_by_browsers_that_name_only_the_origin(
    site: Site, client: httpx.Client, origin: str, status: int
) -> None:
    host = client.base_url.netloc.decode()
    headers = {"Origin": origin.format(host=host)}

    answer = client.post("/subscribe", data=JOIN, headers=headers)

    assert answer.status_code == status
    assert len(site.requests.asked) == (status == 200)


def test_what_was_asked_for_is_kept_as_it_was_typed(
    site: Site, client: httpx.Client
) -> None:
    answer = client.post("/subscribe?lang=es", data=JOIN)

    assert answer.status_code == 200
    assert "ana@union.example" in answer.text
    ask = one(site)
    assert (ask.kind, ask.address) == (Kind.SUBSCRIBE, "ana@union.example")
    assert (ask.language, ask.joins) == ("es", (WEEKLY,))
    assert ask.facts["place"]["label"] == "San Diego, CA"
    assert ask.facts["wording"].startswith("Quiero recibir correos")
    assert site.notes.posted == {}  # letters are written later, and not here


def test_known_and_unknown_addresses_get_the_same_answer(
    site: Site, client: httpx.Client
) -> None:
    site.readers.add(a_reader())
    answers = {
        client.post("/subscribe", data={**JOIN, "email": address}).text.replace(
            address, ""
        )
        for address in ("o.known@aftguild.example", "stranger@nowhere.example")
    }

    assert len(answers) == 1


def test_a_form_that_cannot_be_read_says_where_and_keeps_what_was_typed(
    site: Site, client: httpx.Client
) -> None:
    answer = client.post("/subscribe", data={**JOIN, "email": "ana@", "list": "99"})

    assert answer.status_code == 422
    assert 'value="ana@"' in answer.text
    assert 'value="San Diego"' in answer.text
    assert answer.text.count("autofocus") == 1
    assert 'aria-describedby="email-wrong" aria-invalid="true" autofocus' in answer.text
    assert "Choose at least one." in answer.text
    assert site.requests.asked == []


@pytest.mark.parametrize(
    "nasty",
    [
        {"email": "ana@union.example\r\nBcc: all@x.example"},
        {"email": "a" * 300 + "@x.example"},
        {"city": "x" * 5000},
        {"city": "San\u202eDiego"},
        {"city": "", "state": "CA"},
        {"language": "fr"},
        {"list": ""},
    ],
)
def test_what_nobody_types_by_hand_is_not_kept(
    site: Site, client: httpx.Client, nasty: dict[str, str]
) -> None:
    assert client.post("/subscribe", data={**JOIN, **nasty}).status_code == 422
    assert site.requests.asked == []


def test_a_program_that_fills_every_field_is_thanked_and_forgotten(
    site: Site, client: httpx.Client
) -> None:
    honest = client.post("/subscribe", data=JOIN).text
    site.requests.asked.clear()

    answer = client.post("/subscribe", data={**JOIN, TRAP: "http://pills.example"})

    assert answer.text == honest
    assert site.requests.asked == []


def test_another_site_cannot_send_the_form_from_its_visitors_browsers(
    site: Site, client: httpx.Client
) -> None:
    answer = client.post(
        "/subscribe", data=JOIN, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403
    assert site.requests.asked == []


def test_one_network_is_stopped_before_it_fills_the_table() -> None:
    with (
        served(a_site(guard=Guard(network=parse("3/hour"), every=PLENTY))) as site,
        plain.Client(base_url=site.url) as client,
    ):
        codes = [client.post("/subscribe", data=JOIN).status_code for _ in range(5)]
        last = client.post("/endorse", data=ENDORSE)

    assert codes == [200, 200, 200, 429, 429]
    assert last.status_code == 429
    assert last.headers["retry-after"] == "3600"
    assert "Too much at once." in last.text


def test_there_is_no_form_where_no_list_may_be_joined() -> None:
    site = a_site(lists={n: replace(one, sign_up=False) for n, one in LISTS.items()})
    with served(site), plain.Client(base_url=site.url) as client:
        assert client.get("/subscribe").status_code == 404
        assert client.post("/subscribe", data=JOIN).status_code == 404
        assert "/subscribe" not in client.get("/actions").text


def test_a_list_that_may_not_be_joined_is_not_joined_by_its_number() -> None:
    site = a_site(lists={**LISTS, URGENT: replace(LISTS[URGENT], sign_up=False)})
    with served(site), plain.Client(base_url=site.url) as client:
        client.post("/subscribe", data={**JOIN, "list": [str(WEEKLY), str(URGENT)]})

    assert one(site).joins == (WEEKLY,)


# --- endorsing


def test_an_organization_asks_to_be_listed(site: Site, client: httpx.Client) -> None:
    answer = client.post("/endorse", data=ENDORSE)

    assert answer.status_code == 200
    ask = one(site)
    assert ask.kind is Kind.ENDORSE
    assert ask.joins == ()
    assert ask.facts["organization"] == "Border Angels"
    assert ask.facts["website"] == "https://borderangels.example"
    assert ask.facts["public"] is True
    assert ask.facts["pledges"] == ["plan", "calls"]


@pytest.mark.usefixtures("site")
def test_nobody_is_listed_publicly_who_did_not_say_so(client: httpx.Client) -> None:
    silent = {name: value for name, value in ENDORSE.items() if name != "public"}

    answer = client.post("/endorse", data=silent)

    assert answer.status_code == 422
    assert "Choose whether others may know." in answer.text


@pytest.mark.parametrize(
    "website", ["javascript:alert(1)", "http://", "ftp://x.example", "a b.example"]
)
def test_a_website_is_an_address_on_the_web(
    site: Site, client: httpx.Client, website: str
) -> None:
    answer = client.post("/endorse", data={**ENDORSE, "website": website})

    assert answer.status_code == 422
    assert site.requests.asked == []


def test_the_same_organization_asked_for_again_is_the_same_request(
    site: Site, client: httpx.Client
) -> None:
    client.post("/endorse", data=ENDORSE)
    client.post("/endorse", data={**ENDORSE, "organization": "border  angels"})

    first, second = site.requests.asked
    assert first.about == second.about


def test_who_endorses_publicly_is_listed(site: Site, client: httpx.Client) -> None:
    site.endorsements.listed.append(
        Endorser(name="<b>Unión</b> del Barrio", place="San Diego, CA")
    )

    page = client.get("/endorsers")

    assert "&lt;b&gt;Unión&lt;/b&gt; del Barrio" in page.text
    assert "San Diego, CA" in page.text
    assert page.headers["cache-control"] == "public, max-age=300"


# --- the link that confirms


def test_opening_the_link_changes_nothing_and_pressing_grants(
    site: Site, client: httpx.Client
) -> None:
    site.requests.add(UID, a_request())
    path = confirming(site)

    client.head(path)
    client.get(path)
    shown = client.get(path)
    assert "to get “Weekly actions”" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["x-robots-tag"] == "noindex, nofollow"

    other = client.post(path, data={"action": "confirm", "shown": "0" * 32})
    assert "What was asked has changed since this page was opened." in other.text
    (fingerprint,) = re.findall(r'name="shown" value="(\w+)"', shown.text)
    done = client.post(path, data={"action": "confirm", "shown": fingerprint})

    assert "From now on you get “Weekly actions”." in done.text
    assert site.preferences in done.text
    assert "You have said yes already" in client.get(path).text
    assert (
        "You have said yes already"
        in client.post(path, data={"action": "confirm"}).text
    )


def test_a_post_that_says_nothing_grants_nothing(
    site: Site, client: httpx.Client
) -> None:
    site.requests.add(UID, a_request())

    for data in ({}, {"action": "yes"}, {"List-Unsubscribe": "One-Click"}):
        assert "Was that you?" in client.post(confirming(site), data=data).text


def test_whoever_did_not_ask_forbids_us_to_write(
    site: Site, client: httpx.Client
) -> None:
    site.requests.add(UID, a_request())

    answer = client.post(confirming(site), data={"action": "refuse"})

    assert "We will not write again" in answer.text
    assert site.requests.refused == [UID]


def test_whoever_has_confirmed_is_not_told_that_nothing_will_come(
    site: Site, client: httpx.Client
) -> None:
    site.requests.add(UID, a_request(state=State.DONE))

    answer = client.post(confirming(site), data={"action": "refuse"})

    assert "We will not write again" not in answer.text
    assert site.requests.refused == []


def test_a_link_that_is_too_old_says_so(site: Site, client: httpx.Client) -> None:
    site.requests.add(UID, a_request(asked_at=NOW - timedelta(days=8)))

    assert "This link is too old" in client.get(confirming(site)).text
    answer = client.post(confirming(site), data={"action": "confirm"})
    assert "This link is too old" in answer.text


def test_every_link_that_is_not_ours_gets_the_same_page(
    site: Site, client: httpx.Client
) -> None:
    site.requests.add(UID, a_request())
    paths = [
        confirming(site, number=8),
        confirming(site)[:-1],
        f"/c/{site.token(Purpose.PREFERENCES)}",
        f"/c/{site.keyring.sign(Purpose.CONFIRM, b'x' * 16, 7)}",
    ]

    shown = {client.get(path).content for path in paths}
    pressed = {client.post(path, data={"action": "confirm"}).content for path in paths}

    assert len(shown) == len(pressed) == 1
    assert b"Was that you?" in client.get(confirming(site)).content


def test_what_a_visitor_typed_runs_nowhere(site: Site, client: httpx.Client) -> None:
    nasty = "<script>alert(1)</script>{{ 7*7 }}"
    request = a_request(
        kind=Kind.ENDORSE, joins=(), facts={"organization": nasty, "public": True}
    )
    site.requests.add(UID, request)

    page = client.get(confirming(site)).text
    form = client.post("/endorse", data={**ENDORSE, "organization": nasty, "email": ""})

    for text in (page, form.text):
        assert "<script>" not in text
        assert "49" not in text.replace("1949", "")
        assert "&lt;script&gt;" in text
