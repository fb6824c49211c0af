"""Whether readers' servers can check the signature: DKIM keys in DNS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailer.core.customs import Customs
from mailer.core.diagnosis import About, Entry, Finding, Topic
from mailer.core.records import dkim
from mailer.core.records.dkim import STRONG, WEAK, Key, KeyType
from mailer.core.saying import says
from mailer.ports import Names, RecordKind, Unanswered

_UNSIGNED = says(
    "receivers cannot check the signature: Gmail, Yahoo and Outlook refuse bulk mail,"
    " and one-click leaving does not show"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Under which names the keys of one signing domain should be found."""

    domain: str
    customs: Customs
    entries: Mapping[str, Entry]  # what the provider says should stand there, by name
    selectors: tuple[str, ...]  # from mailer.toml

    @property
    def certain(self) -> Sequence[str]:
        """Return the names that must hold a key."""
        if self.entries:
            return list(self.entries)
        if self.selectors:
            return [_name(each, self.domain) for each in self.selectors]
        if self.customs.fixed:
            return [_name(each, self.domain) for each in self.customs.selectors]
        return []

    @property
    def guesses(self) -> Sequence[str]:
        """Return names that often hold one."""
        return [_name(each, self.domain) for each in self.customs.selectors]


def _name(selector: str, domain: str) -> str:
    return f"{selector}._domainkey.{domain}"


def examine(names: Names, signing: Signing) -> Sequence[Finding]:
    """Look at each key that should be there; without knowledge, at likely names."""
    if signing.certain:
        return [
            finding
            for name in signing.certain
            for finding in _expected(names, signing, name)
        ]
    found: list[Finding] = []
    for name in signing.guesses:
        records = _records(names, name)
        if isinstance(records, Unanswered):
            return [
                About(
                    Topic.DNS, says("DKIM of %(domain)s", domain=signing.domain)
                ).unasked(records.why)
            ]
        if records:
            found += _judged(
                About(Topic.DNS, says("DKIM key %(name)s", name=name)), records
            )
    return found or [_unknown(signing)]


def _unknown(signing: Signing) -> Finding:
    told = About(Topic.DNS, says("DKIM of %(domain)s", domain=signing.domain))
    return told.unasked(
        says(
            "only %(vendor)s knows under which name the key stands",
            vendor=signing.customs.vendor,
        ),
        says(
            "look at %(where)s; of NAME._domainkey.%(domain)s write NAME to"
            ' mailer.toml: [doctor] selectors = ["NAME"]',
            where=signing.customs.where,
            domain=signing.domain,
        ),
    )


def _expected(names: Names, signing: Signing, name: str) -> Sequence[Finding]:
    told = About(Topic.DNS, says("DKIM key %(name)s", name=name))
    records = _records(names, name)
    if isinstance(records, Unanswered):
        return [told.unasked(records.why)]
    if records:
        return _judged(told, records)
    entry = signing.entries.get(name)
    if entry:
        return [told.fail(says("there is no key"), _UNSIGNED, says("publish"), entry)]
    where = says("publish what stands under %(where)s", where=signing.customs.where)
    return [told.fail(says("there is no key"), _UNSIGNED, where)]


def _records(names: Names, name: str) -> Sequence[str] | Unanswered:
    found = names.look(name, RecordKind.TXT)
    if isinstance(found, Unanswered):
        return found
    return [text for text in found.values if "p=" in text.replace(" ", "")]


def _judged(told: About, records: Sequence[str]) -> Sequence[Finding]:
    if len(records) > 1:
        return [
            told.fail(
                says("there are several keys under one name"),
                says("receivers take either, so signatures fail at random"),
                says("keep the one your provider shows, and delete the others"),
            )
        ]
    return [_key(told, dkim.parse(records[0]))]


def _key(told: About, key: Key) -> Finding:
    if key.fault:
        return told.fail(
            key.fault, _UNSIGNED, says("publish the key anew, from your provider")
        )
    if key.testing:
        return told.warn(
            says("t=y: it says that it is only being tried"),
            says("receivers may treat the mail as if it were not signed"),
            says("take t=y out of the record"),
        )
    if key.kind is KeyType.ED25519:
        return told.note(
            says("an Ed25519 key"),
            says("many receivers cannot check it, Outlook among them"),
            says("have an RSA key of 2048 bits beside it"),
        )
    if key.bits < WEAK:
        return told.fail(
            says("RSA with %(bits)s bits is too short", bits=str(key.bits)),
            says(
                "receivers count the mail as unsigned below %(weak)s (RFC 8301 §3.2)",
                weak=str(WEAK),
            ),
            says(
                "have your provider make a key of %(strong)s bits, and publish it",
                strong=str(STRONG),
            ),
        )
    if key.bits < STRONG:
        return told.warn(
            says("RSA with %(bits)s bits is short", bits=str(key.bits)),
            says("receivers still accept it, and can stop any day"),
            says(
                "have your provider make a key of %(strong)s bits, and publish it",
                strong=str(STRONG),
            ),
        )
    return told.ok(says("RSA, %(bits)s bits", bits=str(key.bits)))
