"""Messages to look at without a database: every specimen, as gates look at it.

What the renderer's list of specimens holds comes under the gates, into the preview
and into the gallery. A folder that somebody copied, as templates/email/regional, is
looked at with its own sample.
"""

from collections.abc import Sequence
from pathlib import Path

from mailer.adapters.gates import Message
from mailer.adapters.gates.quoting import strings
from mailer.adapters.renderer.brand import Brand
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import Sample, read_sample
from mailer.adapters.renderer.specimen import Specimen
from mailer.adapters.renderer.specimens import specimens
from mailer.core import lists
from mailer.core.errors import NotFoundError

SAMPLE = "sample.json"
BASE = "https://mail.example.org"
_SHOWN = 35  # as many actions as a digest shows in full
_TOKEN = "t" * 51  # what a specimen fills its slots with
_PERSONAL = frozenset(
    {"confirm", "note"}
)  # to one person, of no list: nothing to leave


def names(templates: Path) -> Sequence[str]:
    """Return what there is to look at; raises InputError naming file and key."""
    known = specimens(templates)
    return [*known, *_copies(templates, {one.folder for one in known.values()})]


def message(
    templates: Path, name: str, language: str, brand: Brand | None = None
) -> Message:
    """Print a specimen for a reader of this language, as from this coalition.

    Without a brand it is from the one in the sample data.

    Raises NotFoundError without sample data, InputError when it is wrong, and
    TemplateError, each naming the file.
    """
    known = specimens(templates)
    if name in known:
        return printed(templates, known[name], language, brand)
    if name in _copies(templates, {one.folder for one in known.values()}):
        return printed(templates, _copy(templates, name), language, brand)
    raise NotFoundError(
        f"templates/email/{name}: there is no {SAMPLE}; copy one from another template"
    )


def printed(
    templates: Path, specimen: Specimen, language: str, brand: Brand | None = None
) -> Message:
    """Print a specimen as gates look at it."""
    brand = brand or specimen.sample.brand
    mail = MailRenderer(templates, brand, BASE)
    letter = specimen.letter(mail, language)
    return Message(
        language=language,
        subject=letter.subject,
        preheader=letter.preheader,
        html=letter.html,
        text=letter.text,
        leave_url=None if specimen.folder in _PERSONAL else f"{BASE}/u/{_TOKEN}",
        quoted=(*strings(specimen.sample), *strings(brand)),
        postal_address=brand.postal_address,
    )


def _copies(templates: Path, known: set[str]) -> Sequence[str]:
    found = (templates / "email").glob(f"[!_]*/{SAMPLE}")
    return sorted({file.parent.name for file in found} - known)


def _copy(templates: Path, folder: str) -> Specimen:
    sample: Sample = read_sample(templates / "email" / folder / SAMPLE)
    mailing_list = lists.parse(
        {"title": folder, "template": folder}, file=SAMPLE, slug="sample"
    )
    return Specimen(
        name=folder,
        folder=folder,
        write=lambda mail, language, slots: mail.digest(
            sample.in_language(language),
            mailing_list=mailing_list,
            shown=_SHOWN,
            slots=slots,
        ),
        sample=sample,
    )
