"""SendGrid: what the key may do, the sender's domain, and the event webhooks.

Facts: SendGrid's OpenAPI files as of 2026-11 (scopes, domain authentication, webhooks).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mailer.adapters.accounts.answering import LIST, asked, rows, text
from mailer.adapters.providers.sendgrid import URL
from mailer.config import ProviderSettings
from mailer.core.diagnosis import About, Entry, Finding, Topic
from mailer.core.saying import says
from mailer.ports import Hook, Report, Web

_TOLD = About(Topic.PROVIDER, says("SendGrid key"))
_HOOKS = About(Topic.PROVIDER, says("SendGrid webhook"))
_NEEDED = ("delivered", "deferred", "bounce", "dropped", "spam_report", "unsubscribe")


class SendGridAccount:
    """Asks for the account, or the subuser, that a key is of."""

    def __init__(self, settings: ProviderSettings) -> None:
        options = settings.options
        self.url = str(options.get("base_url") or URL).rstrip("/")
        self._headers = {"Authorization": f"Bearer {options.get('token', '')}"}

    def ask(self, web: Web, domain: str) -> Report:
        """Say what the key may do, and how the domain stands there."""
        scopes = asked(web, f"{self.url}/v3/scopes", self._headers, told=_TOLD)
        if isinstance(scopes, Finding):
            return Report(findings=(scopes,))
        told = About(Topic.PROVIDER, says("SendGrid domain %(domain)s", domain=domain))
        url = f"{self.url}/v3/whitelabel/domains?limit=200"
        found = asked(web, url, self._headers, told=told, needed=False)
        if isinstance(found, Finding):
            return Report(findings=(_key(scopes), found))
        ours = [
            row for row in rows(found, LIST) if _covers(text(row, "domain"), domain)
        ]
        return Report(
            findings=(_key(scopes), _domain(told, ours)),
            entries=tuple(entry for row in ours for entry in _entries(row)),
        )

    def hooks(self, web: Web) -> Sequence[Hook] | Finding:
        """Return the event webhooks."""
        url = f"{self.url}/v3/user/webhooks/event/settings/all"
        found = asked(web, url, self._headers, told=_HOOKS, needed=False)
        if isinstance(found, Finding):
            return found
        return [_hook(row) for row in rows(found, "webhooks") if row.get("url")]


def _hook(row: Mapping[str, Any]) -> Hook:
    return Hook(
        leads_to=str(row["url"]),
        enabled=row.get("enabled") is True,
        missing=tuple(name for name in _NEEDED if row.get(name) is not True),
        tracking=tuple(name for name in ("open", "click") if row.get(name) is True),
    )


def _key(found: Mapping[str, Any]) -> Finding:
    scopes = found.get("scopes")
    granted = scopes if isinstance(scopes, list) else []
    if "mail.send" not in granted:
        return _TOLD.fail(
            says("it may not send mail"),
            says("SendGrid refuses every message"),
            says("make a key there with Mail Send, and put it where token stands"),
        )
    return _TOLD.ok(says("valid, and it may send mail"))


def _covers(authenticated: str, domain: str) -> bool:
    name = authenticated.lower()
    return bool(name) and (domain == name or domain.endswith(f".{name}"))


def _domain(told: About, ours: Sequence[Mapping[str, Any]]) -> Finding:
    if any(row.get("valid") is True for row in ours):
        return told.ok(says("authenticated"))
    what = says("not authenticated") if ours else says("the account does not know it")
    return told.fail(
        what,
        says(
            "SendGrid signs with a domain of its own: DMARC fails, and"
            " mailboxes refuse it"
        ),
        says(
            "SendGrid: Settings, Sender Authentication: add it, publish the"
            " records, Verify"
        ),
    )


def _entries(row: Mapping[str, Any]) -> Sequence[Entry]:
    found = row.get("dns")
    records = found.values() if isinstance(found, dict) else ()
    return [
        Entry(
            name=text(record, "host").rstrip(".").lower(),
            kind="CNAME",
            value=text(record, "data"),
        )
        for record in records
        if isinstance(record, dict) and text(record, "type").lower() == "cname"
    ]
