"""Whether a domain takes mail: MX, null MX, or at least an address."""

from collections.abc import Sequence

from mailer.core.diagnosis import About, Finding, Topic
from mailer.ports import Looked, Names, RecordKind, Unanswered


def sender(names: Names, domain: str) -> Sequence[Finding]:
    """Look whether the domain in From can be answered."""
    told = About(Topic.DNS, f"mail to {domain}")
    found = names.look(domain, RecordKind.MX)
    if isinstance(found, Unanswered):
        return [told.unasked(found.why)]
    if not found.exists:
        return [
            told.fail(
                f"there is no domain {domain}",
                "every receiver refuses mail from a domain that does not exist",
                "mend [sender] address in mailer.toml, or register the domain",
            )
        ]
    if found.values == ("",):
        return [
            told.fail(
                "a null MX says that it takes no mail",
                "receivers refuse mail from a domain that says so (RFC 7505 §4.2)",
                "publish the MX of your mailboxes, or send from another domain",
            )
        ]
    if found.values:
        return [told.ok(f"goes to {found.values[0]}")]
    return [_without(names, told, domain)]


def _without(names: Names, told: About, domain: str) -> Finding:
    address = addresses(names, domain)
    if isinstance(address, Unanswered):
        return told.unasked(address.why)
    if address:
        return told.warn(
            "has no MX, only an address",
            "answers may get lost, and some receivers count it as a sign of spam",
            "publish the MX of your mailboxes",
        )
    return told.fail(
        "has neither MX nor address",
        "many receivers refuse a sender who cannot be answered",
        "publish the MX of your mailboxes",
    )


def reply_to(names: Names, domain: str) -> Sequence[Finding]:
    """Look whether the domain of Reply-To takes mail."""
    told = About(Topic.DNS, f"answers to {domain}")
    found = names.look(domain, RecordKind.MX)
    if isinstance(found, Unanswered):
        return [told.unasked(found.why)]
    if found.values and found.values != ("",):
        return [told.ok(f"go to {found.values[0]}")]
    return [
        told.warn(
            "nobody takes mail there",
            "what readers answer bounces",
            "mend [sender] reply_to in mailer.toml, or publish the MX",
        )
    ]


def addresses(names: Names, host: str) -> tuple[str, ...] | Unanswered:
    """Return a host's addresses of both families; Unanswered if none is known."""
    found: list[str] = []
    silent: Unanswered | None = None
    for kind in (RecordKind.A, RecordKind.AAAA):
        answer = names.look(host, kind)
        if isinstance(answer, Looked):
            found += answer.values
        else:
            silent = answer
    return silent if silent and not found else tuple(found)
