"""Whether the domain of the return path lets the provider send (RFC 7208)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mailer.core.diagnosis import About, Entry, Finding, Severity, Topic
from mailer.core.records import spf
from mailer.core.records.spf import MOST_LOOKUPS, MOST_VOID, Spf, Term
from mailer.ports import Looked, Names, RecordKind, Unanswered

_GIVE_UP = 3 * MOST_LOOKUPS  # questions after which a chain is surely too long
_REFUSED = "receivers count every message as failed, and with DMARC refuse it"


@dataclass(slots=True)
class Tally:
    """What a receiver has to ask, in the worst case, and what it finds."""

    lookups: int = 0
    voids: list[str] = field(default_factory=list)
    included: dict[str, int] = field(default_factory=dict)  # after so many look-ups
    faults: list[str] = field(default_factory=list)
    silent: Unanswered | None = None


def read(names: Names, domain: str) -> Sequence[Spf] | Unanswered:
    """Return every SPF record of a domain; exactly one is right."""
    found = names.look(domain, RecordKind.TXT)
    if isinstance(found, Unanswered):
        return found
    return [spf.parse(text) for text in found.values if spf.looks_so(text)]


def tally(names: Names, domain: str, record: Spf) -> Tally:
    """Follow a record as a receiver does whose server is in none of its parts."""
    counted = Tally()
    _follow(names, domain, record, counted)
    return counted


def _follow(names: Names, domain: str, record: Spf, counted: Tally) -> None:
    for term in record.followed:
        counted.lookups += 1
        if counted.lookups > _GIVE_UP:
            return
        if not term.is_fixed or term.name == "ptr":
            continue
        target = (term.value or domain).lower()
        if term.name in {"include", "redirect"}:
            _enter(names, target, term, counted)
        else:
            _probe(names, target, term, counted)


def _enter(names: Names, target: str, term: Term, counted: Tally) -> None:
    counted.included.setdefault(target, counted.lookups)
    found = names.look(target, RecordKind.TXT)
    if isinstance(found, Unanswered):
        counted.silent = found
        return
    if not found.values:
        counted.voids.append(target)
    records = [spf.parse(text) for text in found.values if spf.looks_so(text)]
    if len(records) != 1:
        many = "several SPF records" if records else "no SPF record"
        counted.faults.append(f"{term.text} leads to a domain with {many}")
    elif records[0].fault:
        counted.faults.append(f"the record of {target} is wrong: {records[0].fault}")
    else:
        _follow(names, target, records[0], counted)


def _probe(names: Names, target: str, term: Term, counted: Tally) -> None:
    kinds = [RecordKind.MX] if term.name == "mx" else [RecordKind.A]
    if term.name == "a":
        kinds.append(RecordKind.AAAA)
    answers = [names.look(target, kind) for kind in kinds]
    for answer in answers:
        if isinstance(answer, Unanswered):
            counted.silent = answer
            return
    if not any(isinstance(each, Looked) and each.values for each in answers):
        counted.voids.append(target)


def examine(
    names: Names, domain: str, *, include: str | None, vendor: str
) -> Sequence[Finding]:
    """Look at the SPF of the domain that bounces go to."""
    told = About(Topic.DNS, f"SPF of {domain}")
    records = read(names, domain)
    if isinstance(records, Unanswered):
        return [told.unasked(records.why)]
    if not records:
        return [_missing(told, domain, include, vendor)]
    if len(records) > 1:
        return [
            told.fail(
                f"there are {len(records)} records, and only one is allowed",
                _REFUSED,
                "put what they allow into one record, and delete the others",
            )
        ]
    (record,) = records
    if record.fault:
        return [
            told.fail(
                f"it cannot be read: {record.fault}",
                _REFUSED,
                f"mend the record; it reads now: {record.text}",
            )
        ]
    counted = tally(names, domain, record)
    findings = [*_ending(told, record), *_counted(told, counted)]
    if any(term.name == "ptr" for term in record.terms):
        findings.append(
            told.note(
                "ptr should not be used any more (RFC 7208 §5.5)",
                "some receivers pass over it",
                "name addresses instead, with ip4: and ip6:",
            )
        )
    if include and not _includes(counted, include):
        findings.append(_lacking(told, domain, record, include, vendor))
    if counted.silent and not findings:
        findings.append(told.unasked(counted.silent.why))
    if any(finding.severity is not Severity.NOTE for finding in findings):
        return findings
    return [
        told.ok(f"one record, {counted.lookups} of {MOST_LOOKUPS} look-ups"),
        *findings,
    ]


def _includes(counted: Tally, include: str) -> bool:
    return any(
        target == include or target.endswith(f".{include}")
        for target in counted.included
    )


def _missing(told: About, domain: str, include: str | None, vendor: str) -> Finding:
    if include is None:
        return told.fail(
            "there is no record",
            "receivers cannot tell that the mail is yours, and file it as spam",
            f"publish a record that names whatever {vendor} sends from, for example",
            Entry(name=domain, kind="TXT", value="v=spf1 a mx ~all"),
        )
    return told.fail(
        "there is no record",
        "receivers cannot tell that the mail is yours, and file it as spam",
        "publish",
        Entry(name=domain, kind="TXT", value=spf.with_include(None, include)),
    )


def _lacking(
    told: About, domain: str, record: Spf, include: str, vendor: str
) -> Finding:
    return told.fail(
        f"{vendor} may not send: include:{include} is missing",
        "receivers count SPF as failed; what DKIM does not save is refused",
        "change the record to",
        Entry(name=domain, kind="TXT", value=spf.with_include(record, include)),
    )


def _ending(told: About, record: Spf) -> Sequence[Finding]:
    end = record.end
    if end is None:
        return [
            told.warn(
                "it does not say what becomes of everybody else",
                "anybody can bounce mail through your name",
                "add ~all at its end",
            )
        ]
    if end.name == "all" and end.qualifier == "+":
        return [
            told.fail(
                f"{end.text} lets the whole world send in this domain's name",
                "receivers trust nothing from it, and spammers use it",
                f"write ~all in place of {end.text}",
            )
        ]
    if end.name == "all" and end.qualifier == "?":
        return [
            told.warn(
                "?all says nothing about everybody else",
                "it protects nobody, and some receivers count it as no record",
                "write ~all in place of ?all",
            )
        ]
    return []


def _counted(told: About, counted: Tally) -> Sequence[Finding]:
    findings = [
        told.fail(
            fault, f"{_REFUSED} (permerror)", "take it out, or mend where it leads"
        )
        for fault in counted.faults
    ]
    if counted.lookups > MOST_LOOKUPS:
        many = str(counted.lookups) if counted.lookups <= _GIVE_UP else "endless"
        findings.append(
            told.fail(
                f"{many} look-ups; receivers stop at {MOST_LOOKUPS}",
                f"{_REFUSED} (permerror, RFC 7208 §4.6.4)",
                f"take out what no longer sends; chains: {', '.join(counted.included)}",
            )
        )
    elif counted.lookups == MOST_LOOKUPS:
        findings.append(
            told.note(
                f"all {MOST_LOOKUPS} look-ups are used",
                "one more, also at a provider you include, and every check fails",
                "take out what no longer sends",
            )
        )
    if len(counted.voids) > MOST_VOID:
        findings.append(
            told.fail(
                f"{len(counted.voids)} look-ups find nothing; {MOST_VOID} are allowed",
                f"{_REFUSED} (permerror, RFC 7208 §4.6.4)",
                f"take out {', '.join(counted.voids)}",
            )
        )
    elif counted.voids:
        findings.append(
            told.note(
                f"nothing stands at {', '.join(counted.voids)}",
                "",
                "take it out of the record",
            )
        )
    return findings
