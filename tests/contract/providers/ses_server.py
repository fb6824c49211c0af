"""An Amazon SES on loopback: checks signatures, and calls by botocore's own model."""

import base64
import email.policy
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_string
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from tests.contract.providers import api_server
from tests.contract.providers.api_server import ApiServer, Request, Say
from tests.contract.providers.made import Made

REGION = "eu-west-1"
ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
UNWANTED = "@unwanted.example"
OPERATIONS = {
    "/v2/email/outbound-emails": "SendEmail",
    "/v2/email/outbound-bulk-emails": "SendBulkEmail",
}
_VARIABLE = re.compile(r"(\\?)\{\{\{?\s*(.*?)\s*\}?\}\}", re.DOTALL)
_PRINTABLE = re.compile(r"[ -~]{1,995}")


class Ses:
    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.rendered: list[Made] = []
        self.lost: list[str] = []  # taken, and then not to be rendered
        self.statuses: dict[str, str] = {}  # by address; SUCCESS where none is given

    def turn_away(self, request: Request) -> Say | None:
        if request.path not in OPERATIONS:
            return failed(404, "UnknownOperationException", "Unknown operation")
        if signature(request) not in request.headers["Authorization"]:
            text = "The request signature we calculated does not match"
            return failed(403, "SignatureDoesNotMatch", text)
        return None

    def answer(self, request: Request, *, take: bool) -> Say:
        operation = model().operation_model(OPERATIONS[request.path])
        call = json.loads(request.body)
        self.calls.append(call)
        parsed = dict(call)
        if "Raw" in call.get("Content", {}):  # a blob: base64 on the wire
            raw = base64.b64decode(call["Content"]["Raw"]["Data"], validate=True)
            parsed["Content"] = {"Raw": {"Data": raw}}
        report = ParamValidator().validate(parsed, operation.input_shape)
        assert not report.has_errors(), report.generate_report()
        if operation.name == "SendEmail":
            return self.single(parsed, take=take)
        return self.bulk(call, take=take)

    def single(self, call: dict[str, Any], *, take: bool) -> Say:
        [address] = call["Destination"]["ToAddresses"]
        if address.endswith(UNWANTED):
            return failed(400, "MessageRejected", "Invalid domain name")
        raw: bytes = call["Content"]["Raw"]["Data"]
        assert raw.isascii()
        if take:
            self.raw.append(raw)
        return Say(200, json.dumps({"MessageId": identifier(address)}).encode())

    def bulk(self, call: dict[str, Any], *, take: bool) -> Say:
        entries = call["BulkEmailEntries"]
        assert 1 <= len(entries) <= 50
        results = []
        for entry in entries:
            [address] = entry["Destination"]["ToAddresses"]
            unwanted = address.endswith(UNWANTED)
            usual = "MESSAGE_REJECTED" if unwanted else "SUCCESS"
            status = self.statuses.get(address, usual)
            if status == "SUCCESS":
                if take:
                    self.render(call, entry, address)
                results.append({"Status": status, "MessageId": identifier(address)})
            else:
                results.append({"Status": status, "Error": f"No mail to {address}"})
        return Say(200, json.dumps({"BulkEmailEntryResults": results}).encode())

    def render(self, call: dict[str, Any], entry: dict[str, Any], address: str) -> None:
        template = call["DefaultContent"]["Template"]
        replaced = entry["ReplacementEmailContent"]["ReplacementTemplate"]
        data = json.loads(template["TemplateData"])
        data |= json.loads(replaced["ReplacementTemplateData"])
        headers = {item["Name"]: item["Value"] for item in template["Headers"]}
        headers |= {
            item["Name"]: item["Value"] for item in entry.get("ReplacementHeaders", ())
        }
        assert len(headers) <= 15
        assert all(_PRINTABLE.fullmatch(value) for value in headers.values())
        content = template["TemplateContent"]
        try:
            self.rendered.append(
                Made(
                    to=address,
                    sender=_unfolded(call["FromEmailAddress"]),
                    reply_to=", ".join(call.get("ReplyToAddresses", [])),
                    subject=_rendered(content["Subject"], data),
                    headers=headers,
                    html=_rendered(content["Html"], data),
                    text=_rendered(content["Text"], data),
                )
            )
        except KeyError:
            self.lost.append(address)


def _unfolded(sender: str) -> str:
    parsed = message_from_string(f"From: {sender}\n\n", policy=email.policy.default)
    return str(parsed["From"])


def _rendered(text: str, data: Mapping[str, str]) -> str:
    """Put in what is known; raises KeyError for what is not, as SES fails to render."""

    def value(found: re.Match[str]) -> str:
        return found[0][1:] if found[1] else data[found[2]]

    return _VARIABLE.sub(value, text)


@cache
def model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("sesv2", "service-2"))


def signature(request: Request) -> str:
    """Return what a call must be signed with, by botocore."""
    names = re.search(r"SignedHeaders=([\w;-]+)", request.headers["Authorization"])
    assert names
    given = {name.lower(): value for name, value in request.headers.items()}
    headers = {name: given[name] for name in names[1].split(";")}
    assert {"host", "x-amz-date", "content-type"} <= headers.keys()
    signed = AWSRequest(
        "POST", f"http://{given['host']}{request.path}", headers, data=request.body
    )
    signed.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "ses", REGION)
    canonical = auth.canonical_request(signed)
    return f"Signature={auth.signature(auth.string_to_sign(signed, canonical), signed)}"


def identifier(address: str) -> str:
    return str(uuid5(NAMESPACE_URL, address))


def failed(
    status: int, name: str, message: str = "No.", headers: dict[str, str] | None = None
) -> Say:
    body = json.dumps({"message": message}).encode()
    return Say(status, body, {"x-amzn-ErrorType": f"{name}:", **(headers or {})})


@contextmanager
def running() -> Iterator[tuple[Ses, ApiServer]]:
    vendor = Ses()
    with api_server.running(vendor) as server:
        yield vendor, server
