"""Vendors' lists of suppressed addresses on loopback, each in the form it documents.

The trimmed OpenAPI files beside these tests do not have these calls. What is asked is
checked against botocore's model where there is one, and else against what the vendor's
reference names, which is written down here.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import unquote, urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.validate import ParamValidator

from mailer.core.suppressions import Held
from tests.contract.providers import ses_server
from tests.contract.providers.api_server import Request, Say

TOKEN = "sesame-4711"
LOGIN = "YXBpOnNlc2FtZS00NzEx"  # api:TOKEN in base64
DOMAIN = "mg.coalition.org"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One address that a vendor holds."""

    address: str
    held: Held
    at: datetime
    ours: bool = False  # put there by a call of ours


class Keeper(ABC):
    """A vendor that keeps a list."""

    kind: ClassVar[str]
    held: ClassVar[frozenset[Held]]  # what it can tell apart
    dated: ClassVar[bool] = False  # it can be asked for a time
    returns: ClassVar[Mapping[Held, Held]]  # what it takes comes back as …
    options: ClassVar[Mapping[str, str]] = {"token": TOKEN}

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}

    def put(self, *entries: Entry) -> None:
        for entry in entries:
            self.entries[entry.address] = entry

    def turn_away(self, request: Request) -> Say | None:
        credentials = " ".join(request.headers.values())
        if TOKEN in credentials or LOGIN in credentials:
            return None
        return Say(401, b'{"message":"no key for ana@one.example"}')

    def answer(self, request: Request, *, take: bool) -> Say:
        assert take
        asked = {name: value for name, [value] in request.query.items()}
        body = json.loads(request.body) if request.body else None
        return self.told(request.method, request.path, asked, body)

    @abstractmethod
    def told(self, method: str, path: str, asked: dict[str, str], body: Any) -> Say: ...

    def add(self, address: str, held: Held) -> None:
        self.put(Entry(address=address, held=held, at=datetime.now(UTC), ours=True))

    def drop(self, address: str) -> bool:
        return self.entries.pop(address, None) is not None

    @property
    def sorted(self) -> list[Entry]:
        return sorted(self.entries.values(), key=lambda entry: entry.at)


def say(found: object, status: int = 200) -> Say:
    return Say(status, json.dumps(found).encode())


_MANUAL = dict.fromkeys(Held, Held.MANUAL)


class Postmark(Keeper):
    kind = "postmark"
    held = frozenset(Held) - {Held.BLOCKED}
    dated = True
    returns = _MANUAL
    path = "/message-streams/broadcast/suppressions"

    def told(self, method: str, path: str, asked: dict[str, str], body: Any) -> Say:
        match method, path.removeprefix(self.path):
            case "GET", "/dump":
                assert set(asked) <= {"fromdate"}
                since = asked.get("fromdate", "")
                rows = [self._row(each) for each in self.sorted]
                return say(
                    {"Suppressions": [r for r in rows if r["CreatedAt"] >= since]}
                )
            case "POST", ("" | "/delete") as verb:
                return say(
                    {"Suppressions": [self._do(verb, e) for e in self._of(body)]}
                )
        return Say(404)

    def _of(self, body: Any) -> list[str]:
        assert set(body) == {"Suppressions"}
        assert all(set(each) == {"EmailAddress"} for each in body["Suppressions"])
        assert 1 <= len(body["Suppressions"]) <= 50
        return [each["EmailAddress"] for each in body["Suppressions"]]

    def _do(self, verb: str, address: str) -> dict[str, Any]:
        known = self.entries.get(address)
        if verb == "" and known is None:
            self.add(address, Held.MANUAL)
        elif verb and known and known.held is Held.COMPLAINED:
            no = "You do not have the required authority"
            return {"EmailAddress": address, "Status": "Failed", "Message": no}
        elif verb:
            self.drop(address)
        status = "Deleted" if verb else "Suppressed"
        return {"EmailAddress": address, "Status": status, "Message": None}

    def _row(self, entry: Entry) -> dict[str, str]:
        reasons = {Held.BOUNCED: "HardBounce", Held.COMPLAINED: "SpamComplaint"}
        reader = entry.held is not Held.MANUAL
        return {
            "EmailAddress": entry.address,
            "SuppressionReason": reasons.get(entry.held, "ManualSuppression"),
            "Origin": "Recipient" if reader else "Customer",
            "CreatedAt": entry.at.isoformat(),
        }


