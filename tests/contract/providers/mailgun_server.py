"""A Mailgun on loopback: reads the form, replaces variables, and keeps events."""

import base64
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from python_multipart import MultipartParser
from python_multipart.multipart import parse_options_header

from tests.contract.providers import api_server, contracts
from tests.contract.providers.api_server import ApiServer, Request, Say

TOKEN = "key-a-key"
DOMAIN = "mg.example.org"
UNWANTED = "@unwanted.example"
FORM = "POST-v3-domain_name-messages-multipart-form-data-RequestBody"
SENT = "github.com-mailgun-influx-httpapi-SendMessageResponse"
_OPTIONS = 16 * 1024  # octets of all fields that start with o:, h:, v: or t:
_VARIABLE = re.compile(r"%([\w.:-]+)%", re.ASCII)
# Mailgun's own, some of them; each would lead readers away from us
_ITS_OWN = {
    "recipient": "another@mailgun.example",
    "recipient_email": "another@mailgun.example",
    "unsubscribe_url": "https://mailgun.example/u/unsubscribe",
    "tag_unsubscribe_url": "https://mailgun.example/u/tag",
    "mailing_list_unsubscribe_url": "https://mailgun.example/u/list",
}


@dataclass
class Sent:
    """One message as Mailgun makes it of a call, for one recipient."""

    to: str
    fields: Mapping[str, str]
    tags: list[str]


class Mailgun:
    def __init__(self) -> None:
        self.forms: list[dict[str, list[str]]] = []
        self.taken: list[Sent] = []
        self.events: list[dict[str, Any]] = []
        self.page = 300  # events at most, whatever is asked for

    def turn_away(self, request: Request) -> Say | None:
        login = base64.b64encode(f"api:{TOKEN}".encode()).decode()
        if request.headers["Authorization"] != f"Basic {login}":
            return Say(401, b"Forbidden")
        if not request.path.startswith(f"/v3/{DOMAIN}/"):
            return Say(404, b'{"message":"Domain not found"}')
        return None

    def answer(self, request: Request, *, take: bool) -> Say:
        if request.method == "GET":
            return self.search(request)
        contracts.asked("mailgun", request)
        assert request.path == f"/v3/{DOMAIN}/messages"
        form = read(request)
        check(form)
        self.forms.append(form)
        if any(address.endswith(UNWANTED) for address in form["to"]):
            text = "to parameter is not a valid address. please check documentation"
            return Say(400, json.dumps({"message": text}).encode())
        identifier = f"20191007150001.{len(self.forms)}@{DOMAIN}"
        if take:
            self.deliver(form, identifier)
        answer = {"id": f"<{identifier}>", "message": "Queued. Thank you."}
        contracts.check("mailgun", SENT, answer)
        return Say(200, json.dumps(answer).encode())

    def deliver(self, form: dict[str, list[str]], identifier: str) -> None:
        variables = json.loads(form["recipient-variables"][0])
        for address in dict.fromkeys(form["to"]):
            fields = {
                name: _replaced(values[0], variables[address])
                for name, values in form.items()
                if name in {"from", "subject", "html", "text"}
                or name[:2] in {"h:", "v:"}
            }
            self.taken.append(Sent(address, fields, form["o:tag"]))
            self.events.append(
                {
                    "event": "accepted",
                    "recipient": address,
                    "tags": form["o:tag"],
                    "message": {"headers": {"message-id": identifier}},
                }
            )

    def search(self, request: Request) -> Say:
        """Answer as the Events API: always with a next page, the last one empty."""
        place = request.path.removeprefix(f"/v3/{DOMAIN}/events").strip("/")
        if place:
            question, first = json.loads(base64.urlsafe_b64decode(place))
        else:
            question = {name: value for name, [value] in request.query.items()}
            first = 0
        assert set(question) == {"begin", "ascending", "limit", "tags"}
        assert int(question["limit"]) <= 300
        hits = [event for event in self.events if question["tags"] in event["tags"]]
        page = hits[first : first + min(self.page, int(question["limit"]))]
        after = json.dumps([question, first + len(page)]).encode()
        token = base64.urlsafe_b64encode(after).decode()
        # on a host that nobody must send a key to
        following = f"https://api.elsewhere.example/v3/{DOMAIN}/events/{token}"
        answer = {"items": page, "paging": {"next": following, "previous": following}}
        return Say(200, json.dumps(answer).encode())


def read(request: Request) -> dict[str, list[str]]:
    """Read a form by a parser that is not ours."""
    kind, options = parse_options_header(request.headers["Content-Type"])
    assert kind == b"multipart/form-data"
    form: dict[str, list[str]] = defaultdict(list)
    header, value = bytearray(), bytearray()

    def field_ends() -> None:
        disposition, named = parse_options_header(bytes(header))
        assert disposition == b"form-data"
        form[named[b"name"].decode()].append(value.decode())
        header.clear()
        value.clear()

    parser = MultipartParser(
        options[b"boundary"],
        {
            "on_header_value": lambda data, start, end: header.extend(data[start:end]),
            "on_part_data": lambda data, start, end: value.extend(data[start:end]),
            "on_part_end": field_ends,
        },
    )
    parser.write(request.body)
    parser.finalize()
    return dict(form)


def check(form: dict[str, list[str]]) -> None:
    """Raise unless the form is what Mailgun's file and manual describe."""
    several = {"to", "o:tag"}
    document: dict[str, object] = {
        name: values if name in several else values[0] for name, values in form.items()
    }
    assert all(len(values) == 1 or name in several for name, values in form.items())
    contracts.check("mailgun", FORM, document)
    known = contracts.keys("mailgun", FORM)
    assert {name for name in form if name[:2] not in {"h:", "v:"}} <= known
    assert 1 <= len(form["to"]) <= 1000
    assert set(json.loads(form["recipient-variables"][0])) == set(form["to"])
    options = {n: v for n, v in form.items() if n[:2] in {"o:", "h:", "v:", "t:"}}
    assert sum(len(n) + sum(map(len, v)) for n, v in options.items()) <= _OPTIONS


def _replaced(text: str, variables: Mapping[str, str]) -> str:
    """Replace variables, again and again: nothing that comes out may be one."""
    known = {f"recipient.{key}": value for key, value in variables.items()} | _ITS_OWN
    before = None
    while before != text:
        before = text
        text = _VARIABLE.sub(lambda found: known.get(found[1], found[0]), text)
    return text


@contextmanager
def running() -> Iterator[tuple[Mailgun, ApiServer]]:
    vendor = Mailgun()
    with api_server.running(vendor) as server:
        yield vendor, server
