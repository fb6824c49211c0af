"""DMARC records and the walk up the tree that finds them (RFC 9989, May 2026).

RFC 9989 takes the place of RFC 7489: no list of public suffixes, but a walk from the
domain towards the root, of eight questions at most.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailer.core.records import tags
from mailer.core.saying import says

REMOVED = ("pct", "rf", "ri")  # RFC 9989 took them out
_MOST_LABELS = 8  # from there the walk jumps (RFC 9989 §4.10)
_VERSION = re.compile(r"[vV]\s*=\s*DMARC1\s*(?:;|$)")
_MAILTO = re.compile(
    r"mailto:([^@\s,!]+@([A-Za-z0-9.-]+))(?:![0-9]+[kmgt]?)?", re.IGNORECASE
)


class Policy(StrEnum):
    """What a receiver is asked to do with mail that fails."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dmarc:
    """One published record."""

    domain: str  # under whose _dmarc it stands
    text: str
    policy: Policy  # p; what is missing or unknown counts as none
    subdomains: Policy  # sp, else p
    strict_dkim: bool
    strict_spf: bool
    testing: bool  # t=y: the policy is not carried out
    psd: str  # "y", "n" or "u"
    reports_to: tuple[tuple[str, str], ...]  # address and domain of each rua
    removed: tuple[str, ...]  # tags that RFC 9989 no longer knows
    faults: tuple[str, ...]  # what receivers will ignore

    def policy_for(self, domain: str) -> Policy:
        """Return what is asked for mail from this domain."""
        return self.policy if domain == self.domain else self.subdomains


def looks_so(text: str) -> bool:
    """Return whether a TXT record means to be a DMARC record."""
    return _VERSION.match(text.strip()) is not None


def parse(domain: str, text: str) -> Dmarc:
    """Read a record that `looks_so`; what receivers ignore comes back as faults."""
    found, odd = tags.parse(text)
    faults: list[str] = [
        says('"%(part)s" is not NAME=VALUE, or stands twice', part=part) for part in odd
    ]
    policy = _policy(found, "p", Policy.NONE, faults)
    addresses = []
    for uri in filter(None, map(str.strip, found.get("rua", "").split(","))):
        match = _MAILTO.fullmatch(uri)
        if match:
            addresses.append((match[1], match[2].lower()))
        else:
            faults.append(
                says('rua: "%(uri)s" is not written as mailto:ADDRESS', uri=uri)
            )
    return Dmarc(
        domain=domain,
        text=text,
        policy=policy,
        subdomains=_policy(found, "sp", policy, faults),
        strict_dkim=found.get("adkim", "r").lower() == "s",
        strict_spf=found.get("aspf", "r").lower() == "s",
        testing=found.get("t", "n").lower() == "y",
        psd=found.get("psd", "u").lower(),
        reports_to=tuple(addresses),
        removed=tuple(name for name in REMOVED if name in found),
        faults=tuple(faults),
    )


def _policy(
    found: Mapping[str, str], tag: str, default: Policy, faults: list[str]
) -> Policy:
    value = found.get(tag, "").lower()
    if value in set(Policy):
        return Policy(value)
    if tag in found:
        faults.append(
            says(
                "%(tag)s=%(value)s is none of %(policies)s",
                tag=tag,
                value=found[tag],
                policies=tuple(Policy),
            )
        )
    return default


def steps(domain: str) -> Sequence[str]:
    """Return the domains whose `_dmarc` is asked for, in order (RFC 9989 §4.10)."""
    labels = domain.lower().rstrip(".").split(".")
    rest = labels[1:] if len(labels) < _MOST_LABELS else labels[-(_MOST_LABELS - 1) :]
    return [".".join(labels), *(".".join(rest[start:]) for start in range(len(rest)))]


def organizational(domain: str, walked: Sequence[Dmarc]) -> str:
    """Return the organizational domain, from what the walk from `domain` found.

    RFC 9989 §4.10.2: psd=n is it; psd=y lies one label above it; else the one with
    the fewest labels; else the domain itself.
    """
    for record in walked:
        if record.psd == "n":
            return record.domain
        if record.psd == "y" and record.domain != domain:
            below = domain.removesuffix(f".{record.domain}").split(".")[-1]
            return f"{below}.{record.domain}"
    return walked[-1].domain if walked else domain


def applicable(domain: str, walked: Sequence[Dmarc]) -> Dmarc | None:
    """Return the record that decides about mail from `domain` (RFC 9989 §4.10.1).

    Its own, else that of its organizational domain, else that of a public suffix.
    """
    by_domain = {record.domain: record for record in walked}
    owner = organizational(domain, walked)
    suffix = next((record for record in walked if record.psd == "y"), None)
    return by_domain.get(domain) or by_domain.get(owner) or suffix


def ends_walk(record: Dmarc) -> bool:
    """Return whether no domain above this one needs to be asked."""
    return record.psd in {"y", "n"}
