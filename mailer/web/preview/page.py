"""The page itself: what to look at, the frames, and the findings beside them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from urllib.parse import urlencode

from mailer.adapters.gates import GATES, Finding, Message, Severity
from mailer.core.limits import HTML_LIMIT
from mailer.web.preview.desk import Choice, Shown, Trouble
from mailer.web.preview.frame import Look

LANGUAGES = {"en": "English", "es": "Español"}
_WIDTHS = {"phone": ("Phone", 375), "desk": ("Desktop", 600)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to see."""

    of: str
    language: str

    def address(self, path: str = "/", **more: str) -> str:
        """Return where it is, safe in an attribute."""
        words = {"of": self.of, "language": self.language, **more}
        return escape(f"{path}?{urlencode(words)}")


def page(
    asked: Asked,
    shown: Shown,
    choices: Sequence[Choice],
    *,
    note: str | None,
    stamp: str,
) -> str:
    """Return the whole page."""
    title = next((one.title for one in choices if one.key == asked.of), asked.of)
    if shown.message is not None:
        content = _looked_at(asked, shown.message, shown.findings, stamp)
        heading = shown.message.subject
    else:
        content = _trouble(shown.trouble or Trouble(words="There is nothing to show."))
        heading = "There is nothing to see"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{escape(title)}: preview</title>
<link rel="stylesheet" href="/preview.css">
<script src="/preview.js" defer></script>
</head>
<body data-stamp="{escape(stamp)}">
<header>
<div class="bar"><p class="name">Preview</p>
<p class="state" id="state" role="status">Follows your edits.</p>
{_languages(asked)}</div>
<nav aria-label="Messages">{"".join(_navigation(asked, choices))}</nav>
</header>
<main>
{f'<p class="alert marigold"><b>Lists are left out.</b> {escape(note)}</p>' if note else ""}
<h1>{escape(heading)}</h1>
{content}
</main>
</body>
</html>
"""


def _languages(asked: Asked) -> str:
    links = (
        f'<a href="{Asked(of=asked.of, language=code).address()}" lang="{code}"'
        f"{_current(chosen=code == asked.language)}>{name}</a>"
        for code, name in LANGUAGES.items()
    )
    return f'<p class="languages">{"".join(links)}</p>'


def _navigation(asked: Asked, choices: Iterable[Choice]) -> Iterator[str]:
    for group, several in groupby(choices, key=lambda choice: choice.group):
        yield f'<div class="group"><span class="small soft">{escape(group)}</span>'
        for one in several:
            address = Asked(of=one.key, language=asked.language).address()
            current = _current(chosen=one.key == asked.of)
            yield f'<a href="{address}"{current}>{escape(one.title)}</a>'
        yield "</div>"


def _current(*, chosen: bool) -> str:
    return ' aria-current="page"' if chosen else ""


def _looked_at(
    asked: Asked, message: Message, findings: Sequence[Finding], stamp: str
) -> str:
    looks = "".join(_frames(asked, look, stamp) for look in Look)
    return f"""<p class="soft">{escape(message.preheader)}</p>
<div class="columns">
<aside aria-label="Findings">{_card(message, findings)}</aside>
<div class="looks">
{looks}
<section class="plain"><h2>Plain text</h2>
<pre tabindex="0" lang="{escape(message.language)}">{escape(message.text)}</pre>
<p class="small"><a href="{asked.address("/source")}">HTML as it is sent</a></p></section>
</div>
</div>"""


def _frames(asked: Asked, look: Look, stamp: str) -> str:
    figures = "".join(
        f'<figure class="{name}"><figcaption>{words}, {width}</figcaption>'
        f'<div class="screen"><iframe title="{words}, {look}" sandbox="allow-same-origin"'
        f' src="{asked.address("/message", look=look, v=stamp)}"></iframe></div></figure>'
        for name, (words, width) in _WIDTHS.items()
    )
    return (
        f'<section class="{look}"><h2>{look.capitalize()}</h2>'
        f'<div class="frames">{figures}</div></section>'
    )


def _card(message: Message, findings: Sequence[Finding]) -> str:
    counted = f'<p class="big">{len(findings)}</p>' if findings else ""
    said = "findings" if len(findings) != 1 else "finding"
    head = (
        f"{counted}<p><b>{said} for {len({one.gate for one in findings})} of"
        f" {len(GATES)} gates</b></p>"
        if findings
        else f'<p><span class="badge jade">Ready</span></p><p><b>All {len(GATES)} gates'
        " are passed.</b></p>"
    )
    sizes = (
        ("HTML", f"{len(message.html.encode()):,} of {HTML_LIMIT:,} bytes"),
        ("Text", f"{len(message.text.encode()):,} bytes"),
        ("Subject", f"{len(message.subject)} characters"),
        ("Preheader", f"{len(message.preheader)} characters"),
    )
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in sizes)
    listed = "".join(map(_finding, findings))
    return (
        f'<div class="card">{head}<ul class="findings">{listed}</ul>'
        f'<dl class="small">{rows}</dl></div>'
    )


def _finding(finding: Finding) -> str:
    error = finding.severity is Severity.ERROR
    badge, colour = ("Fix first", "brick") if error else ("Look", "marigold")
    what, _, rest = finding.words.partition(": ")
    words = f"<b>{escape(what)}:</b> {escape(rest)}" if rest else escape(what)
    return (
        f'<li><span class="badge {colour}">{badge}</span>'
        f' <span class="small soft">{escape(finding.gate)}</span>'
        f"<p>{words}</p>"
        f'<p class="small soft">{escape(finding.where)}</p></li>'
    )


def _trouble(trouble: Trouble) -> str:
    lines = "".join(
        f'<li value="{number}"{" class=here" if here else ""}><code>{escape(line)}</code>'
        "</li>"
        for number, line, here in trouble.excerpt
    )
    lead = "<b>Mend this, and save:</b> " if lines else ""
    return f'<p class="alert brick" role="alert">{lead}{escape(trouble.words)}</p>' + (
        f'<ol class="excerpt">{lines}</ol>' if lines else ""
    )
