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
        content = _looked_at(asked, shown, shown.message, stamp, ready=note is None)
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
</header>
<div class="layout">
<nav aria-label="Messages">{"".join(_navigation(asked, choices))}</nav>
<main>
{f'<p class="alert marigold"><b>Lists are left out.</b> {escape(note)}</p>' if note else ""}
<h1>{escape(heading)}</h1>
{content}
</main>
</div>
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
        yield f"<h2>{escape(group)}</h2><ul>"
        for one in several:
            address = Asked(of=one.key, language=asked.language).address()
            current = _current(chosen=one.key == asked.of)
            title = f"<bdi>{escape(one.title)}</bdi>"
            yield f'<li><a href="{address}"{current}>{title}</a></li>'
        yield "</ul>"


def _current(*, chosen: bool) -> str:
    return ' aria-current="page"' if chosen else ""


def _looked_at(
    asked: Asked, shown: Shown, message: Message, stamp: str, *, ready: bool
) -> str:
    looks = "".join(_frames(asked, look, stamp) for look in Look)
    others = "".join(_beside(asked, one, stamp) for one in shown.beside)
    return f"""<p class="soft">{escape(message.preheader)}</p>
<div class="columns">
<aside aria-label="Findings">{_card(message, shown.findings, ready=ready)}</aside>
<div class="looks">
{others}{looks}
<section class="plain"><h2>Plain text</h2>
<pre tabindex="0" lang="{escape(message.language)}">{escape(message.text)}</pre>
<p class="small"><a href="{asked.address("/source")}">HTML as it is sent</a></p></section>
</div>
</div>"""


def _frames(asked: Asked, look: Look, stamp: str) -> str:
    figures = "".join(
        f'<div class="{look}">{_figure(asked, look, stamp, name, f"{words}, {width}")}</div>'
        for name, (words, width) in _WIDTHS.items()
    )
    return (
        f"<section><h2>{look.capitalize()}</h2>"
        f'<div class="frames">{figures}</div></section>'
    )


def _figure(asked: Asked, look: Look, stamp: str, name: str, words: str) -> str:
    return (
        f'<figure class="{name}"><figcaption>{words}</figcaption>'
        f'<div class="screen"><iframe title="{escape(asked.of)}, {words}, {look}"'
        ' sandbox="allow-same-origin"'
        f' src="{asked.address("/message", look=look, v=stamp)}"></iframe></div></figure>'
    )


def _beside(asked: Asked, other: Choice, stamp: str) -> str:
    """Return both of two that one has to choose from, on the same digest."""
    figures = "".join(
        f'<div class="light">{_figure(one, Look.LIGHT, stamp, "phone", escape(words))}</div>'
        for one, words in (
            (asked, asked.of.partition("/")[2]),
            (Asked(of=other.key, language=asked.language), other.title),
        )
    )
    return f'<section><h2>Choose one</h2><div class="frames">{figures}</div></section>'


def _card(message: Message, findings: Sequence[Finding], *, ready: bool) -> str:
    badge = (
        '<span class="badge jade">Ready</span>'
        if ready
        else '<span class="badge marigold">Not yet</span>'
    )
    counted = f'<p class="big">{len(findings)}</p>' if findings else ""
    said = "findings" if len(findings) != 1 else "finding"
    head = (
        f"{counted}<p><b>{said} for {len({one.gate for one in findings})} of"
        f" {len(GATES)} gates</b></p>"
        if findings
        else f"<p>{badge}</p><p><b>All {len(GATES)} gates"
        f" are passed{'' if ready else '; what is said above is not yet mended'}.</b></p>"
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
        f'<div class="card"><div class="count">{head}</div>'
        f'<dl class="small">{rows}</dl>'
        f'<ul class="findings">{listed}</ul></div>'
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
