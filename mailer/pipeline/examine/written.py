"""What mailer.toml and the lists say, looked at without asking anybody."""

import ipaddress
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from mailer.config import VARIABLES, Settings
from mailer.core.diagnosis import About, Finding, Topic
from mailer.core.lists import MailingList
from mailer.core.saying import Verbatim, says

# Names that lead nowhere, for ever (RFC 2606, RFC 6761).
_EXAMPLES = {"example", "example.com", "example.net", "example.org"}
_RESERVED = {
    "example": says("is a name for examples (RFC 2606)"),
    "invalid": says("is a name that never exists (RFC 2606)"),
    "test": says("is a name for tests (RFC 2606)"),
    "localhost": says("is this machine's own name (RFC 6761)"),
    "local": says("is a name within one local network (RFC 6762)"),
    "internal": says("is a name within private networks"),
}
# Whose DMARC, or word of honour, turns away their names in mail sent by others.
_MAILBOXES = {
    "aol.com", "gmail.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com",
    "icloud.com", "live.com", "mail.ru", "me.com", "msn.com", "outlook.com",
    "proton.me", "protonmail.com", "web.de", "yahoo.com", "ymail.com",
}  # fmt: skip
_SENDER_ID = range(5, 16)  # characters, Gmail's bounds for the last part


def examine(settings: Settings, lists: Mapping[str, MailingList]) -> Sequence[Finding]:
    """Look at postal address, sender, links and secrets."""
    findings = [
        *_overridden(settings),
        *_bare(settings),
        _misnamed(settings),
        _postal(settings),
        *(_sender(domain) for domain in carried(settings, lists)),
        _feedback(settings),
        _fence(settings),
        _base_url(settings.base_url),
    ]
    return [finding for finding in findings if finding]


def carried(
    settings: Settings, lists: Mapping[str, MailingList]
) -> Mapping[str, Sequence[str]]:
    """Return who carries what, in From, is of each domain: providers by name.

    Raises ConfigError if a list names a provider that is not there.
    """
    found: dict[str, list[str]] = {}
    for each in lists.values():
        domain = domain_of(each.sender_address or settings.sender.address)
        found.setdefault(domain, []).extend(settings.route_of(each).names)
    return {domain: list(dict.fromkeys(names)) for domain, names in found.items()}


def domain_of(address: str) -> str:
    """Return the domain of an address, in small letters."""
    return address.rpartition("@")[2].lower()


def is_reserved(domain: str) -> bool:
    """Return whether a name can lead nowhere on the internet."""
    return reserved(domain) is not None


def reserved(domain: str) -> str | None:
    """Return why a name can lead nowhere on the internet; None: it may lead."""
    if ".".join(domain.split(".")[-2:]) in _EXAMPLES:
        return _RESERVED["example"]
    return _RESERVED.get(domain.rpartition(".")[2])


def _overridden(settings: Settings) -> Sequence[Finding]:
    return [
        About(Topic.SETTINGS, name).note(
            says("the environment decides %(setting)s", setting=VARIABLES[name]),
            says(
                "what mailer.toml says of it counts for nothing where %(name)s is set",
                name=name,
            ),
            says(
                "right for trying out; to have mailer.toml decide: %(command)s",
                command=Verbatim(f"unset {name}"),
            ),
        )
        for name in settings.variables
    ]


def _bare(settings: Settings) -> Sequence[Finding]:
    return [
        About(Topic.SETTINGS, Verbatim(key)).warn(
            says("mailer.toml holds the secret itself"),
            says("whoever sees the file, its backups or its history can use it"),
            says(
                'make a new one, and write %(key)s = "env:NAME", with the'
                ' secret in that variable, or "file:PATH"',
                key=key.rpartition(" ")[2],
            ),
        )
        for key in settings.bare
    ]


def _misnamed(settings: Settings) -> Finding | None:
    found = settings.providers.get("outbox")
    if found is None or found.kind == "outbox":
        return None
    return About(Topic.SETTINGS, Verbatim("[providers.outbox]")).warn(
        says(
            "it is of kind %(kind)s, so that what goes to the outbox is sent",
            kind=found.kind,
        ),
        says("whoever tries something out with MAILER_PROVIDER=outbox mails the world"),
        says("give this table a name of its own, and name it under [delivery]"),
    )


