"""Resend: whether the sender's domain is verified, and not tracked.

Facts: Resend's OpenAPI file and pages as of 2026-11 (api-reference/domains, webhooks,
dashboard/domains). Keys that may only send are told nothing of domains.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mailer.adapters.accounts.answering import asked, rows, text
from mailer.adapters.providers.resend import URL
from mailer.config import ProviderSettings
from mailer.core.diagnosis import About, Entry, Finding, Topic
from mailer.core.saying import Verbatim, says
from mailer.ports import Hook, Report, Web

_TOLD = About(Topic.PROVIDER, says("Resend account"))
_NEEDED = (
    "email.delivered",
    "email.delivery_delayed",
    "email.bounced",
    "email.complained",
    "email.suppressed",
)


class ResendAccount:
    """Asks for the domains of the account."""

    def __init__(self, settings: ProviderSettings) -> None:
        options = settings.options
        self.url = str(options.get("base_url") or URL).rstrip("/")
        self._headers = {"Authorization": f"Bearer {options.get('token', '')}"}

    def ask(self, web: Web, domain: str) -> Report:
        """Say whether the key is valid, and how the domain stands there."""
        listed = asked(
            web,
            f"{self.url}/domains",
            self._headers,
            told=_TOLD,
            sending_only="restricted_api_key",
        )
        if isinstance(listed, Finding):
            return Report(findings=(listed,))
        told = About(Topic.PROVIDER, says("Resend domain %(domain)s", domain=domain))
        ours = [row for row in rows(listed, "data") if _is(row, domain)]
        if not ours:
            return Report(findings=(_absent(told, more=bool(listed.get("has_more"))),))
        url = f"{self.url}/domains/{text(ours[0], 'id')}"
        found = asked(web, url, self._headers, told=told)
        if isinstance(found, Finding):
            return Report(findings=(found,))
        return Report(
            findings=tuple(_domain(told, found)), entries=_entries(found, domain)
        )

    def hooks(self, web: Web) -> Sequence[Hook] | Finding:
        """Return the webhooks of the account."""
        found = asked(
            web,
            f"{self.url}/webhooks?limit=100",
            self._headers,
            told=About(Topic.PROVIDER, says("Resend webhook")),
            needed=False,
        )
        if isinstance(found, Finding):
            return found
        return [_hook(row) for row in rows(found, "data")]


def _hook(row: Mapping[str, Any]) -> Hook:
    events = row.get("events")
    told = {str(each) for each in events} if isinstance(events, list) else set()
    return Hook(
        leads_to=str(row.get("endpoint", "")),
        enabled=row.get("status") != "disabled",
        missing=tuple(name for name in _NEEDED if name not in told),
        tracking=tuple(n for n in ("email.opened", "email.clicked") if n in told),
    )


def _is(row: Mapping[str, Any], domain: str) -> bool:
    return str(row.get("name", "")).lower() == domain


def _absent(told: About, *, more: bool) -> Finding:
    if more:
        return told.unasked(says("it is not on the first page of domains"))
    return told.fail(
        says("the account does not know it"),
        says("Resend refuses every message from it"),
        says("add it there, publish the records it shows, and press Verify"),
    )


def _domain(told: About, found: Mapping[str, Any]) -> Sequence[Finding]:
    findings = []
    if text(found, "status") == "verified":
        findings.append(told.ok(says("verified")))
    else:
        findings.append(
            told.fail(
                says(
                    "not verified: %(status)s",
                    status=Verbatim(text(found, "status")) or says("no status"),
                ),
                says("Resend refuses every message from it"),
                says(
                    "publish the records that are missing below, and press Verify there"
                ),
            )
        )
    opens, clicks = (
        found.get(key) is True for key in ("open_tracking", "click_tracking")
    )
    if opens or clicks:
        findings.append(
            told.fail(
                _tracked(opens=opens, clicks=clicks),
                says(
                    "readers get pixels and rewritten links, although we promise them"
                    " none"
                ),
                says(
                    "Resend: Domains, your domain, Configuration: switch tracking off"
                ),
            )
        )
    return findings


def _tracked(*, opens: bool, clicks: bool) -> str:
    if opens and clicks:
        return says("opens and clicks are tracked: no call can switch it off")
    if opens:
        return says("opens are tracked: no call can switch it off")
    return says("clicks are tracked: no call can switch it off")


def _entries(found: Mapping[str, Any], domain: str) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            name=_absolute(text(row, "name"), domain),
            kind=text(row, "type"),
            value=_value(row),
        )
        for row in rows(found, "records")
        if text(row, "name") and text(row, "type") in {"TXT", "CNAME", "MX"}
    )


def _value(row: Mapping[str, Any]) -> str:
    value = str(row.get("value", ""))
    priority = row.get("priority")
    if row.get("type") == "MX" and isinstance(priority, int):
        return f"{priority} {value}"
    return value


def _absolute(name: str, domain: str) -> str:
    """Complete a name; Resend writes it from the registered domain, or whole."""
    name = name.rstrip(".").lower()
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        if name.endswith("." + ".".join(labels[start:])):
            return name
    # Of news.example.org it writes "resend._domainkey.news": the rest is shared.
    for count in range(len(labels) - 2, 0, -1):
        tail = "." + ".".join(labels[:count])
        if name.endswith(tail):
            return f"{name}.{'.'.join(labels[count:])}"
    return f"{name}.{domain}"
