"""Previews: the files that show what each group of readers would get."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mailer.adapters import addresses, proofing, untranslated
from mailer.adapters.gates import Finding, Message, Severity, Untranslated, check
from mailer.adapters.gates.quoting import strings
from mailer.bootstrap import Project
from mailer.cli import absent
from mailer.cli.which import draft
from mailer.core.audience import Group
from mailer.core.draft import Draft
from mailer.core.errors import NotFoundError
from mailer.core.lists import MailingList
from mailer.core.mime import MimeForm
from mailer.ports import Addressee, Batch, Composed, Intent, Mailing, Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What gates must know that no message says."""

    quoted: Sequence[str]  # what people wrote
    untranslated: tuple[Untranslated, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """One variant as a reader gets it."""

    variant: Composed
    outgoing: Outgoing
    message: Message


def write(
    project: Project,
    mailing_list: MailingList,
    edition: str | None,
    address: str | None,
    folder: Path,
) -> dict[str, Any]:
    """Write .html, .txt and .eml of each variant; returns what was written."""
    mailing = draft(project, mailing_list, edition)
    groups = project.ledger.groups(mailing)
    person = None
    if address:
        person, group = _reader(project, mailing, address)
        groups = [group]
    composition = project.composer.preview(mailing, mailing_list, groups)
    _clear(folder, mailing)
    lacking = untranslated.untranslated(
        project.folder / "templates", project.settings.coalition.languages
    )
    known = Known(quoted=what_people_wrote(project), untranslated=tuple(lacking))
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, variant in enumerate(composition.variants, start=1):
        name = f"{mailing.list_slug}-{mailing.edition}-{number:03}-{variant.language}"
        previewed = as_sent(project, mailing, variant, known, person)
        keep(previewed, folder / name)
        rows.append(_described(previewed, name))
    skipped = sum(1 for key in composition.assignment.values() if key is None)
    return {
        "folder": str(folder),
        "mailing": f"{mailing.list_slug}/{mailing.edition}",
        "variants": rows,
        "skipped": skipped,
        "left_out": [] if address else list(absent.sentences(project, mailing)),
    }


def _clear(folder: Path, mailing: Mailing) -> None:
    """Remove what an earlier preview of this edition wrote, and nothing else.

    Versions are numbered: an old file beside the new ones would look like one of them.
    """
    name = re.escape(f"{mailing.list_slug}-{mailing.edition}")
    ours = re.compile(rf"{name}-\d{{3,}}-[a-z]+\.(?:html|txt|eml)")
    for file in folder.glob("*") if folder.is_dir() else ():
        if ours.fullmatch(file.name) and file.is_file():
            file.unlink()


def errors(written: Mapping[str, Any]) -> int:
    """Return how many findings forbid sending."""
    found = (finding for row in written["variants"] for finding in row["findings"])
    return sum(finding["severity"] == Severity.ERROR for finding in found)


def as_sent(
    project: Project,
    mailing: Mailing,
    variant: Composed,
    known: Known,
    person: Addressee | None = None,
) -> Previewed:
    """Fill a variant for one person, or for somebody whose links lead nowhere."""
    outgoing = project.writer.outgoing(_intent(mailing, variant, person))
    message = proofing.as_read(
        variant,
        outgoing,
        brand=project.brand,
        base_url=project.settings.base_url,
        quoted=known.quoted,
        untranslated=known.untranslated,
    )
    return Previewed(variant=variant, outgoing=outgoing, message=message)


def as_sent_by(
    project: Project, draft: Draft, variant: Composed, person: Addressee | None
) -> Previewed:
    """Fill a blast's variant for one person, or for somebody whose links lead nowhere."""
    outgoing = project.letter(draft, variant, person)
    message = project.as_read(draft, variant, person)
    return Previewed(variant=variant, outgoing=outgoing, message=message)


def what_people_wrote(project: Project) -> Sequence[str]:
    """Return the words in a digest that no template wrote."""
    actions: Iterable[object] = project.actions.relevant(project.clock())
    return (
        *strings(project.brand),
        *(said for one in actions for said in strings(one)),
    )


def _reader(
    project: Project, mailing: Mailing, address: str
) -> tuple[Addressee, Group]:
    subscriber = project.people.find(addresses.spelled(address))
    found = project.ledger.reader(mailing, subscriber) if subscriber else None
    if found is None:
        raise NotFoundError(
            f"this address has no active subscription to {mailing.list_slug};"
            " mailer why ADDRESS says more"
        )
    return found


def _intent(mailing: Mailing, variant: Composed, person: Addressee | None) -> Intent:
    reader = person or Addressee(
        subscriber_id=0,
        uid=bytes(16),  # a link that leads nowhere
        address="reader@example.org",
        organization=None,
        consented_on=date.fromisoformat(mailing.edition),
    )
    return Intent(
        batch=Batch(mailing=mailing, variant_id=0, seq=0, epoch=0, attempt=1),
        key="",
        language=variant.language,
        subject=variant.subject,
        html=variant.html,
        text=variant.text,
        sent_at=mailing.as_of,
        addressees=[reader],
    )


def keep(previewed: Previewed, path: Path) -> None:
    """Write a message's .html, .txt and .eml."""
    message = previewed.message
    path.with_suffix(".html").write_text(message.html, encoding="utf-8")
    path.with_suffix(".txt").write_text(message.text, encoding="utf-8")
    path.with_suffix(".eml").write_bytes(sent(previewed.outgoing))


def sent(outgoing: Outgoing) -> bytes:
    """Return what leaves for the first recipient, octet by octet."""
    return MimeForm(outgoing.letter, outgoing.date).fill(outgoing.recipients[0])


def _described(previewed: Previewed, file: str) -> dict[str, Any]:
    """Return what a report says of a variant."""
    variant = previewed.variant
    return {
        "file": file,
        "language": variant.language,
        "place": variant.place,
        "subject": variant.subject,
        "preheader": variant.preheader,
        "bytes": len("".join(variant.html.texts).encode()),
        "actions": len(variant.items),
        "findings": [asdict(finding) for finding in check(previewed.message)],
    }


def told_once(written: Mapping[str, Any]) -> Sequence[tuple[Finding, Sequence[str]]]:
    """Return each finding with the variants it is in: most are in all of them."""
    files: dict[tuple[str, str], list[str]] = {}
    first: dict[tuple[str, str], Finding] = {}
    for row in written["variants"]:
        for one in row["findings"]:
            key = (one["gate"], one["words"])
            first.setdefault(key, Finding(**one))
            if row["file"] not in files.setdefault(key, []):
                files[key].append(row["file"])
    return [(finding, files[key]) for key, finding in first.items()]
