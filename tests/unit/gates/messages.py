"""Messages to check: the sample digest, and digests at the ends of what can be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path

from mailer.adapters.gates import Message
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.sample import read_sample
from mailer.core import lists
from mailer.core.digest import Digest, Item, ItemKind, Section, SectionKind
from mailer.core.envelope import markers
from mailer.core.limits import HTML_LIMIT
from mailer.core.model import Facts, LocationVisibility, Place, Sponsor

TEMPLATES = Path(__file__).parents[3] / "templates"
SAMPLE = read_sample(TEMPLATES / "email" / "digest" / "sample.json")
WEEKLY = lists.parse({"title": "Weekly"}, file="weekly.toml", slug="weekly")
BASE = "https://mail.example.org"
TOKEN = "t" * 52  # as long as a real one
SHOWN = 35


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """A digest, and what people wrote in it that a template might have left."""

    digest: Digest
    brand: Mapping[str, object]
    organization: str | None = SAMPLE.organization
    quoted: tuple[str, ...] = ()


def rendered(extreme: Extreme, language: str) -> Message:
    """Render as one reader gets it, showing as much as fits."""
    brand = replace(SAMPLE.brand, **extreme.brand)  # type: ignore[arg-type]
    mail = MailRenderer(TEMPLATES, brand, BASE)
    digest = replace(extreme.digest, language=language)
    shown = min(SHOWN, len(digest.upcoming))
    while True:
        slots = markers("c0ffee")
        one = mail.digest(digest, mailing_list=WEEKLY, shown=shown, slots=slots)
        if len(one.html.encode()) <= HTML_LIMIT:
            break
        shown -= 1
    reason = mail.reason(language, extreme.organization, SAMPLE.consented_on)
    html, text = one.html, one.text
    for name, marker in slots.items():
        value = reason if name.startswith("reason") else f"{TOKEN}{name[0]}"
        html = html.replace(marker, _escaped(value))
        text = text.replace(marker, value)
    return Message(
        language=language,
        subject=one.subject,
        preheader=one.preheader,
        html=html,
        text=text,
        leave_url=f"{BASE}/u/{TOKEN}l",
        quoted=extreme.quoted,
        postal_address=brand.postal_address,
    )


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@cache
def good() -> Message:
    """The sample digest in English, in which nothing is to be found."""
    return rendered(Extreme(digest=SAMPLE.digest, brand={}), "en")


# --- digests at the ends


def _sections(items: list[Item]) -> tuple[Section, ...]:
    near, rest = tuple(items[:4]), tuple(items[4:])
    return tuple(
        Section(kind=kind, items=part)
        for kind, part in ((SectionKind.NEAR, near), (SectionKind.COUNTRY, rest))
        if part
    )


def _crowd(number: int) -> Digest:
    """So many actions over three weeks, each with six sponsors."""
    base = SAMPLE.digest.near[0]
    names = [f"Coalition of {letter}town" for letter in "ABCDEF"]
    items = [
        replace(
            base,
            action_id=index,
            public_id=f"crowd-{index}",
            kind=ItemKind.NEW if index % 3 else ItemKind.COMING,
            distance_km=None,
            facts=replace(
                base.facts,
                start_date=date(2019, 10, 8) + timedelta(days=index % 20),
                sponsors=tuple(Sponsor(name=name) for name in names),
            ),
        )
        for index in range(number)
    ]
    return replace(SAMPLE.digest, sections=_sections(items))


def _with(**facts: object) -> Digest:
    """Four actions near and two elsewhere, all with these facts; some changed."""
    base = SAMPLE.digest.near[0]
    now = replace(base.facts, **facts)  # type: ignore[arg-type]
    items = [
        replace(base, action_id=index, public_id=f"with-{index}", facts=now)
        for index in range(6)
    ]
    moved = replace(now, start_date=now.start_date - timedelta(days=1))
    changed = replace(items[0], kind=ItemKind.CHANGED, before=moved)
    changes = Section(kind=SectionKind.CHANGES, items=(changed,))
    reader = (
        now.place if isinstance(facts.get("place"), Place) else SAMPLE.digest.reader
    )
    return replace(
        SAMPLE.digest,
        reader=reader,
        sections=(changes, *_sections([changed, *items[1:]])),
    )


def _named(words: str, **facts: object) -> Digest:
    """Everything that people can write, written like this."""
    place = replace(SAMPLE.digest.near[0].facts.place, label=words, locality=words)
    fields = ("title", "target", "venue", "address", "description", "note")
    written: dict[str, object] = dict.fromkeys(fields, words)
    sponsors = tuple(Sponsor(name=f"{words} {number}") for number in range(3))
    return _with(**written, place=place, sponsors=sponsors, kind=words, **facts)


def _said(words: str, digest: Digest) -> Extreme:
    # The name is one line without control characters: mailer.toml is refused otherwise.
    name = "".join(letter for letter in words if letter.isprintable())
    brand = {"name": name, "note": {"en": words, "es": words}, "postal_address": name}
    return Extreme(digest=digest, brand=brand, organization=words, quoted=(words,))


HOSTILE = (
    "{{ 7*7 }} {% raw %} zqc0ffe-leave-qz %(name)s <script>alert(1)</script> <b>&amp;"
    " <!--[if mso]> --> ]]> \u202egnihtemos\u202c \u2066x\u2069 \x92 \x00 ' \" onload=x"
)
NOTHING = replace(
    SAMPLE.digest.near[0].facts,
    start_time=None,
    venue=None,
    address=None,
    target=None,
    note=None,
    sponsors=(),
)


def _bare() -> Digest:
    facts = Facts(
        start_date=NOTHING.start_date,
        time_zone=NOTHING.time_zone,
        place=Place(label="Ajo, AZ", locality="Ajo"),
        status=NOTHING.status,
    )
    item = Item(
        action_id=1, public_id="bare", version=1, kind=ItemKind.COMING, facts=facts
    )
    section = Section(kind=SectionKind.COUNTRY, items=(item,))
    return replace(SAMPLE.digest, reader=None, sections=(section,))


def _plain(digest: Digest) -> Extreme:
    return Extreme(digest=digest, brand={})


EXTREMES: Mapping[str, Callable[[], Extreme]] = {
    "no action": lambda: _plain(replace(SAMPLE.digest, sections=())),
    "one action": lambda: _plain(_crowd(1)),
    "27 actions": lambda: _plain(_crowd(27)),
    "60 actions": lambda: _plain(_crowd(60)),
    "longest names": lambda: _said(
        "Llanfairpwllgwyngyllgogerychwyrndrobwll " * 3,
        _named("Coordinadora de Organizaciones Comunitarias Unidas " * 3),
    ),
    "one endless word": lambda: _said("W" * 120, _named("W" * 120)),
    "28 sponsors": lambda: _plain(
        _with(sponsors=tuple(Sponsor(name=f"Organization {n}") for n in range(28)))
    ),
    "right to left": lambda: _said("تحالف العدالة", _named("مسيرة من أجل العدالة")),
    "emoji": lambda: _said("✊🏽 Vigilia 🕯️", _named("✊🏽 Marcha 👩‍👩‍👧‍👦 " * 8)),
    "hostile": lambda: _said(HOSTILE, _named(HOSTILE)),
    "nothing optional": lambda: Extreme(
        digest=_bare(),
        brand={"postal_address": None, "reply_to": None, "note": {}, "signature": {}},
        organization=None,
    ),
    "on request": lambda: _plain(
        _with(location_visibility=LocationVisibility.RSVP_ONLY, end_time=time(23, 30))
    ),
}