class Mailgun(Keeper):
    kind = "mailgun"
    held = frozenset(Held)
    returns: ClassVar[Mapping[Held, Held]] = {
        **_MANUAL,
        Held.COMPLAINED: Held.COMPLAINED,
    }
    options: ClassVar[Mapping[str, str]] = {"token": TOKEN, "domain": DOMAIN}

    def told(self, method: str, path: str, asked: dict[str, str], body: Any) -> Say:
        _, version, domain, name, *rest = path.split("/")
        assert (version, domain) == ("v3", DOMAIN)
        assert name in {"bounces", "complaints", "unsubscribes"}
        if method == "GET":
            return self._page(name, asked)
        if method == "POST":
            assert 1 <= len(body) <= 1000
            for each in body:
                keys = (
                    {"address", "code", "error"} if name == "bounces" else {"address"}
                )
                assert set(each) == keys
                held = Held.COMPLAINED if name == "complaints" else Held.MANUAL
                self.add(each["address"], held)
            return say({"message": f"{len(body)} addresses have been added"})
        assert method == "DELETE"
        [address] = rest
        known = self.entries.get(unquote(address))
        if known is None or self._list(known) != name:
            return say({"message": "Address not found"}, 404)
        self.drop(known.address)
        return say({"message": "removed", "address": known.address})

    def _list(self, entry: Entry) -> str:
        lists = {Held.COMPLAINED: "complaints", Held.UNSUBSCRIBED: "unsubscribes"}
        return lists.get(entry.held, "bounces")

    def _page(self, name: str, asked: dict[str, str]) -> Say:
        assert set(asked) <= {"limit", "page", "address"}
        size = int(asked["limit"])
        assert size <= 1000
        mine = [each for each in self.sorted if self._list(each) == name]
        places = [each.address for each in mine]
        start = places.index(asked["address"]) + 1 if asked.get("address") else 0
        some = mine[start : start + size]
        last = some[-1].address if some else asked.get("address", "")
        more = urlencode({"page": "next", "address": last, "limit": size})
        return say(
            {
                "items": [self._row(each) for each in some],
                # Elsewhere: our key must not follow.
                "paging": {"next": f"https://elsewhere.example/v3/{DOMAIN}/x?{more}"},
            }
        )

    def _row(self, entry: Entry) -> dict[str, Any]:
        row: dict[str, Any] = {
            "address": entry.address,
            "created_at": format_datetime(entry.at).replace("+0000", "UTC"),
        }
        match entry.held:
            case Held.UNSUBSCRIBED:
                row["tags"] = ["*"]
            case Held.BOUNCED:
                row |= {"code": "550", "error": "5.1.1 no such user"}
            case Held.BLOCKED:
                row |= {"code": "550", "error": "5.7.1 rejected due to policy"}
            case Held.MANUAL:
                row |= {"code": "550", "error": "suppressed by the sender"}
        return row


