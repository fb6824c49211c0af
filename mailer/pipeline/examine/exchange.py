"""Whether a domain takes mail: MX, null MX, or at least an address."""

from collections.abc import Sequence

from mailer.core.diagnosis import About, Finding, Topic
from mailer.core.saying import says
from mailer.ports import Looked, Names, RecordKind, Unanswered


def sender(names: Names, domain: str) -> Sequence[Finding]:
    """Look whether the domain in From can be answered."""
    told = About(Topic.DNS, says("mail to %(domain)s", domain=domain))
    found = names.look(domain, RecordKind.MX)
    if isinstance(found, Unanswered):
        return [told.unasked(found.why)]
    if not found.exists:
        return [
            told.fail(
                says("there is no domain %(domain)s", domain=domain),
                says("every receiver refuses mail from a domain that does not exist"),
                says("mend [sender] address in mailer.toml, or register the domain"),
            )
        ]
    if found.values == ("",):
        return [
            told.fail(
                says("a null MX says that it takes no mail"),
                says(
                    "receivers refuse mail from a domain that says so (RFC 7505 §4.2)"
                ),
                says("publish the MX of your mailboxes, or send from another domain"),
            )
        ]
    if found.values:
        return [told.ok(says("goes to %(host)s", host=found.values[0]))]
    return [_without(names, told, domain)]


def _without(names: Names, told: About, domain: str) -> Finding:
    address = addresses(names, domain)
    if isinstance(address, Unanswered):
        return told.unasked(address.why)
    if address:
        return told.warn(
            says("has no MX, only an address"),
            says("answers may get lost, and some receivers count it as a sign of spam"),
            says("publish the MX of your mailboxes"),
        )
    return told.fail(
        says("has neither MX nor address"),
        says("many receivers refuse a sender who cannot be answered"),
        says("publish the MX of your mailboxes"),
    )


def reply_to(names: Names, domain: str) -> Sequence[Finding]:
    """Look whether the domain of Reply-To takes mail."""
    told = About(Topic.DNS, says("answers to %(domain)s", domain=domain))
    found = names.look(domain, RecordKind.MX)
    if isinstance(found, Unanswered):
        return [told.unasked(found.why)]
    if found.values and found.values != ("",):
        return [told.ok(says("go to %(host)s", host=found.values[0]))]
    return [
        told.warn(
            says("nobody takes mail there"),
            says("what readers answer bounces"),
            says("mend [sender] reply_to in mailer.toml, or publish the MX"),
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
