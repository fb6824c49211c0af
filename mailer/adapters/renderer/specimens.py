"""Every message that mailer can send, on the sample data beside its templates."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from mailer.adapters.renderer.locating import spelled
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.records import read_json, record
from mailer.adapters.renderer.sample import Sample, read_sample
from mailer.adapters.renderer.specimen import Specimen, Write
from mailer.core import lists
from mailer.core.blast import Blast, Confirmed, Occasion, Urgency, Version
from mailer.core.errors import InputError
from mailer.core.notices import (
    Confirmation,
    Correction,
    Erratum,
    Note,
    NoteKind,
    Occurrence,
)
from mailer.ports import Rendered

_LIST = lists.parse(
    {"title": {"en": "Weekly actions", "es": "Acciones de la semana"}},
    file="(sample)",
    slug="weekly",
)
_SHOWN = 35


def specimens(templates: Path) -> Mapping[str, Specimen]:
    """Return every message by its name; raises InputError naming file and key."""
    email = templates / "email"
    digest = read_sample(email / "digest" / "sample.json")
    quiet = read_sample(email / "quiet" / "sample.json")
    found = [
        digest_specimen("digest", digest),
        digest_specimen("quiet", quiet),
        _specimen("confirm", "confirm", digest, _confirm(email)),
        _specimen("correction", "correction", digest, _correction(email, digest)),
    ]
    file = email / "blast" / "sample.json"
    for name, data in _table(file, "blasts").items():
        write = _blast(data, f"{spelled(file)}: {name}")
        found.append(_specimen(f"blast-{name}", "blast", digest, write))
    file = email / "note" / "sample.json"
    for name, data in _table(file, "notes").items():
        write = _note(name, data, f"{spelled(file)}: {name}")
        found.append(_specimen(f"note-{name}", "note", digest, write))
    return {specimen.name: specimen for specimen in found}


def digest_specimen(name: str, sample: Sample) -> Specimen:
    """Return a digest as a specimen; without actions it is a quiet week."""
    empty = not sample.digest.upcoming and not sample.digest.changes
    return _specimen(name, "quiet" if empty else "digest", sample, _digest(sample))


def _specimen(name: str, folder: str, sample: Sample, write: Write) -> Specimen:
    return Specimen(name=name, folder=folder, write=write, sample=sample)


def _table(file: Path, key: str) -> Mapping[str, Any]:
    table = read_json(file).get(key)
    if not isinstance(table, dict):
        raise InputError(f"{spelled(file)}: the key {key} must be an object in braces")
    return table


def _digest(sample: Sample) -> Write:
    def write(mail: MailRenderer, language: str, slots: Mapping[str, str]) -> Rendered:
        digest = sample.in_language(language)
        return mail.digest(digest, mailing_list=_LIST, shown=_SHOWN, slots=slots)

    return write


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blast:
    """A blast in each of its languages."""

    versions: Mapping[str, Version]
    in_both: bool  # both languages in one mail
    urgency: Urgency
    occasion: Occasion | None = None
    answer_url: str | None = None
    confirmed: Confirmed | None = None


def _blast(data: object, where: str) -> Write:
    sample = record(_Blast, data, where)
    first = next(iter(sample.versions))

    def write(mail: MailRenderer, language: str, slots: Mapping[str, str]) -> Rendered:
        own = language if language in sample.versions else first
        others = [words for key, words in sample.versions.items() if key != own]
        version = replace(sample.versions[own], language=language)
        blast = Blast(
            version=version,
            translation=others[0] if others and sample.in_both else None,
            urgency=sample.urgency,
            occasion=sample.occasion,
            answer_url=sample.answer_url,
            confirmed=sample.confirmed,
        )
        return mail.blast(blast, slots=slots)

    return write


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """A note, the words in it by language."""

    names: Mapping[str, Mapping[str, str]] | None = None
    moments: Mapping[str, datetime] | None = None
    said: Mapping[str, str] | None = None
    occurrence: Occurrence | None = None
    url: str | None = None


def _note(kind: str, data: object, where: str) -> Write:
    sample = record(_Note, data, where)
    kind_ = record(NoteKind, kind, where)

    def write(mail: MailRenderer, language: str, slots: Mapping[str, str]) -> Rendered:
        note = Note(
            kind=kind_,
            language=language,
            names={name: _said(by, language) for name, by in _pairs(sample.names)},
            moments=sample.moments or {},
            said=_said(sample.said, language) if sample.said else None,
            occurrence=sample.occurrence,
            url=sample.url,
        )
        return mail.note(note, slots={"leave": slots["leave"]})

    return write


def _pairs(
    names: Mapping[str, Mapping[str, str]] | None,
) -> list[tuple[str, Mapping[str, str]]]:
    return list((names or {}).items())


def _said(by: Mapping[str, str], language: str) -> str:
    return by.get(language) or next(iter(by.values()), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Confirmation:
    expires_on: date
    on_behalf: bool


def _confirm(email: Path) -> Write:
    file = email / "confirm" / "sample.json"
    sample = record(_Confirmation, _unannotated(file), spelled(file))

    def write(mail: MailRenderer, language: str, slots: Mapping[str, str]) -> Rendered:
        confirmation = Confirmation(
            language=language,
            expires_on=sample.expires_on,
            on_behalf=sample.on_behalf,
        )
        return mail.confirmation(confirmation, mailing_list=_LIST, slots=slots)

    return write


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What the wrong mail said of an action where it was wrong."""

    start_date: date | None = None
    start_time: time | None = None
    venue: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Correction:
    sent_on: date
    said: Mapping[str, _Said]  # the number of an action in the digest's sample → what
    errata: Mapping[str, tuple[Erratum, ...]]


def _correction(email: Path, digest: Sample) -> Write:
    file = email / "correction" / "sample.json"
    sample = record(_Correction, _unannotated(file), spelled(file))
    items = []
    for item in digest.digest.upcoming:
        said = sample.said.get(str(item.action_id))
        if said is not None:
            before = {
                name: value
                for name in ("start_date", "start_time", "venue")
                if (value := getattr(said, name)) is not None
            }
            items.append(replace(item, before=replace(item.facts, **before)))

    def write(mail: MailRenderer, language: str, slots: Mapping[str, str]) -> Rendered:
        correction = Correction(
            language=language,
            list_slug="weekly",
            edition=digest.digest.edition,
            sent_on=sample.sent_on,
            items=tuple(items),
            errata=sample.errata.get(language, ()),
            our_mistake=True,
        )
        return mail.correction(correction, slots=slots)

    return write


def _unannotated(file: Path) -> dict[str, Any]:
    return {key: value for key, value in read_json(file).items() if key != "about"}