def _postal(settings: Settings) -> Finding:
    told = About(Topic.SETTINGS, says("postal address"))
    if settings.coalition.postal_address:
        return told.ok(says("stands in every mailing"))
    return told.fail(
        says("[coalition] postal_address is missing"),
        says("nothing is sent: the law asks for it in every mailing (CAN-SPAM)"),
        says('write postal_address = "PO Box …" under [coalition] in mailer.toml'),
    )


def _sender(domain: str) -> Finding:
    told = About(Topic.SETTINGS, says("sender %(domain)s", domain=domain))
    if why := reserved(domain):
        return told.fail(
            says("%(why)s, which nobody can send from", why=why),
            says("every receiver refuses mail from it"),
            says("write an address of your own domain under [sender] in mailer.toml"),
        )
    if domain in _MAILBOXES:
        return told.fail(
            says("only %(domain)s itself may send mail in that name", domain=domain),
            says("Gmail, Yahoo and Outlook refuse it, or file it as spam"),
            says(
                "send from a domain of your own; readers may still answer there:"
                " reply_to"
            ),
        )
    return told.ok(says("a domain of your own"))


def _feedback(settings: Settings) -> Finding | None:
    """Look at what Gmail groups its figures by (Gmail's Feedback loop page, 2026)."""
    written = settings.sender.feedback_id
    if written is None or (len(written) in _SENDER_ID and ":" not in written):
        return None
    return About(Topic.SETTINGS, Verbatim("feedback_id")).note(
        says(
            '"%(written)s" is not 5 to 15 characters without a colon', written=written
        ),
        says("Gmail shows no figures under it"),
        says("mend [sender] feedback_id in mailer.toml, or leave it out"),
    )


def _fence(settings: Settings) -> Finding | None:
    if settings.allow_only is None:
        return None
    return About(Topic.SETTINGS, Verbatim("allow_only")).note(
        says("only some addresses are mailed; all other mail goes to the outbox"),
        says("right for trying out"),
        says("take it out of [delivery], or MAILER_ALLOW_ONLY away, to mail everybody"),
    )


def _base_url(base_url: str) -> Finding:
    told = About(Topic.SETTINGS, Verbatim("base_url"))
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if not is_public(host):
        why = reserved(host.rstrip("."))
        return told.fail(
            says(
                "%(base_url)s: %(host)s %(why)s", base_url=base_url, host=host, why=why
            )
            if why
            else says("%(base_url)s is reached only from here", base_url=base_url),
            says(
                "no reader can open a link or leave, so they press the spam"
                " button instead"
            ),
            says('write your public address: base_url = "https://mail.YOUR-DOMAIN"'),
        )
    if parts.scheme != "https":
        return told.fail(
            says("%(base_url)s is not https", base_url=base_url),
            says(
                "Gmail, Yahoo and Apple Mail show no button to leave (RFC 8058"
                " asks for https), and bulk mail without one is refused"
            ),
            says(
                'have the host serve https, then: base_url = "https%(base_url)s"',
                base_url=base_url[4:],
            ),
        )
    return told.ok(base_url)


def is_public(host: str) -> bool:
    """Return whether a host can be reached from the internet, by its name alone."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not is_reserved(host.rstrip("."))


def secrets(files: Sequence[Path]) -> Sequence[Finding]:
    """Look who may read the files that hold secrets."""
    findings: list[Finding] = []
    for file in filter(Path.is_file, files):  # what is missing is told where it is read
        told = About(Topic.SETTINGS, Verbatim(file.name))
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            findings.append(
                told.warn(
                    says("others on this machine may read it"),
                    says(
                        "whoever has it can act for every reader, or mail in your name"
                    ),
                    Verbatim(f"chmod 600 {file}"),
                )
            )
        else:
            findings.append(told.ok(says("only its owner may read it")))
    return findings


def subscribers(
    lists: Mapping[str, MailingList], active: Mapping[str, int]
) -> Sequence[Finding]:
    """Look which lists reach nobody; `active` counts subscriptions by list."""
    findings: list[Finding] = []
    for slug in lists:
        told = About(Topic.SETTINGS, says("list %(slug)s", slug=slug))
        count = active.get(slug, 0)
        if count:
            findings.append(told.ok(says("%(count)s get it", count=count)))
        else:
            findings.append(
                told.note(
                    says("nobody is subscribed"),
                    says("its mailings reach nobody"),
                    Verbatim(f"mailer import subscribers FILE --list {slug}"),
                )
            )
    return findings
