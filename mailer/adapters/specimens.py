"""Messages to look at without a database: every template with its sample data.

The one place that knows how a folder of `templates/email/` becomes a message; what is
listed here comes under the gates, into the preview and into the gallery.
"""

import html
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mailer.adapters.gates import Message
from mailer.adapters.gates.quoting import strings
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import read_sample
from mailer.core import lists
from mailer.core.envelope import markers
from mailer.core.errors import InputError, NotFoundError

SAMPLE = "sample.json"
_BASE = "https://mail.example.org"
_TOKEN = "sample".ljust(52, "x")  # as long as a real one
_SHOWN = 35  # as many actions as a digest shows in full

Printer = Callable[[Path, str, str], Message]


def names(templates: Path) -> Sequence[str]:
    """Return the folders of `templates/email/` that have sample data."""
    found = (templates / "email").glob(f"[!_]*/{SAMPLE}")
    return sorted(file.parent.name for file in found)


def message(templates: Path, name: str, language: str) -> Message:
    """Print a template with its sample data, for a reader of this language.

    Raises NotFoundError without sample data, InputError when it is wrong, and
    TemplateError, each naming the file.
    """
    if name not in names(templates):
        raise NotFoundError(
            f"templates/email/{name}: there is no {SAMPLE}; copy one from another"
            " template"
        )
    return _PRINTERS[_kind(templates / "email" / name / SAMPLE)](
        templates, name, language
    )


def _kind(file: Path) -> str:
    try:
        data = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise InputError(f"{file}: {error}") from error
    kind = data.get("message", "digest") if isinstance(data, dict) else None
    if kind not in _PRINTERS:
        raise InputError(f"{file}: message: must be one of {', '.join(_PRINTERS)}")
    return str(kind)


def _digest(templates: Path, name: str, language: str) -> Message:
    sample = read_sample(templates / "email" / name / SAMPLE)
    mail = MailRenderer(templates, sample.brand, _BASE)
    slots = markers("5a3b1e")
    rendered = mail.digest(
        sample.in_language(language),
        mailing_list=lists.parse(
            {"title": name, "template": name}, file=SAMPLE, slug="sample"
        ),
        shown=_SHOWN,
        slots=slots,
    )
    reason = mail.reason(language, sample.organization, sample.consented_on)
    page, text = rendered.html, rendered.text
    for slot, marker in slots.items():
        value = reason if slot.startswith("reason") else _TOKEN
        page = page.replace(marker, html.escape(value))
        text = text.replace(marker, value)
    return Message(
        language=language,
        subject=rendered.subject,
        preheader=rendered.preheader,
        html=page,
        text=text,
        leave_url=f"{_BASE}/u/{_TOKEN}",
        quoted=tuple(strings(sample)),
    )


# What "message" in sample.json may say.
_PRINTERS: Mapping[str, Printer] = {"digest": _digest}
