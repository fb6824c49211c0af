"""What composing costs: `python benchmarks/render.py [--quick] [--json] [--variants N]`.

One variant of the sample digest from its content to HTML and plain text, and of that
the part that puts the styles in place: by premailer, which we use, and by css-inline,
in the same run. Then 100 variants, or N, which is 50 places in two languages.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from report import Report, Row, medians, parser, tell

from mailer.adapters.renderer.inline import Engine, inline
from mailer.adapters.renderer.mail import MailRenderer
from mailer.adapters.renderer.press import Press
from mailer.adapters.renderer.sample import read_sample
from mailer.adapters.renderer.view import view
from mailer.core import lists
from mailer.core.digest import Digest
from mailer.core.envelope import markers

TEMPLATES = Path(__file__).parent.parent / "templates"
BASE_URL = "https://mail.example.org"
SAMPLE = read_sample(TEMPLATES / "email" / "digest" / "sample.json")
WEEKLY = lists.parse({"title": "Weekly"}, file="weekly.toml", slug="weekly")
SLOTS = markers("0123456789abcdef")
SHOWN = 35
VARIANTS = 100
RECIPIENTS = 10_000


def renderer(engine: Engine) -> MailRenderer:
    """Return what composes with the project's templates and one of the inliners."""
    return MailRenderer(TEMPLATES, SAMPLE.brand, BASE_URL, engine)


def variants(number: int) -> list[Digest]:
    """Return digests of which no two are the same, by turns in each language."""
    return [
        replace(
            SAMPLE.in_language("es" if index % 2 else "en"),
            reader=replace(SAMPLE.digest.near[0].facts.place, label=f"Place {index}"),
        )
        for index in range(number)
    ]


def composing(engine: Engine, digests: list[Digest]) -> Callable[[], int]:
    """Return the part that composes each of these digests."""
    mail = renderer(engine)

    def compose() -> int:
        for digest in digests:
            mail.digest(digest, mailing_list=WEEKLY, shown=SHOWN, slots=SLOTS)
        return len(digests)

    return compose


def inlining(engine: Engine, page: str) -> Callable[[], int]:
    """Return the part that puts the styles of one page in place."""

    def place() -> int:
        inline(page, engine)
        return 1

    return place


class Proof(Press):
    """A press that leaves the styles where they are."""

    def _inlined(self, page: str, slots: Mapping[str, str], file: str) -> str:
        del slots, file
        return page


def page() -> str:
    """Return the sample digest before its styles are put in place."""
    seen = view(SAMPLE.digest, brand=SAMPLE.brand, base_url=BASE_URL, shown=SHOWN)
    press = Proof(TEMPLATES, SAMPLE.brand, BASE_URL)
    return press.letter("digest", "en", {"view": seen}, SLOTS).html


def row(case: str, ours: float, baseline: float, name: str) -> Row:
    """Set milliseconds beside milliseconds."""
    return Row(
        case=case,
        ours=ours * 1000,
        baseline=baseline * 1000,
        baseline_name=name,
        less_is_better=True,
    )


def main() -> None:
    """Measure and report."""
    asked = parser(__doc__)
    asked.add_argument("--variants", type=int, default=VARIANTS, help="how many")
    options = asked.parse_args()
    rounds, number = 3 if options.quick else 15, options.variants
    tell("render: one variant, by premailer and by css-inline")
    whole, proof = variants(2), page()
    one = medians(
        {
            "premailer": composing(Engine.PREMAILER, whole),
            "css-inline": composing(Engine.CSS_INLINE, whole),
            "premailer, styles": inlining(Engine.PREMAILER, proof),
            "css-inline, styles": inlining(Engine.CSS_INLINE, proof),
        },
        rounds=rounds,
    )
    tell(f"render: {number} variants")
    many = variants(number)
    hundred = medians(
        {engine: composing(engine, many) for engine in Engine},
        rounds=1 if options.quick else 3,
    )
    ours, theirs = (hundred[engine] * number for engine in Engine)
    styles = one["premailer, styles"] / one["premailer"]
    other = one["css-inline, styles"] / one["css-inline"]
    Report(
        name="render",
        unit="milliseconds of CPU time",
        rows=(
            row("one variant", one["premailer"], one["css-inline"], "css-inline"),
            row(
                "of which its styles",
                one["premailer, styles"],
                one["css-inline, styles"],
                "css-inline",
            ),
            row(f"{number} variants", ours, theirs, "css-inline"),
            row(
                f"{number} variants for {RECIPIENTS:,} recipients",
                ours,
                one["premailer"] * RECIPIENTS,
                "one each (reckoned)",
            ),
        ),
        notes=(f"premailer takes {styles:.0%} of a variant, css-inline {other:.0%}.",),
    ).print(as_json=options.json)


if __name__ == "__main__":
    main()
