"""`mailer preview`: what the gates find, and the page beside which templates are edited."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.e2e import plain
from tests.e2e.conftest import MONDAY, Shell
from tests.e2e.forked import Running

BODY = "templates/email/digest/body.html"
START = "{% block content %}"
TRAP = '<tr><td><p><a href="https://example.org/">click here</a></p></td></tr>'


def test_a_preview_says_what_the_gates_found(filled: Shell) -> None:
    filled.edit(BODY, START, START + TRAP)
    out = str(filled.folder / "preview")

    told = filled("preview", "weekly", "--as-of", MONDAY, "--out", out)
    listed = filled("preview", "weekly", "--as-of", MONDAY, "--out", out, "--json").json

    assert "The link says only “click here”" in told.out
    assert "Nothing was sent." in told.out
    for variant in listed["variants"]:
        assert {one["gate"] for one in variant["findings"]} == {"links", "text"}
        assert {one["severity"] for one in variant["findings"]} == {"error"}
        assert 60 <= len(variant["preheader"]) <= 110


def test_a_strict_preview_fails_when_a_gate_finds_an_error(filled: Shell) -> None:
    out = str(filled.folder / "preview")
    strict = ("preview", "weekly", "--as-of", MONDAY, "--out", out, "--strict")

    assert "Nothing was sent." in filled(*strict).out
    filled.edit(BODY, START, START + TRAP)
    ran = filled(*strict, "--json", check=False)

    assert ran.code == 1
    assert "--strict allows none" in ran.err
    assert ran.json["variants"]


def test_a_preview_of_nothing_in_particular_is_wrong_usage(shell: Shell) -> None:
    ran = shell("preview", check=False)
    assert ran.code == 2
    assert "--serve" in ran.err


def test_what_organizers_wrote_is_not_held_against_the_template(shell: Shell) -> None:
    actions = shell.folder / "actions.csv"
    people = shell.folder / "people.csv"
    actions.write_text(
        "external_id,start_date,city,state,title,sponsors\n"
        '1,2019-10-12,San Diego,CA,"{{ 7*7 }} <b>March</b> &nbsp;","A {{ b }}"\n',
        "utf-8",
    )
    people.write_text(
        "organization,email,language,city,state,consent_basis,consent_at\n"
        '"{{ us }}",ben@aft.example,en,San Diego,CA,form,2019-09-04\n',
        "utf-8",
    )
    shell("import", "actions", str(actions))
    shell("import", "subscribers", str(people), "--list", "weekly")

    out = str(shell.folder / "preview")
    shell("preview", "weekly", "--as-of", MONDAY, "--out", out, "--strict")

    [page] = (shell.folder / "preview").glob("*.html")
    assert "{{ 7*7 }}" in page.read_text("utf-8")


@dataclass
class Serving:
    """A preview at work."""

    process: Running
    client: httpx.Client
    shell: Shell

    def page(self, **query: str) -> httpx.Response:
        """Return the page."""
        return self.client.get("/", params=query)

    def stamp(self) -> str:
        """Return what the page has of the files."""
        return self.page().text.partition('data-stamp="')[2].partition('"')[0]


@contextmanager
def serving(shell: Shell) -> Iterator[Serving]:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    words = ("preview", "--serve", "--port", str(port), "--as-of", "2019-10-07")
    with shell.start(*words) as process:
        assert "until you press Ctrl-C" in process.line()
        with plain.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield Serving(process=process, client=client, shell=shell)


@pytest.fixture
def preview(filled: Shell) -> Iterator[Serving]:
    with serving(filled) as running:
        yield running


def test_every_template_and_every_place_of_a_list_can_be_looked_at(
    preview: Serving,
) -> None:
    page = preview.page()

    assert page.status_code == 200
    assert "24 actions, two in San Diego" in page.text
    assert "All 24 gates are passed." in page.text
    assert "sample%2Fdigest" in page.text
    assert "San Diego, CA" in page.text
    spanish = preview.page(of="sample/digest", language="es")
    assert "24 acciones, dos en San Diego" in spanish.text
    place = page.text.partition("list%2Fweekly%2F")[2].partition("&")[0]
    real = preview.page(of=f"list/weekly/{place}", language="es")
    assert re.search(r"<h1>[^<]* semana del [^<]*</h1>", real.text), real.text


def test_an_edit_is_told_to_whoever_waits_and_shows_at_once(preview: Serving) -> None:
    stamp = preview.stamp()
    preview.shell.edit(BODY, START, START + TRAP)

    answer = preview.client.get("/changed", params={"since": stamp})

    assert answer.text == "changed"
    assert preview.stamp() != stamp
    assert "The link says only “click here”" in preview.page().text


def test_a_mistake_in_a_template_is_a_page_with_file_and_line(preview: Serving) -> None:
    preview.shell.edit(BODY, START, f"{START}\n{{{{ view.nothing }}}}")
    page = preview.page()
    assert page.status_code == 200
    assert "digest/body.html, line 6" in page.text
    assert '<li value="6" class=here><code>{{ view.nothing }}</code></li>' in page.text

    preview.shell.edit("templates/email/digest/sample.json", '"reader"', '"raeder"')
    assert "sample.json: the key &#x27;reader&#x27; is missing" in preview.page().text


def test_samples_are_shown_where_the_settings_are_broken(preview: Serving) -> None:
    preview.shell.edit("mailer.toml", "[coalition]", "[coalition")
    page = preview.page()
    assert "Lists are left out." in page.text
    assert "mailer.toml: not valid TOML" in page.text
    assert "24 actions, two in San Diego" in page.text


def test_a_frame_runs_nothing_fetches_nothing_and_is_nobody_else_s(
    preview: Serving,
) -> None:
    page = preview.page()
    frame = preview.client.get("/message", params={"of": "sample/digest"})

    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self'" in policy
    inner = frame.headers["content-security-policy"]
    assert inner.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert inner.endswith("sandbox allow-same-origin")
    assert "script" not in inner
    assert page.text.count("<iframe") == page.text.count("sandbox=") == 4
    assert "http" not in page.text.partition("<body")[0]


def test_a_name_that_somebody_made_lead_here_is_refused(preview: Serving) -> None:
    host = {"Host": "rebound.example"}
    for path in ("/", "/message?of=sample/digest", "/source", "/changed"):
        assert preview.client.get(path, headers=host).status_code == 400


def test_what_is_not_there_is_said_and_never_a_way_out_of_the_folder(
    preview: Serving,
) -> None:
    for key in (
        "sample/nowhere",
        "sample/../../x",
        "list/none/0",
        "list/weekly/99",
        "x",
    ):
        page = preview.page(of=key, language="xx")
        assert page.status_code == 200
        assert 'role="alert"' in page.text
        assert preview.client.get("/message", params={"of": key}).status_code == 404


def test_ctrl_c_ends_it_at_once_and_quietly_even_while_a_page_waits(
    preview: Serving,
) -> None:
    waiting = (
        f"GET /changed?since={preview.stamp()} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    url = preview.client.base_url
    with socket.create_connection((url.host, url.port or 0)) as page:
        page.sendall(waiting.encode())
        time.sleep(0.5)
        start = time.monotonic()
        preview.process.send_signal(signal.SIGINT)
        said = preview.process.ended(20)

    assert preview.process.returncode == 0
    assert time.monotonic() - start < 5
    assert said == "The preview has ended.\n"


def test_a_port_that_is_taken_is_named_with_the_way_out(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = shell("preview", "--serve", "--port", str(port), check=False)

    assert ran.code == 1
    assert f"--port {port}: Address already in use" in ran.err
    assert f"--port {port + 1}" in ran.err
