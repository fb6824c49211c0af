"""What is wrong in a way that is easily overlooked, and what only looks wrong."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from mailer.adapters.gates import Gate, check
from tests.unit.gates.messages import BASE, good
from tests.unit.gates.test_gates import (
    Breaking,
    both,
    html,
    in_head,
    inside,
    linked,
    text,
)


def outlook(markup: str) -> Breaking:
    return inside(f"<!--[if mso]>{markup}<![endif]-->")


ACTIONS = f"{BASE}/actions"
SLY: Mapping[str, tuple[Gate, Breaking]] = {
    "a host with invisible letters": (Gate.LINKS, linked("exa\u200bm\u00adple.com")),
    "a host in two elements": (Gate.LINKS, linked("exam<b>ple</b>.com")),
    "a host with a capital": (Gate.LINKS, linked("Example.Com/login")),
    "a number as host in words": (Gate.LINKS, linked("See 192.0.2.1/login")),
    "a number as host": (Gate.LINKS, linked("Our site", "https://192.0.2.1/x")),
    "a name before the host": (
        Gate.LINKS,
        linked("Our site", "https://mail.example.org@evil.example/"),
    ),
    "a backslash in an address": (
        Gate.LINKS,
        linked("Our site", "https://mail.example.org\\@evil.example"),
    ),
    "an address without a host": (Gate.LINKS, linked("Our site", "https:///x")),
    "mailto without an address": (
        Gate.LINKS,
        inside('<p><a href="mailto:">Write to us</a></p>'),
    ),
    "a host that is only read out": (
        Gate.LINKS,
        inside(f'<p><a href="{ACTIONS}" aria-label="example.com">Go there now</a></p>'),
    ),
    "a host that shows when one points": (
        Gate.LINKS,
        inside(f'<p><a href="{ACTIONS}" title="https://bank.example">All</a></p>'),
    ),
    "an area of a map": (
        Gate.LINKS,
        inside('<map name="m"><area href="javascript:1" alt="Map"></map>'),
    ),
    "click here, and an arrow": (Gate.LINKS, linked("Click here! →")),
    "click here in Spanish": (Gate.LINKS, linked("Da clic aquí")),
    "learn more": (Gate.LINKS, linked("Learn more")),
    "a link for Outlook alone": (Gate.LINKS, outlook('<a href="http://a.org">A</a>')),
    "white words by an attribute": (
        Gate.CONTRAST,
        inside('<p><font color="#FFFFFF">a</font></p>'),
    ),
    "transparent words": (Gate.CONTRAST, inside('<p style="color:transparent">a</p>')),
    "faint words": (Gate.CONTRAST, inside('<p style="opacity:0.1">a<b>b</b></p>')),
    "white words on all screens": (
        Gate.CONTRAST,
        in_head("@media screen { p { color: #FFFFFF !important; } }"),
    ),
    "white words on phones": (
        Gate.CONTRAST,
        in_head("@media (max-width: 480px) { p { color: #FFFFFF !important; } }"),
    ),
    "a dark block for anything but the dark": (
        Gate.DARK,
        html("@media (prefers", "@media not all and (prefers"),
    ),
    "a dark block for paper": (
        Gate.DARK,
        html("@media (prefers", "@media print and (prefers"),
    ),
    "words of five points": (Gate.TYPE, inside('<p style="font-size:5pt">a</p>')),
    "words small on phones only": (
        Gate.TYPE,
        in_head("@media (max-width: 480px) { p { font-size: 8px !important; } }"),
    ),
    "a leave link that nobody sees": (
        Gate.LEAVING,
        lambda m: html(f'class="whole" href="{m.leave_url}"', 'class="whole"')(
            html(
                f'<a href="{m.leave_url}"', f'<a hidden href="{m.leave_url}"', times=9
            )(m)
        ),
    ),
    "a leave link without words": (
        Gate.LEAVING,
        lambda m: replace(m, html=m.html.replace("Leave this list", "")),
    ),
    "a pixel that counts": (
        Gate.FOREIGN,
        inside('<img src="https://a.org/p.gif" alt="" width="1" height="1">'),
    ),
    "a picture behind a cell": (
        Gate.FOREIGN,
        inside(
            '<table role="presentation"><tr><td background="https://a.org/p.png">a</td>'
            "</tr></table>"
        ),
    ),
    "another picture for sharp screens": (
        Gate.FOREIGN,
        inside(
            '<img src="https://a.org/p.png" srcset="https://b.org/p.png 2x" alt=""'
            ' width="9" height="9">'
        ),
    ),
    "url( spelled by its code": (
        Gate.FOREIGN,
        in_head("p { background-color: u\\72l(https://a.org/x) }"),
    ),
    "src( in an attribute": (
        Gate.FOREIGN,
        inside("<p style=\"background-color:src('https://a.org/x')\">a</p>"),
    ),
    "a picture for Outlook alone": (
        Gate.FOREIGN,
        outlook('<v:rect><v:fill type="frame" src="https://a.org/p.png" /></v:rect>'),
    ),
    "a script for Outlook alone": (Gate.FOREIGN, outlook("<script>1</script>")),
    "a ghost table closed before it is opened": (
        Gate.OUTLOOK,
        lambda m: outlook('<table role="presentation">')(outlook("</table>")(m)),
    ),
    "a division for Outlook without an end": (Gate.OUTLOOK, outlook("<div>")),
    "a heading of data in a layout": (
        Gate.TABLES,
        inside('<table role="presentation"><tr><th>a</th></tr></table>'),
    ),
    "a language that is none": (Gate.LANGUAGE, inside('<p lang="english">Hello</p>')),
    "an h1 that nobody sees": (Gate.HEADINGS, html("<h1 ", "<h1 hidden ")),
    "an image of no width": (
        Gate.IMAGES,
        inside('<img src="https://a.org/p.png" alt="" width="0" height="9">'),
    ),
    "an image at no host": (
        Gate.IMAGES,
        inside('<img src="https://" alt="" width="9" height="9">'),
    ),
    "a unit that is none": (Gate.SUPPORT, inside('<p style="margin:2p">a</p>')),
    "a colour of four digits": (
        Gate.SUPPORT,
        inside('<p style="background-color:#FFF;color:#1E1712">a</p>'),
    ),
    "a brace too many": (Gate.LEFTOVERS, inside("<p>leave_url }}</p>")),
    "a blank of a note": (Gate.LEFTOVERS, inside("<p>You left {List}.</p>")),
    "None": (Gate.LEFTOVERS, inside("<p>None</p>")),
    "a macro without parentheses": (
        Gate.LEFTOVERS,
        inside("<p>&lt;Macro &#39;heading&#39;&gt;</p>"),
    ),
    "a program's own thing": (
        Gate.LEFTOVERS,
        both("Week of", "object at 0x7f0c12ab Week of"),
    ),
    "another program's slot": (Gate.LEFTOVERS, inside("<p>*|UNSUB|*</p>")),
    "what is escaped twice": (Gate.LEFTOVERS, inside("<p>You &amp;amp; me</p>")),
    "markup among words": (Gate.LEFTOVERS, inside("<p>&lt;b&gt;Come&lt;/b&gt;</p>")),
    "an override by its code": (Gate.CONTROLS, inside("<p>a&#8238;b&#x202e;c</p>")),
    "a mark by its name": (Gate.CONTROLS, inside("<p>a&rlm;b</p>")),
    "a second line in the subject": (
        Gate.CONTROLS,
        lambda m: replace(m, subject=f"{m.subject}\nBcc: a@example.org"),
    ),
    "half a character": (Gate.CONTROLS, text("Week of", "\udfffWeek of")),
    "half a character in the page": (Gate.CONTROLS, inside("<p>a\ud800b</p>")),
    "a preheader of nothing": (
        Gate.PREHEADER,
        lambda m: replace(m, preheader="\u200c" * 70),
    ),
}


@pytest.mark.parametrize("name", SLY)
def test_what_is_easily_overlooked_is_found(name: str) -> None:
    gate, broken = SLY[name]
    assert gate in {finding.gate for finding in check(broken(good()))}


def url_in_text(before: str, url: str, after: str) -> Breaking:
    page = inside(f'<p><a href="{url}">Our own page</a></p>')
    return lambda m: replace(page(m), text=f"{m.text}\n{before}{url}{after}\n")


def somebody_wrote(words: str) -> Breaking:
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;")
    page = inside(f"<p>{escaped}</p>")
    return lambda m: replace(
        page(m), text=f"{m.text}\n{words}\n", quoted=(f"So: {words} they said",)
    )


FINE: Mapping[str, Breaking] = {
    "a file": linked("plan.pdf"),
    "a program": linked("Node.js meetup"),
    "cities and names": linked("St.Louis, No.Kings, Dr.King and the U.S.Senate"),
    "an address in brackets": url_in_text("(", f"{BASE}/a", ")."),
    "an address with brackets": url_in_text("", f"{BASE}/a_(protest)", ""),
    "an address between quotation marks": url_in_text("“", f"{BASE}/a", "”"),
    "an address that ends in a dot": url_in_text("", f"{BASE}/a.", ""),
    "the other spelling of a revealed comment": inside(
        "<!--[if !mso]><!-- --><p>a</p><!--<![endif]-->"
    ),
    "ghost tables around a column": lambda m: outlook("</td></tr></table>")(
        outlook('<table role="presentation"><tr><td>')(m)
    ),
    "a picture that is a link": lambda m: replace(
        inside(
            f'<p><a href="{ACTIONS}"><img src="https://a.org/p.png" alt="All actions"'
            ' width="9" height="9"></a></p>'
        )(m),
        text=f"{m.text}\n{ACTIONS}\n",
    ),
    "a heading that is a picture": inside(
        '<h2><img src="https://a.org/p.png" alt="Near you" width="90" height="9"></h2>'
    ),
    "a selector with a namespace": in_head("svg|a { margin: 0 }"),
    "braces with quotation marks": somebody_wrote("{{ 'a' < \"b\" }} March"),
    "braces without an end": somebody_wrote("{{ and so on and on and on"),
    "braces with what nobody sees": somebody_wrote("{{ a\u200b }} March"),
    "a blank": somebody_wrote("{list} <b> &amp; None }}"),
    "a rule that shows on other screens": in_head(
        "@media print { p { color: #FFFFFF !important; } }"
    ),
    "dark rules for the screen": html("@media (prefers", "@media screen and (prefers"),
}


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_let_through(name: str) -> None:
    assert check(FINE[name](good())) == []