class SendGrid(Keeper):
    kind = "sendgrid"
    held = frozenset(Held) - {Held.MANUAL}
    dated = True
    returns = dict.fromkeys(Held, Held.UNSUBSCRIBED)

    def told(self, method: str, path: str, asked: dict[str, str], body: Any) -> Say:
        whole = "/v3/asm/suppressions/global"
        if method == "POST":
            assert path == whole
            assert set(body) == {"recipient_emails"}
            for address in body["recipient_emails"]:
                self.add(address, Held.UNSUBSCRIBED)
            return say(body, 201)
        if method == "DELETE":
            head, _, address = path.rpartition("/")
            name = "unsubscribes" if head == whole else head.rpartition("/")[2]
            known = self.entries.get(unquote(address))
            if known is None or self._list(known) != name:
                return say({"errors": [{"message": "not found"}]}, 404)
            self.drop(known.address)
            return Say(204)
        assert set(asked) <= {"limit", "offset", "start_time"}
        assert int(asked["limit"]) <= 500
        name = path.removeprefix("/v3/suppression/")
        since, first = int(asked.get("start_time", "0")), int(asked["offset"])
        mine = [
            each
            for each in self.sorted
            if self._list(each) == name and each.at.timestamp() >= since
        ]
        some = mine[first : first + int(asked["limit"])]
        return say([self._row(each) for each in some])

    def _list(self, entry: Entry) -> str:
        lists = {Held.COMPLAINED: "spam_reports", Held.UNSUBSCRIBED: "unsubscribes"}
        return lists.get(entry.held, "bounces")

    def _row(self, entry: Entry) -> dict[str, Any]:
        row: dict[str, Any] = {
            "email": entry.address,
            "created": int(entry.at.timestamp()),
        }
        if entry.held is Held.BOUNCED:
            row |= {"reason": "550 5.1.1 no such user", "status": "5.1.1"}
        if entry.held is Held.BLOCKED:
            row |= {"reason": "550 5.7.1 rejected due to policy", "status": "5.7.1"}
        return row


class Resend(Keeper):
    kind = "resend"
    held = frozenset({Held.BOUNCED, Held.COMPLAINED, Held.MANUAL})
    returns = _MANUAL

    def told(self, method: str, path: str, asked: dict[str, str], body: Any) -> Say:
        if method == "POST":
            assert set(body) == {"emails"}
            assert 1 <= len(body["emails"]) <= 100
            verb = path.removeprefix("/suppressions/batch/")
            assert verb in {"add", "remove"}
            for address in body["emails"]:
                if verb == "add" and address not in self.entries:
                    self.add(address, Held.MANUAL)
                elif verb == "remove" and not self.drop(address):
                    return say({"name": "not_found", "message": "not there"}, 404)
            return say({"data": []}, 201 if verb == "add" else 200)
        assert (method, path) == ("GET", "/suppressions")
        assert set(asked) <= {"limit", "after"}
        assert 1 <= int(asked["limit"]) <= 100
        mine = self.sorted
        places = [self._row(each)["id"] for each in mine]
        start = places.index(asked["after"]) + 1 if "after" in asked else 0
        some = mine[start : start + int(asked["limit"])]
        more = start + len(some) < len(mine)
        rows = [self._row(each) for each in some]
        return say({"object": "list", "has_more": more, "data": rows})

    def _row(self, entry: Entry) -> dict[str, Any]:
        origins = {Held.BOUNCED: "bounce", Held.COMPLAINED: "complaint"}
        return {
            "id": f"id-{entry.address}",
            "email": entry.address,
            "origin": origins.get(entry.held, "manual"),
            "source_id": None,
            "created_at": f"{entry.at:%Y-%m-%d %H:%M:%S.%f}+00",
        }


class Brevo(Keeper):
    kind = "brevo"
    held = frozenset(Held) - {Held.BLOCKED}
    dated = True
    returns: ClassVar[Mapping[Held, Held]] = {}

    def told(self, method: str, path: str, asked: dict[str, str], body: Any) -> Say:
        assert body is None
        base = "/v3/smtp/blockedContacts"
        if method == "DELETE":
            gone = self.drop(unquote(path.removeprefix(f"{base}/")))
            return Say(204) if gone else say({"code": "document_not_found"}, 404)
        assert (method, path) == ("GET", base)
        known = {"limit", "offset", "sort", "startDate", "endDate"}
        assert set(asked) <= known
        assert ("startDate" in asked) == ("endDate" in asked)
        assert int(asked["limit"]) <= 100
        since, first = asked.get("startDate", ""), int(asked["offset"])
        mine = [each for each in self.sorted if each.at.isoformat() >= since]
        some = mine[first : first + int(asked["limit"])]
        rows = [self._row(each) for each in some]
        return say({"count": len(mine), "contacts": rows} if rows else {})

    def _row(self, entry: Entry) -> dict[str, Any]:
        codes = {
            Held.BOUNCED: "hardBounce",
            Held.COMPLAINED: "contactFlaggedAsSpam",
            Held.UNSUBSCRIBED: "unsubscribedViaEmail",
            Held.MANUAL: "adminBlocked",
        }
        return {
            "email": entry.address,
            "senderEmail": "actions@example.org",
            "reason": {"code": codes[entry.held], "message": "…"},
            "blockedAt": entry.at.isoformat(),
        }


