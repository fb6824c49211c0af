"""Whether the domain of the return path lets the provider send (RFC 7208)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mailer.core.diagnosis import About, Entry, Finding, Severity, Topic
from mailer.core.records import spf
from mailer.core.records.spf import MOST_LOOKUPS, MOST_VOID, Spf, Term
from mailer.core.saying import Verbatim, says
from mailer.ports import Looked, Names, RecordKind, Unanswered

_GIVE_UP = 3 * MOST_LOOKUPS  # questions after which a chain is surely too long
_REFUSED = says("receivers count every message as failed, and with DMARC refuse it")
_PERMERROR = says(
    "receivers count every message as failed, and with DMARC refuse it (permerror)"
)
_TOO_MANY = says(
    "receivers count every message as failed, and with DMARC refuse it (permerror, RFC"
    " 7208 §4.6.4)"
)


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
        counted.faults.append(
            says("%(term)s leads to a domain with several SPF records", term=term.text)
            if records
            else says("%(term)s leads to a domain with no SPF record", term=term.text)
        )
    elif records[0].fault:
        counted.faults.append(
            says(
                "the record of %(target)s is wrong: %(fault)s",
                target=target,
                fault=records[0].fault,
            )
        )
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
    told = About(Topic.DNS, says("SPF of %(domain)s", domain=domain))
    records = read(names, domain)
    if isinstance(records, Unanswered):
        return [told.unasked(records.why)]
    if not records:
        return [_missing(told, domain, include, vendor)]
    if len(records) > 1:
        return [
            told.fail(
                says(
                    "there are %(records)s records, and only one is allowed",
                    records=len(records),
                ),
                _REFUSED,
                says("put what they allow into one record, and delete the others"),
            )
        ]
    (record,) = records
    if record.fault:
        return [
            told.fail(
                says("it cannot be read: %(fault)s", fault=record.fault),
                _REFUSED,
                says(
                    "mend the record; it reads now: %(text)s",
                    text=Verbatim(record.text),
                ),
            )
        ]
    counted = tally(names, domain, record)
    findings = [*_ending(told, record), *_counted(told, counted)]
    if any(term.name == "ptr" for term in record.terms):
        findings.append(
            told.note(
                says("ptr should not be used any more (RFC 7208 §5.5)"),
                says("some receivers pass over it"),
                says("name addresses instead, with ip4: and ip6:"),
            )
        )
    if include and not _includes(counted, include):
        findings.append(_lacking(told, domain, record, include, vendor))
    if counted.silent and not findings:
        findings.append(told.unasked(counted.silent.why))
    if any(finding.severity is not Severity.NOTE for finding in findings):
        return findings
    return [
        told.ok(
            says(
                "one record, %(lookups)s of %(most)s look-ups",
                lookups=counted.lookups,
                most=MOST_LOOKUPS,
            )
        ),
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
            says("there is no record"),
            says("receivers cannot tell that the mail is yours, and file it as spam"),
            says(
                "publish a record that names whatever %(vendor)s sends from, for"
                " example",
                vendor=vendor,
            ),
            Entry(name=domain, kind="TXT", value="v=spf1 a mx ~all"),
        )
    return told.fail(
        says("there is no record"),
        says("receivers cannot tell that the mail is yours, and file it as spam"),
        says("publish"),
        Entry(name=domain, kind="TXT", value=spf.with_include(None, include)),
    )


def _lacking(
    told: About, domain: str, record: Spf, include: str, vendor: str
) -> Finding:
    return told.fail(
        says(
            "%(vendor)s may not send: include:%(include)s is missing",
            vendor=vendor,
            include=include,
        ),
        says("receivers count SPF as failed; what DKIM does not save is refused"),
        says("change the record to"),
        Entry(name=domain, kind="TXT", value=spf.with_include(record, include)),
    )


def _ending(told: About, record: Spf) -> Sequence[Finding]:
    end = record.end
    if end is None:
        return [
            told.warn(
                says("it does not say what becomes of everybody else"),
                says("anybody can bounce mail through your name"),
                says("add ~all at its end"),
            )
        ]
    if end.name == "all" and end.qualifier == "+":
        return [
            told.fail(
                says(
                    "%(text)s lets the whole world send in this domain's name",
                    text=end.text,
                ),
                says("receivers trust nothing from it, and spammers use it"),
                says("write ~all in place of %(text)s", text=end.text),
            )
        ]
    if end.name == "all" and end.qualifier == "?":
        return [
            told.warn(
                says("?all says nothing about everybody else"),
                says("it protects nobody, and some receivers count it as no record"),
                says("write ~all in place of ?all"),
            )
        ]
    return []


def _counted(told: About, counted: Tally) -> Sequence[Finding]:
    findings = [
        told.fail(
            fault,
            _PERMERROR,
            says("take it out, or mend where it leads"),
        )
        for fault in counted.faults
    ]
    if counted.lookups > MOST_LOOKUPS:
        many = str(counted.lookups) if counted.lookups <= _GIVE_UP else says("endless")
        findings.append(
            told.fail(
                says(
                    "%(many)s look-ups; receivers stop at %(most)s",
                    many=many,
                    most=MOST_LOOKUPS,
                ),
                _TOO_MANY,
                says(
                    "take out what no longer sends; chains: %(included)s",
                    included=tuple(counted.included),
                ),
            )
        )
    elif counted.lookups == MOST_LOOKUPS:
        findings.append(
            told.note(
                says("all %(most)s look-ups are used", most=MOST_LOOKUPS),
                says("one more, also at a provider you include, and every check fails"),
                says("take out what no longer sends"),
            )
        )
    if len(counted.voids) > MOST_VOID:
        findings.append(
            told.fail(
                says(
                    "%(voids)s look-ups find nothing; %(most)s are allowed",
                    voids=len(counted.voids),
                    most=MOST_VOID,
                ),
                _TOO_MANY,
                says("take out %(voids)s", voids=tuple(counted.voids)),
            )
        )
    elif counted.voids:
        findings.append(
            told.note(
                says("nothing stands at %(voids)s", voids=tuple(counted.voids)),
                "",
                says("take it out of the record"),
            )
        )
    return findings
