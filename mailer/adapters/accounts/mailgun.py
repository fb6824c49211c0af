"""Mailgun: the sending domain's state, its records, and its tracking.

Facts: Mailgun's OpenAPI file as of 2026-11 (GET /v4/domains/{name}, GET
/v3/domains/{name}/tracking, /v3/domains/{name}/webhooks). A domain's sending key may see neither.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from mailer.adapters.accounts.answering import asked, rows, table, text, unknown
from mailer.adapters.providers.mailgun import URL
from mailer.config import ProviderSettings
from mailer.core.diagnosis import About, Entry, Finding, Severity, Topic
from mailer.core.saying import Verbatim, says
from mailer.ports import Hook, Report, Web

_NEEDED = (
    "delivered",
    "permanent_fail",
    "temporary_fail",
    "complained",
    "unsubscribed",
)


class MailgunAccount:
    """Asks for the sending domain of the settings."""

    def __init__(self, settings: ProviderSettings) -> None:
        options = settings.options
        self.url = str(options.get("base_url") or URL).rstrip("/")
        self._domain = str(options.get("domain", ""))
        login = base64.b64encode(f"api:{options.get('token', '')}".encode())
        self._headers = {"Authorization": f"Basic {login.decode('ascii')}"}

    def ask(self, web: Web, domain: str) -> Report:
        """Say how the sending domain stands; `domain`, of From, plays no part."""
        del domain
        told = About(
            Topic.PROVIDER, says("Mailgun domain %(domain)s", domain=self._domain)
        )
        found = asked(
            web, f"{self.url}/v4/domains/{self._domain}", self._headers, told=told
        )
        if isinstance(found, Finding):
            return Report(findings=(_refusal(told, found),))
        tracking = asked(
            web,
            f"{self.url}/v3/domains/{self._domain}/tracking",
            self._headers,
            told=About(Topic.PROVIDER, says("Mailgun tracking")),
        )
        return Report(
            findings=(
                _state(told, table(found, "domain")),
                *([tracking] if isinstance(tracking, Finding) else _tracking(tracking)),
            ),
            entries=_entries(found),
        )

    def hooks(self, web: Web) -> Sequence[Hook] | Finding:
        """Return the webhooks of the domain; each event has addresses of its own."""
        found = asked(
            web,
            f"{self.url}/v3/domains/{self._domain}/webhooks",
            self._headers,
            told=About(Topic.PROVIDER, says("Mailgun webhook")),
            needed=False,
        )
        if isinstance(found, Finding):
            return found
        told = _addresses(table(found, "webhooks"))
        return [
            Hook(
                leads_to=address,
                missing=tuple(name for name in _NEEDED if name not in events),
                tracking=tuple(n for n in ("opened", "clicked") if n in events),
            )
            for address, events in told.items()
        ]


def _addresses(found: Mapping[str, Any]) -> Mapping[str, set[str]]:
    """Return of which events each address is told."""
    told: dict[str, set[str]] = {}
    for name in found:
        urls = table(found, name).get("urls")
        for url in urls if isinstance(urls, list) else ():
            told.setdefault(str(url), set()).add(name)
    return told


def _refusal(told: About, finding: Finding) -> Finding:
    if unknown(finding):
        return told.fail(
            says("the account does not know it"),
            says("Mailgun refuses every message"),
            says(
                "see domain in its table; in the EU region write base_url ="
                ' "https://api.eu.mailgun.net"'
            ),
        )
    if finding.severity is Severity.FAIL and "key" in finding.message:
        return told.warn(
            says("%(message)s; perhaps it is a sending key", message=finding.message),
            says(
                "a sending key mails, but what became of a call without an answer"
                " cannot be found out, and waits for a person; a wrong one mails"
                " nobody"
            ),
            says("use a key that may read domains and events"),
        )
    return finding


def _state(told: About, domain: Mapping[str, Any]) -> Finding:
    if domain.get("is_disabled") is True or text(domain, "state") == "disabled":
        return told.fail(
            says("Mailgun has disabled it"),
            says("Mailgun refuses every message"),
            says("see the message in Mailgun's dashboard, or ask its support"),
        )
    if text(domain, "type") == "sandbox":
        return told.fail(
            says("it is a sandbox"),
            says("only addresses that you have authorised there get mail"),
            says("add a domain of your own there"),
        )
    if text(domain, "state") != "active":
        return told.fail(
            says(
                "not verified: %(state)s",
                state=Verbatim(text(domain, "state")) or says("no state"),
            ),
            says("Mailgun refuses the mail, or sends little of it"),
            says("publish the records that are missing below, and press Verify there"),
        )
    return told.ok(says("active"))


def _tracking(found: Mapping[str, Any]) -> Sequence[Finding]:
    told = About(Topic.PROVIDER, says("Mailgun tracking"))
    tracking = table(found, "tracking")
    findings: list[Finding] = []
    if _on(tracking, "unsubscribe"):
        findings.append(
            told.warn(
                says("unsubscribe tracking is on"),
                says(
                    "Mailgun adds links of its own; who uses them leaves there, and"
                    " our list does not know"
                ),
                says("Mailgun: Send, Domain settings, Tracking: switch it off"),
            )
        )
    if _on(tracking, "open") or _on(tracking, "click"):
        findings.append(
            told.note(
                says("opens or clicks are tracked there by default"),
                says("not in our mail: every call switches both off"),
                says("switch both off there too"),
            )
        )
    return findings or [told.ok(says("off"))]


def _on(tracking: Mapping[str, Any], kind: str) -> bool:
    # In some answers it is a word.
    return table(tracking, kind).get("active") in {True, "yes", "true", "htmlonly"}


def _entries(found: Mapping[str, Any]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            name=text(row, "name").rstrip(".").lower(),
            kind=text(row, "record_type"),
            value=str(row.get("value", "")),
        )
        for row in rows(found, "sending_dns_records")
        if text(row, "record_type") in {"TXT", "CNAME"} and text(row, "name")
    )