class Ses(Keeper):
    kind = "ses"
    held = frozenset({Held.BOUNCED, Held.COMPLAINED})
    dated = True
    returns: ClassVar[Mapping[Held, Held]] = {
        **dict.fromkeys(Held, Held.BOUNCED),
        Held.COMPLAINED: Held.COMPLAINED,
    }
    options: ClassVar[Mapping[str, str]] = {
        "region": ses_server.REGION,
        "access_key": ses_server.ACCESS_KEY,
        "secret_key": ses_server.SECRET_KEY,
    }

    def turn_away(self, request: Request) -> Say | None:
        if signed(request) in request.headers["Authorization"]:
            return None
        return ses_server.failed(403, "SignatureDoesNotMatch")

    def told(self, method: str, path: str, asked: dict[str, str], body: Any) -> Say:
        base = "/v2/email/suppression/addresses"
        if method == "PUT":
            _valid("PutSuppressedDestination", body)
            complained = body["Reason"] == "COMPLAINT"
            held = Held.COMPLAINED if complained else Held.BOUNCED
            self.add(body["EmailAddress"], held)
            return say({})
        if method == "DELETE":
            address = unquote(path.removeprefix(f"{base}/"))
            _valid("DeleteSuppressedDestination", {"EmailAddress": address})
            if self.drop(address):
                return say({})
            return ses_server.failed(404, "NotFoundException")
        assert (method, path) == ("GET", base)
        since = datetime.fromisoformat(asked.get("StartDate", "1970-01-01T00:00:00Z"))
        size = int(asked["PageSize"])
        _valid("ListSuppressedDestinations", {**asked, "PageSize": size})
        mine = [each for each in self.sorted if each.at >= since]
        first = int(asked.get("NextToken", "0"))
        some = mine[first : first + size]
        rows = [
            {
                "EmailAddress": each.address,
                "Reason": "COMPLAINT" if each.held is Held.COMPLAINED else "BOUNCE",
                "LastUpdateTime": each.at.timestamp(),
            }
            for each in some
        ]
        token = {"NextToken": str(first + size)} if first + size < len(mine) else {}
        return say({"SuppressedDestinationSummaries": rows, **token})


def _valid(operation: str, given: Mapping[str, Any]) -> None:
    shape = ses_server.model().operation_model(operation).input_shape
    assert set(given) <= set(shape.members)
    report = ParamValidator().validate(dict(given), shape)
    assert not report.has_errors(), report.generate_report()


def signed(request: Request) -> str:
    """Return what a call must be signed with, by botocore, from what came in."""
    given = {name.lower(): value for name, value in request.headers.items()}
    authorization = given["authorization"]
    names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    query = urlencode({name: value for name, [value] in request.query.items()})
    made = AWSRequest(
        request.method,
        f"http://{given['host']}{request.path}{'?' + query if query else ''}",
        {name: given[name] for name in names},
        data=request.body,
    )
    made.context["timestamp"] = given["x-amz-date"]
    auth = SigV4Auth(
        Credentials(ses_server.ACCESS_KEY, ses_server.SECRET_KEY),
        "ses",
        ses_server.REGION,
    )
    canonical = auth.canonical_request(made)
    return f"Signature={auth.signature(auth.string_to_sign(made, canonical), made)}"


KEEPERS: Mapping[str, type[Keeper]] = {
    each.kind: each for each in (Postmark, Mailgun, SendGrid, Resend, Brevo, Ses)
}
