"""Amazon SES: the account in one region, the sender's domain, and what tells of events.

Facts: the SES API v2 as of 2026-11 (GetAccount, GetEmailIdentity,
GetConfigurationSetEventDestinations; botocore's model of them). Whether an SNS topic is
subscribed to is SNS's to tell, which is not asked.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from mailer.adapters.accounts.answering import asked, rows, table, text, unknown
from mailer.adapters.providers.options import Options
from mailer.adapters.providers.ses.access import access
from mailer.config import ProviderSettings
from mailer.core.diagnosis import About, Entry, Finding, Topic
from mailer.core.saying import Verbatim, says
from mailer.ports import Hook, Report, Web

_TOLD = About(Topic.PROVIDER, says("Amazon SES account"))
_HOOKS = About(Topic.PROVIDER, says("Amazon SES webhook"))
_NEEDED = ("SEND", "DELIVERY", "DELIVERY_DELAY", "BOUNCE", "COMPLAINT")
_NEARLY = 0.9  # of a day's quota
_SENDING_ONLY = "AccessDeniedException"


class SesAccount:
    """Asks for the account and region of the settings."""

    def __init__(
        self, settings: ProviderSettings, clock: Callable[[], datetime]
    ) -> None:
        """Take the clock, by which calls are signed."""
        options = Options(settings)
        self._signing, url = access(options)
        self.url = options.url("base_url", url)
        self._set = options.text("configuration_set")
        self._clock = clock

    def ask(self, web: Web, domain: str) -> Report:
        """Say whether mail is let out, how much of it, and how the domain stands."""
        account = self._asked(web, "account", _TOLD)
        if isinstance(account, Finding):
            return Report(findings=(account,))
        told = About(
            Topic.PROVIDER, says("Amazon SES identity %(domain)s", domain=domain)
        )
        identity = self._identity(web, domain, told)
        if isinstance(identity, Finding):
            return Report(findings=(*_account(account), identity))
        name, found = identity
        return Report(
            findings=(*_account(account), *_domain(told, found)),
            entries=_entries(name, found),
        )

    def hooks(self, web: Web) -> Sequence[Hook] | Finding:
        """Return where the configuration set has SES tell of events."""
        if self._set is None:
            return _HOOKS.warn(
                says("its table names no configuration_set"),
                says(
                    "Amazon SES tells nothing: bounces and complaints change nothing,"
                    " and what it took in silence waits for a person"
                ),
                says(
                    "make a configuration set with an SNS topic as event destination,"
                    ' and write configuration_set = "…" and events_topic = "arn:…"'
                ),
            )
        path = f"configuration-sets/{self._set}/event-destinations"
        found = self._asked(web, path, _HOOKS, needed=False)
        if isinstance(found, Finding):
            if unknown(found):
                return _HOOKS.fail(
                    says(
                        "there is no configuration set %(named)s in this region",
                        named=self._set,
                    ),
                    says("Amazon SES refuses every message"),
                    says("see configuration_set and region in its table"),
                )
            return found
        return [
            _hook(row)
            for row in rows(found, "EventDestinations")
            if table(row, "SnsDestination")
        ]

    def _identity(
        self, web: Web, domain: str, told: About
    ) -> tuple[str, Mapping[str, Any]] | Finding:
        """Return the identity that stands for a domain: its own, or that of a parent."""
        labels = domain.split(".")
        for start in range(len(labels) - 1):
            name = ".".join(labels[start:])
            found = self._asked(web, f"identities/{name}", told)
            if not isinstance(found, Finding):
                return name, found
            if not unknown(found):
                return found
        return told.fail(
            says("the account does not know it in this region"),
            says("Amazon SES refuses every message from it"),
            says("Amazon SES: Identities: create it, and publish the records it shows"),
        )

    def _asked(
        self, web: Web, path: str, told: About, *, needed: bool = True
    ) -> Mapping[str, Any] | Finding:
        url = f"{self.url}/v2/email/{path}"
        headers = self._signing.sign(url, b"", {}, at=self._clock(), method="GET")
        return asked(
            web, url, headers, told=told, sending_only=_SENDING_ONLY, needed=needed
        )


def _hook(row: Mapping[str, Any]) -> Hook:
    events = row.get("MatchingEventTypes")
    told = {str(each) for each in events} if isinstance(events, list) else set()
    return Hook(
        leads_to=text(table(row, "SnsDestination"), "TopicArn"),
        enabled=row.get("Enabled") is True,
        missing=tuple(name for name in _NEEDED if name not in told),
        tracking=tuple(name for name in ("OPEN", "CLICK") if name in told),
    )


def _account(found: Mapping[str, Any]) -> Sequence[Finding]:
    findings: list[Finding] = []
    if found.get("ProductionAccessEnabled") is not True:
        findings.append(
            _TOLD.fail(
                says("it is in the sandbox"),
                says("only verified addresses get mail, 200 messages a day"),
                says("Amazon SES: Account dashboard: request production access"),
            )
        )
    if found.get("SendingEnabled") is not True:
        findings.append(
            _TOLD.fail(
                says("sending is paused for the account"),
                says("Amazon SES refuses every message"),
                says("Amazon SES: Account dashboard, and your mail from AWS, say why"),
            )
        )
    if (status := text(found, "EnforcementStatus")) not in {"", "HEALTHY"}:
        findings.append(
            _TOLD.warn(
                says("AWS has it under review: %(status)s", status=Verbatim(status)),
                says("it may be paused when bounces or complaints go on"),
                says("Amazon SES: Reputation metrics; and answer AWS"),
            )
        )
    return [*findings, _quota(table(found, "SendQuota"))]


def _quota(found: Mapping[str, Any]) -> Finding:
    day, second, sent = (
        float(found.get(name) or 0)
        for name in ("Max24HourSend", "MaxSendRate", "SentLast24Hours")
    )
    words = says(
        "%(day)s messages a day, %(second)s a second; %(sent)s today",
        day=_whole(day),
        second=f"{second:g}",
        sent=_whole(sent),
    )
    if 0 < day <= sent / _NEARLY:
        return _TOLD.warn(
            says("the day's quota is nearly used up: %(words)s", words=words),
            says("what is above it waits for tomorrow"),
            says("Amazon SES: Account dashboard: request a higher quota"),
        )
    return _TOLD.ok(says("%(words)s: rate should be no more than that", words=words))


def _whole(number: float) -> int | str:
    """Return a number without a fraction; "inf" and "nan" have no whole one."""
    return round(number) if math.isfinite(number) else f"{number:g}"


def _domain(told: About, found: Mapping[str, Any]) -> Sequence[Finding]:
    if found.get("VerifiedForSendingStatus") is not True:
        return [
            told.fail(
                says("not verified"),
                says("Amazon SES refuses every message from it"),
                says("publish the records that are missing below; SES looks by itself"),
            )
        ]
    dkim = table(found, "DkimAttributes")
    if dkim.get("SigningEnabled") is not True or text(dkim, "Status") != "SUCCESS":
        return [
            told.warn(
                says(
                    "DKIM is not in order: %(status)s",
                    status=Verbatim(text(dkim, "Status")) or says("switched off"),
                ),
                says("Gmail, Yahoo and Outlook refuse mail that nobody signs"),
                says("publish the records that are missing below; SES looks by itself"),
            )
        ]
    return [told.ok(says("verified, and signed with DKIM"))]


def _entries(name: str, found: Mapping[str, Any]) -> tuple[Entry, ...]:
    dkim = table(found, "DkimAttributes")
    tokens = dkim.get("Tokens")
    if text(dkim, "SigningAttributesOrigin") == "EXTERNAL":
        return ()  # a key of one's own, under a selector of one's own
    zone = text(dkim, "SigningHostedZone").rstrip(".") or "dkim.amazonses.com"
    return tuple(
        Entry(name=f"{token}._domainkey.{name}", kind="CNAME", value=f"{token}.{zone}")
        for token in (tokens if isinstance(tokens, list) else ())
    )
