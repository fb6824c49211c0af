"""What a domain asks receivers to do with mail in its name (RFC 9989)."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailer.core.diagnosis import About, Entry, Finding, Topic
from mailer.core.records import dmarc
from mailer.core.records.dmarc import Dmarc, Policy
from mailer.core.saying import Verbatim, says
from mailer.ports import Names, RecordKind, Unanswered

_BULK = says(
    "Gmail, Yahoo and Outlook refuse bulk mail from a domain without DMARC, or file it"
    " as spam"
)


_MOST = 5  # domains of reports that are asked; receivers may pass over all but two


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What stands at the steps from a domain to the root."""

    domain: str
    records: tuple[Dmarc, ...]
    several: tuple[str, ...] = ()  # where there are several, none of which counts

    @property
    def organization(self) -> str:
        """Return the organizational domain."""
        return dmarc.organizational(self.domain, self.records)

    @property
    def applies(self) -> Dmarc | None:
        """Return the record that decides."""
        return dmarc.applicable(self.domain, self.records)


def walk(names: Names, domain: str) -> Walk | Unanswered:
    """Ask up the tree, until a record ends it."""
    records: list[Dmarc] = []
    several: list[str] = []
    for step in dmarc.steps(domain):
        found = names.look(f"_dmarc.{step}", RecordKind.TXT)
        if isinstance(found, Unanswered):
            return found
        texts = [text for text in found.values if dmarc.looks_so(text)]
        if len(texts) > 1:
            several.append(step)
        if len(texts) == 1:
            records.append(dmarc.parse(step, texts[0]))
            if dmarc.ends_walk(records[-1]):
                break
    return Walk(domain=domain, records=tuple(records), several=tuple(several))


def examine(names: Names, domain: str) -> Sequence[Finding]:
    """Look at the DMARC record that decides about mail from this domain."""
    told = About(Topic.DNS, says("DMARC of %(domain)s", domain=domain))
    walked = walk(names, domain)
    if isinstance(walked, Unanswered):
        return [told.unasked(walked.why)]
    findings = [
        told.fail(
            says(
                "_dmarc.%(step)s has several records, so none of them counts", step=step
            ),
            _BULK,
            says(
                "keep one TXT record at _dmarc.%(step)s and delete the others",
                step=step,
            ),
        )
        for step in walked.several
    ]
    record = walked.applies
    if record is None:
        return findings or [_missing(told, domain)]
    findings += _faults(told, record)
    findings.append(_policy(told, record, domain))
    findings += _reports(names, told, record)
    return findings


def _missing(told: About, domain: str) -> Finding:
    value = f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{domain}"
    return told.fail(
        says("there is no record"),
        _BULK,
        says("publish, with a mailbox that you read"),
        Entry(name=f"_dmarc.{domain}", kind="TXT", value=value),
    )


def _faults(told: About, record: Dmarc) -> Sequence[Finding]:
    findings = [
        told.warn(
            says("at _dmarc.%(domain)s, %(fault)s", domain=record.domain, fault=fault),
            says("receivers pass over it"),
            says("mend the record; it reads now: %(text)s", text=Verbatim(record.text)),
        )
        for fault in record.faults
    ]
    if record.removed:
        findings.append(
            told.note(
                says(
                    "%(removed)s: RFC 9989 no longer knows this",
                    removed=record.removed,
                ),
                says(
                    "newer receivers pass over it; pct below 100 no longer softens a"
                    " policy"
                ),
                says("take it out of the record"),
            )
        )
    if record.testing:
        findings.append(
            told.note(
                says("t=y: the policy is only being tried"),
                says("receivers do one step less"),
            )
        )
    if record.psd == "y":
        findings.append(
            told.warn(
                says("psd=y: it says that this is a public suffix such as .org"),
                says("receivers take another domain for yours, and nothing is aligned"),
                says("take psd=y out of the record"),
            )
        )
    return findings


def _policy(told: About, record: Dmarc, domain: str) -> Finding:
    policy = record.policy_for(domain)
    where = (
        ""
        if record.domain == domain
        else says(", from _dmarc.%(domain)s", domain=record.domain)
    )
    if policy is Policy.NONE:
        return told.note(
            says("p=none%(where)s: receivers only watch", where=where),
            says(
                "enough for Gmail, Yahoo and Outlook; but others can write in your name"
            ),
            says(
                "when the reports show only your own mail: p=quarantine, then p=reject"
            ),
        )
    return told.ok(
        says(
            "p=%(policy)s%(where)s: who writes in your name is turned away",
            policy=policy,
            where=where,
        )
    )


def _reports(names: Names, told: About, record: Dmarc) -> Sequence[Finding]:
    if not record.reports_to:
        return [
            told.note(
                says("rua is missing: nobody tells you who writes in your name"),
                "",
                says(
                    "add rua=mailto:ADDRESS to the record at _dmarc.%(domain)s",
                    domain=record.domain,
                ),
            )
        ]
    findings: list[Finding] = []
    home = walk(names, record.domain)
    domains = list(dict.fromkeys(domain for _, domain in record.reports_to))
    if len(domains) > _MOST:
        findings.append(
            told.note(
                says(
                    "rua sends reports to %(domains)s domains, of which only the"
                    " first %(most)s were asked",
                    domains=len(domains),
                    most=_MOST,
                ),
                says("many receivers send reports to the first two addresses alone"),
                says(
                    "name one or two in the record at _dmarc.%(domain)s",
                    domain=record.domain,
                ),
            )
        )
    for domain in domains[:_MOST]:
        abroad = walk(names, domain)
        if isinstance(home, Unanswered) or isinstance(abroad, Unanswered):
            findings.append(
                told.unasked(
                    says("whether %(domain)s takes the reports", domain=domain)
                )
            )
        elif home.organization != abroad.organization:
            findings += _consent(names, told, record.domain, domain)
    return findings


def _consent(names: Names, told: About, domain: str, abroad: str) -> Sequence[Finding]:
    """Look whether another organization takes the reports (RFC 9990 §4)."""
    name = f"{domain}._report._dmarc.{abroad}"
    found = names.look(name, RecordKind.TXT)
    if isinstance(found, Unanswered):
        return [told.unasked(found.why)]
    if any(dmarc.looks_so(text) for text in found.values):
        return []
    return [
        told.warn(
            says("%(abroad)s has not agreed to take the reports", abroad=abroad),
            says("no receiver sends them"),
            says(
                "have them publish it, or name an address at %(domain)s", domain=domain
            ),
            Entry(name=name, kind="TXT", value="v=DMARC1"),
        )
    ]
