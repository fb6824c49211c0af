"""Previews: the files that show what each group of readers would get."""

from datetime import date
from pathlib import Path
from typing import Any

from mailer.adapters import addresses
from mailer.bootstrap import Project
from mailer.cli.which import draft
from mailer.core import envelope
from mailer.core.audience import Group
from mailer.core.errors import NotFoundError
from mailer.core.lists import MailingList
from mailer.core.mime import MimeForm
from mailer.ports import Addressee, Batch, Composed, Intent, Mailing


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
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, variant in enumerate(composition.variants, start=1):
        name = f"{mailing.list_slug}-{mailing.edition}-{number:03}-{variant.language}"
        _write(project, mailing, variant, person, folder / name)
        rows.append(_described(variant, name))
    skipped = sum(1 for key in composition.assignment.values() if key is None)
    return {"folder": str(folder), "variants": rows, "skipped": skipped}


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


def _write(
    project: Project,
    mailing: Mailing,
    variant: Composed,
    person: Addressee | None,
    path: Path,
) -> None:
    reader = person or Addressee(
        subscriber_id=0,
        uid=bytes(16),  # a link that leads nowhere
        address="reader@example.org",
        organization=None,
        consented_on=date.fromisoformat(mailing.edition),
    )
    intent = Intent(
        batch=Batch(mailing=mailing, variant_id=0, seq=0, epoch=0, attempt=1),
        key="",
        language=variant.language,
        subject=variant.subject,
        html=variant.html,
        text=variant.text,
        sent_at=mailing.as_of,
        addressees=[reader],
    )
    outgoing = project.writer.outgoing(intent)
    recipient = outgoing.recipients[0]
    html, text = envelope.filled(outgoing.letter, recipient)
    path.with_suffix(".html").write_text(html, encoding="utf-8")
    path.with_suffix(".txt").write_text(text, encoding="utf-8")
    message = MimeForm(outgoing.letter, outgoing.date).fill(recipient)
    path.with_suffix(".eml").write_bytes(message)


def _described(variant: Composed, file: str) -> dict[str, Any]:
    """Return what a report says of a variant."""
    return {
        "file": file,
        "language": variant.language,
        "place": variant.place,
        "subject": variant.subject,
        "bytes": len("".join(variant.html.texts).encode()),
        "actions": len(variant.items),
    }
