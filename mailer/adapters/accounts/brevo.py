"""Brevo: the account's plan, the sender's domain, and its webhooks.

Facts: Brevo's API reference as of 2026-11 (account, senders and domains, webhooks).
Whether opens and clicks are tracked its API does not tell.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mailer.adapters.accounts.answering import asked, rows, text, unknown
from mailer.adapters.providers.brevo import URL
from mailer.config import ProviderSettings
from mailer.core.diagnosis import About, Finding, Topic
from mailer.core.saying import says
from mailer.ports import Hook, Report, Web

_TOLD = About(Topic.PROVIDER, says("Brevo account"))
_HOOKS = About(Topic.PROVIDER, says("Brevo webhook"))
_TRACKING = About(Topic.PROVIDER, says("Brevo tracking"))
_NEEDED = (
    "delivered",
    "deferred",
    "softBounce",
    "hardBounce",
    "blocked",
    "invalid",
    "spam",
    "unsubscribed",
)
_TRACKED = ("opened", "uniqueOpened", "click", "proxyOpen", "uniqueProxyOpen")


class BrevoAccount:
    """Asks for the account that a key is of."""

    def __init__(self, settings: ProviderSettings) -> None:
        options = settings.options
        self.url = str(options.get("base_url") or URL).rstrip("/")
        self._headers = {"api-key": str(options.get("token", ""))}

    def ask(self, web: Web, domain: str) -> Report:
        """Say whether the key is valid, and how the domain stands there."""
        account = asked(web, f"{self.url}/v3/account", self._headers, told=_TOLD)
        if isinstance(account, Finding):
            return Report(findings=(account,))
        told = About(Topic.PROVIDER, says("Brevo domain %(domain)s", domain=domain))
        url = f"{self.url}/v3/senders/domains/{domain}"
        found = asked(web, url, self._headers, told=told, needed=False)
        return Report(
            findings=(
                _plan(account),
                _domain(told, found),
                _TRACKING.unasked(
                    says("Brevo's API does not tell it"),
                    says(
                        "switch opens and clicks off: Brevo, Transactional, Settings,"
                        " Tracking"
                    ),
                ),
            )
        )

    def hooks(self, web: Web) -> Sequence[Hook] | Finding:
        """Return the webhooks for transactional mail."""
        url = f"{self.url}/v3/webhooks?type=transactional"
        found = asked(web, url, self._headers, told=_HOOKS, needed=False)
        if isinstance(found, Finding):
            return [] if unknown(found) else found  # 404: there is none
        return [_hook(row) for row in rows(found, "webhooks")]


def _hook(row: Mapping[str, Any]) -> Hook:
    events = row.get("events")
    told = {str(each) for each in events} if isinstance(events, list) else set()
    return Hook(
        leads_to=str(row.get("url", "")),
        missing=tuple(name for name in _NEEDED if name not in told),
        tracking=tuple(name for name in _TRACKED if name in told),
    )


def _plan(found: Mapping[str, Any]) -> Finding:
    plans = rows(found, "plan")
    named = ", ".join(text(plan, "type") for plan in plans)
    limits = [plan for plan in plans if text(plan, "creditsType") == "sendLimit"]
    left = sum(int(plan.get("credits") or 0) for plan in limits if _counts(plan))
    if limits and not left:
        return _TOLD.warn(
            says(
                "the key is valid, and nothing is left of the plan %(named)s",
                named=named,
            ),
            says("Brevo refuses mail until the plan is renewed"),
            says("see Plan there"),
        )
    plan = says(", plan %(named)s", named=named) if named else ""
    room = says(", %(left)s messages left", left=left) if limits else ""
    return _TOLD.ok(says("the key is valid%(plan)s%(room)s", plan=plan, room=room))


def _counts(plan: Mapping[str, Any]) -> bool:
    return isinstance(plan.get("credits"), int | float)


def _domain(told: About, found: Mapping[str, Any] | Finding) -> Finding:
    if isinstance(found, Finding):
        if not unknown(found):
            return found
        return told.fail(
            says("the account does not know it"),
            says("Brevo replaces the sender's address, or refuses the mail"),
            says("add it there, publish the records it shows, and press Authenticate"),
        )
    if found.get("authenticated") is True:
        return told.ok(says("authenticated"))
    return told.fail(
        says("not authenticated"),
        says("Brevo replaces the sender's address by one of its own"),
        says("publish the records that Brevo shows, and press Authenticate there"),
    )
