"""Postmark: the server that a token is of, and its message stream.

Facts: Postmark's API reference as of 2026-11 (server-api, message-streams-api,
webhooks-api). Which
domains are verified it tells only to an account's token, which sends no mail.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mailer.adapters.accounts.answering import asked, rows, table, text
from mailer.adapters.providers.postmark import URL
from mailer.config import ProviderSettings
from mailer.core.diagnosis import About, Finding, Topic
from mailer.core.saying import Verbatim, says
from mailer.ports import Hook, Report, Web

_TOLD = About(Topic.PROVIDER, says("Postmark server"))
_STREAM = About(Topic.PROVIDER, says("Postmark stream"))
_HOOKS = About(Topic.PROVIDER, says("Postmark webhook"))
_NEEDED = ("Delivery", "Bounce", "SpamComplaint", "SubscriptionChange")


class PostmarkAccount:
    """Asks for the server and the stream of the settings."""

    def __init__(self, settings: ProviderSettings) -> None:
        options = settings.options
        self.url = str(options.get("base_url") or URL).rstrip("/")
        self._stream = str(options.get("stream") or "broadcast")
        self._headers = {"X-Postmark-Server-Token": str(options.get("token", ""))}

    def ask(self, web: Web, domain: str) -> Report:
        """Say whether the token is valid, and how server and stream are set."""
        server = asked(web, f"{self.url}/server", self._headers, told=_TOLD)
        if isinstance(server, Finding):
            return Report(findings=(server,))
        url = f"{self.url}/message-streams/{self._stream}"
        stream = asked(web, url, self._headers, told=_STREAM)
        verified = About(
            Topic.PROVIDER, says("Postmark domain %(domain)s", domain=domain)
        ).unasked(
            says("Postmark tells it only to an account's token"),
            says(
                "see Sender Signatures there: DKIM and Return-Path should say Verified"
            ),
        )
        return Report(
            findings=(
                *_server(server),
                *([stream] if isinstance(stream, Finding) else _of(stream)),
                verified,
            )
        )

    def hooks(self, web: Web) -> Sequence[Hook] | Finding:
        """Return the webhooks of the stream."""
        url = f"{self.url}/webhooks?MessageStream={self._stream}"
        found = asked(web, url, self._headers, told=_HOOKS, needed=False)
        if isinstance(found, Finding):
            return found
        return [_hook(row) for row in rows(found, "Webhooks")]


def _hook(row: Mapping[str, Any]) -> Hook:
    triggers = table(row, "Triggers")

    def ticked(name: str) -> bool:
        return table(triggers, name).get("Enabled") is True

    return Hook(
        leads_to=str(row.get("Url", "")),
        missing=tuple(name for name in _NEEDED if not ticked(name)),
        tracking=tuple(name for name in ("Open", "Click") if ticked(name)),
    )


def _server(found: Mapping[str, Any]) -> Sequence[Finding]:
    findings = []
    if text(found, "DeliveryType") == "Sandbox":
        findings.append(
            _TOLD.fail(
                says("it is a sandbox"),
                says("every message is accepted, and none is delivered"),
                says("make a server of the type Live there, and use its token"),
            )
        )
    else:
        findings.append(
            _TOLD.ok(
                says('the token is valid, for "%(name)s"', name=text(found, "Name"))
            )
        )
    if found.get("TrackOpens") or text(found, "TrackLinks") not in {"", "None"}:
        findings.append(
            _TOLD.note(
                says("opens or links are tracked there by default"),
                says("not in our mail: every call switches both off"),
                says("switch both off there too: Settings, Tracking"),
            )
        )
    return findings


def _of(found: Mapping[str, Any]) -> Sequence[Finding]:
    findings = []
    kind = text(found, "MessageStreamType")
    if kind not in {"", "Broadcasts"}:
        findings.append(
            _STREAM.warn(
                says("%(id)s is of the type %(kind)s", id=text(found, "ID"), kind=kind),
                says(
                    "Postmark holds back newsletters in it, and may close the account"
                ),
                says('make a stream of the type Broadcasts, and name it: stream = "…"'),
            )
        )
    handling = text(
        table(found, "SubscriptionManagementConfiguration"), "UnsubscribeHandlingType"
    )
    if handling == "Postmark":
        findings.append(
            _STREAM.warn(
                says("Postmark adds its own unsubscribe link and header"),
                says(
                    "readers who use it leave at Postmark, and our list does not know"
                ),
                says("ask Postmark's support to set unsubscribe handling to Custom"),
            )
        )
    return findings or [_STREAM.ok(Verbatim(f"{text(found, 'ID')}, {kind}"))]
