"""Every gate lets the good message through and finds its own kind of broken one."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mailer.adapters.gates import (
    GATES,
    Finding,
    Gate,
    Message,
    Severity,
    Untranslated,
    check,
)
from tests.unit.gates.messages import BASE, good

Breaking = Callable[[Message], Message]


def html(old: str, new: str, *, times: int = 1) -> Breaking:
    """Put something else into the page; what is replaced must be there."""

    def broken(message: Message) -> Message:
        assert old in message.html
        return replace(message, html=message.html.replace(old, new, times))

    return broken


def text(old: str, new: str) -> Breaking:
    def broken(message: Message) -> Message:
        assert old in message.text
        return replace(message, text=message.text.replace(old, new, 1))

    return broken


def both(old: str, new: str) -> Breaking:
    return lambda message: text(old, new)(html(old, new, times=99)(message))


def inside(added: str) -> Breaking:
    """Add something at the end of the body."""
    return html("</body>", f"{added}\n</body>")


def linked(words: str, href: str = f"{BASE}/actions") -> Breaking:
    """Add a link, to the text as well."""

    def broken(message: Message) -> Message:
        message = inside(f'<p><a href="{href}">{words}</a></p>')(message)
        return replace(
            message, text=f"{message.text}\n{href.removeprefix('mailto:')}\n"
        )

    return broken


def in_head(css: str) -> Breaking:
    return html("</head>", f"<style>{css}</style>\n</head>")


def preheader(words: str) -> Breaking:
    def broken(message: Message) -> Message:
        page = message.html.replace(message.preheader, words, 1)
        return replace(message, preheader=words, html=page)

    return broken


def said_twice(message: Message) -> Message:
    """Leave the upper leave link out."""
    link = f'<a class="whole" href="{message.leave_url}"'
    assert link in message.html
    return html(link, f'<a class="whole" href="{BASE}/actions"')(
        replace(message, text=f"{message.text}\n{BASE}/actions\n")
    )


def unleavable(message: Message) -> Message:
    url = str(message.leave_url)
    return replace(
        message,
        html=message.html.replace(url, f"{BASE}/actions"),
        text=message.text.replace(url, f"{BASE}/actions"),
    )


PHOTO = '<img src="https://example.org/a.png"'
UNTRANSLATED = Untranslated(words="No Spanish for “Near you”.", where="body.html")
LINE = f"{'word ' * 20}\n"
BROKEN: list[tuple[Gate, str, Breaking]] = [
    (Gate.SIZE, "Gmail cuts", inside(f"<p>{LINE * 950}</p>")),
    (Gate.LINES, "1,207 bytes", inside(f"<p>{'word ' * 240}</p>")),
    (Gate.LINES, "ñ counts twice", inside(f"<p>{'ñandú ' * 150}</p>")),
    (Gate.LANGUAGE, 'lang="en"', html('<html lang="en"', '<html lang="de"')),
    (Gate.LANGUAGE, 'dir="ltr"', html(' dir="ltr" xmlns', " xmlns")),
    (Gate.LANGUAGE, "Webmail", html('" lang="en" dir="ltr">', '">')),
    (Gate.LANGUAGE, "<title>", lambda m: html(m.subject + "</title>", "</title>")(m)),
    (Gate.HEADINGS, "0 <h1>", lambda m: html("</h1>", "</p>")(html("<h1", "<p")(m))),
    (Gate.HEADINGS, "2 <h1>", inside("<h1>Again</h1>")),
    (Gate.HEADINGS, "follows <h2>", inside("<h2>One</h2><h4>Deeper</h4>")),
    (Gate.HEADINGS, "without words", inside("<h2> </h2>")),
    (Gate.IMAGES, "without alt", inside(f'{PHOTO} width="9" height="9">')),
    (Gate.IMAGES, "without width", inside(f'{PHOTO} alt="" height="9">')),
    (
        Gate.IMAGES,
        "without width and height",
        inside(f'{PHOTO} alt="" width="100%" height="auto">'),
    ),
    (
        Gate.IMAGES,
        "https://",
        inside('<img src="data:image/png;base64,AA" alt="" width="9" height="9">'),
    ),
    (Gate.IDS, 'id="twice"', inside('<p id="twice">a</p><p id="twice">b</p>')),
    (Gate.TABLES, "rows and columns", inside("<table><tr><td>a</td></tr></table>")),
    (
        Gate.TABLES,
        "for Outlook",
        inside("<!--[if mso]><table><tr><td></td></tr></table><![endif]-->"),
    ),
    (Gate.LINKS, "name www.example.com", linked("See www.example.com/now")),
    (Gate.LINKS, "name xn--", linked("mаil.example.org", BASE)),  # noqa: RUF001 - Cyrillic
    (Gate.LINKS, "name example.com", linked("example。com")),
    (
        Gate.LINKS,
        "name example.org",
        linked("example.org", "https://example.org.evil.com"),
    ),
    (Gate.LINKS, "name example.org", linked("example.org", "https://notexample.org")),
    (Gate.LINKS, "another address", linked("a@example.org", "mailto:b@example.org")),
    (Gate.LINKS, "says only", linked("click here")),
    (Gate.LINKS, "says only", linked("Aquí")),
    (Gate.LINKS, "without words", linked("")),
    (Gate.LINKS, "only https", linked("Our site", "http://example.org/")),
    (Gate.LINKS, "only https", inside('<p><a href="javascript:alert(1)">Go</a></p>')),
    (Gate.LEAVING, "List-Unsubscribe", unleavable),
    (Gate.LEAVING, "comes after", said_twice),
    (
        Gate.LEAVING,
        "only one",
        lambda m: html(f'<a href="{m.leave_url}"', f'<a href="{BASE}/actions"')(
            replace(m, text=f"{m.text}\n{BASE}/actions\n")
        ),
    ),
    (Gate.OUTLOOK, "no counterpart", inside("<!--[if mso]><p>lost</p>-->")),
    (Gate.OUTLOOK, "no counterpart", inside("<!--[if !mso]><!--><p>a</p>")),
    (Gate.OUTLOOK, "no counterpart", inside("<!--<![endif]-->")),
    (Gate.OUTLOOK, "<td> is not closed", inside("<!--[if mso]><td><![endif]-->")),
    (Gate.FOREIGN, "<script>", inside("<script>1</script>")),
    (Gate.FOREIGN, "<form>", inside("<form></form>")),
    (Gate.FOREIGN, "<input>", inside('<input type="text">')),
    (Gate.FOREIGN, "<iframe>", inside("<iframe></iframe>")),
    (
        Gate.FOREIGN,
        "<link>",
        html("</head>", '<link rel="stylesheet" href="https://a.org/x.css"></head>'),
    ),
    (Gate.FOREIGN, "@import", in_head('@import "https://a.org/x.css";')),
    (Gate.FOREIGN, "url(…)", in_head("p { background-color: url(https://a.org/x) }")),
    (
        Gate.FOREIGN,
        "url(…)",
        inside('<p style="background:URL(https://a.org/x.png)">a</p>'),
    ),
    (Gate.FOREIGN, "onclick", inside('<p onclick="x()">a</p>')),
    (
        Gate.FOREIGN,
        "refresh",
        html("</head>", '<meta http-equiv="Refresh" content="0"></head>'),
    ),
    (Gate.SUPPORT, "position: ", inside('<p style="position:absolute">a</p>')),
    (Gate.SUPPORT, "display:flex: Outlook", inside('<p style="display: flex">a</p>')),
    (Gate.SUPPORT, "rem: Outlook", inside('<p style="margin:2rem">a</p>')),
    (Gate.SUPPORT, "calc(): ", inside('<p style="width:calc(1px + 2px)">a</p>')),
    (
        Gate.SUPPORT,
        "rgba(): ",
        inside('<p style="background-color:rgba(0,0,0,0)">a</p>'),
    ),
    (Gate.SUPPORT, "wombat: Most", inside('<p style="wombat:1">a</p>')),
    (Gate.SUPPORT, "<section>: ", inside("<section>a</section>")),
    (Gate.SUPPORT, "<svg>: ", inside("<svg></svg>")),
    (Gate.SUPPORT, "<marquee>: ", inside("<marquee>a</marquee>")),
    (Gate.SUPPORT, "@font-face", in_head("@font-face { font-family: x }")),
    (Gate.STYLES, "without a space", in_head("p { margin: 0!important }")),
    (
        Gate.STYLES,
        "stands inside @media",
        in_head("@media print { @media (max-width: 1px) { p { margin: 0 } } }"),
    ),
    (Gate.STYLES, "may drop one", in_head("p { margin: 0 }\n" * 600)),
    (Gate.DARK, "color-scheme", html('<meta name="color-scheme"', "<meta")),
    (Gate.DARK, "shines", html("prefers-color-scheme: dark", "min-width: 9000px")),
    (
        Gate.DARK,
        "nothing changes",
        in_head("@media (prefers-color-scheme: dark) { p { margin: 0 } }"),
    ),
    (
        Gate.CONTRAST,
        "In light mode #777777 on #777777",
        html(
            "</body>",
            '<p style="color:#777777;background-color:#777777">a</p></body>',
        ),
    ),
    (
        Gate.CONTRAST,
        "In dark mode #5F564D on #1A1613",
        html(".paper .soft, .paper .soft a { color: #BBB1A6 !important; }", ""),
    ),
    (
        Gate.CONTRAST,
        "In dark mode #F5F0E8 on #FFD054",
        html(
            ".board { background-color: #EDB740 !important; }",
            ".headline { color: #F5F0E8 !important; }",
        ),
    ),
    (Gate.TYPE, "of 9 pixels", inside('<p style="font-size:9px">a</p>')),
    (Gate.LAYOUT, "900 pixels wide", inside('<p style="width:900px">a</p>')),
    (Gate.LAYOUT, "viewport", html('<meta name="viewport"', "<meta")),
    (Gate.LAYOUT, "<!DOCTYPE html>", html("<!DOCTYPE html>", "")),
    (
        Gate.LAYOUT,
        "may not break",
        inside(f'<p style="white-space:nowrap">{"word " * 12}</p>'),
    ),
    (
        Gate.LAYOUT,
        'width="700"',
        inside(
            '<!--[if mso]><table role="presentation" width="700"></table><![endif]-->'
        ),
    ),
    (Gate.SUBJECT, "has 251 characters", lambda m: replace(m, subject="W" * 251)),
    (
        Gate.POSTAL,
        "The postal address",
        html("PO Box 000000, San Diego", "PO Box, San Diego"),
    ),
    (Gate.POSTAL, "The postal address", text("PO Box 000000", "PO Box")),
    (Gate.SUBJECT, "is empty", lambda m: replace(m, subject=" \u200b")),
    (Gate.PREHEADER, "has 5 characters", preheader("Hello")),
    (Gate.PREHEADER, "has 120 characters", preheader("Twelve words " * 9 + "Hi.")),
    (Gate.PREHEADER, "does not begin", lambda m: html(m.preheader, "Other words")(m)),
    (
        Gate.PREHEADER,
        "before the preheader",
        html('<div class="preheader"', "<p>Hi</p>\n<div"),
    ),
    (Gate.PREHEADER, "not hidden", html("mso-hide:all", "")),
    (Gate.LEFTOVERS, "{{ leave_url }}", inside("<p>{{ leave_url }}</p>")),
    (Gate.LEFTOVERS, "{% if %}", text("Week of", "{% if %} Week of")),
    (Gate.LEFTOVERS, "%(city)s", both("Week of", "%(city)s week of")),
    (Gate.LEFTOVERS, "zqc0ffee-leave-qz", inside("<p>zqc0ffee-leave-qz</p>")),
    (Gate.LEFTOVERS, "{{ who }}", lambda m: replace(m, subject="Hello {{ who }}")),
    (
        Gate.TRANSLATION,
        "No Spanish",
        lambda m: replace(m, untranslated=(UNTRANSLATED,)),
    ),
    (
        Gate.TRANSLATION,
        "8 more",
        lambda m: replace(m, untranslated=(UNTRANSLATED,) * 20),
    ),
    (
        Gate.LEFTOVERS,
        "}}",
        inside("<p>{ draw.heading(_(&quot;Near&quot;)) }}</p>"),
    ),
    (Gate.CONTROLS, "U+202E", inside("<p>a\u202eb</p>")),
    (Gate.CONTROLS, "U+2067", text("Week of", "\u2067Week of")),
    (Gate.CONTROLS, "U+0092", inside("<p>a\x92b</p>")),
    (
        Gate.TEXT,
        "does not: who reads",
        inside(f'<p><a href="{BASE}/map">Map</a></p>'),
    ),
    (
        Gate.TEXT,
        "links to mailto:desk@example.org",
        inside('<p><a href="mailto:desk@example.org">Write</a></p>'),
    ),
    (Gate.TEXT, "no link to it", text("Week of", f"{BASE}/only-here Week of")),
    (Gate.TEXT, "“<b>” is HTML", text("Week of", "<b>Week of")),
    (Gate.TEXT, "“&nbsp;” is HTML", text("Week of", "Week&nbsp;of")),
    (Gate.TEXT, "is empty", lambda m: replace(m, text=" \n", leave_url=None)),
]


def test_nothing_is_found_in_the_good_message() -> None:
    assert check(good()) == []


@pytest.mark.parametrize(
    ("gate", "words", "broken"),
    BROKEN,
    ids=[f"{gate}-{words[:24]}" for gate, words, _ in BROKEN],
)
def test_a_broken_message_is_found_by_its_gate_and_by_no_other(
    gate: Gate, words: str, broken: Breaking
) -> None:
    found = check(broken(good()))

    assert {finding.gate for finding in found} == {gate}
    if "counts twice" not in words:
        assert any(words in finding.words for finding in found), found
    assert all(finding.where for finding in found)
    assert all(finding.words.endswith((".", "”")) for finding in found)
    assert all(finding.severity is Severity.ERROR for finding in found)


def test_every_gate_is_proven() -> None:
    assert {gate for gate, _, _ in BROKEN} == set(GATES) == set(Gate)


def test_a_finding_says_in_which_line_it_stands() -> None:
    message = inside("<marquee>Left, right</marquee>")(good())
    line = 1 + message.html[: message.html.index("<marquee")].count("\n")

    (finding,) = check(message)

    assert finding.where == f"HTML, line {line}: <marquee> “Left, right”"


def test_a_property_that_lands_on_every_cell_is_told_once() -> None:
    message = inside('<p style="position:absolute">a</p>' * 20)(good())
    assert len(check(message)) == 1


def test_a_message_without_a_list_need_not_be_left() -> None:
    message = replace(unleavable(good()), leave_url=None)
    assert check(message) == []


def test_links_to_this_machine_may_be_plain_while_one_tries_things() -> None:
    message = linked("See it", "http://127.0.0.1:8000/actions")(good())
    assert check(message) == []


def test_names_with_dots_that_are_no_hosts_are_left_alone() -> None:
    for words in ("St. Louis, D.C.", "At 10:00 a.m.", "Version 2.0", "Wait... what"):
        assert check(linked(words)(good())) == []


def test_words_may_name_the_host_that_they_open_or_the_one_above_it() -> None:
    for words in ("mail.example.org", "example.org", "www.example.org", "EXAMPLE.ORG"):
        assert check(linked(words)(good())) == []
    assert check(linked("münchen.de", "https://www.xn--mnchen-3ya.de/")(good())) == []


def test_what_somebody_wrote_is_not_taken_for_a_slot_or_for_html() -> None:
    words = "{{ 7*7 }} <b> &nbsp; zqbeef-leave-qz"
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    message = text("Week of", f"{words} Week of")(inside(f"<p>{escaped}</p>")(good()))

    assert check(replace(message, quoted=(f"A march: {words}!",))) == []
    assert {finding.gate for finding in check(message)} == {Gate.LEFTOVERS}


def test_braces_that_somebody_wrote_are_theirs() -> None:
    words = "{ bring } water }} and a hat %}"
    message = text("Week of", f"{words} Week of")(inside(f"<p>{words}</p>")(good()))

    assert check(replace(message, quoted=(words,))) == []


def test_a_subject_that_inboxes_cut_is_worth_a_look_and_no_error() -> None:
    [found] = check(replace(good(), subject="W" * 71))
    assert found.gate is Gate.SUBJECT
    assert found.severity is Severity.WARNING


def test_without_a_postal_address_in_the_settings_none_is_asked_for() -> None:
    assert check(replace(text("PO Box", "Box")(good()), postal_address=None)) == []


def test_a_logo_that_is_kept_back_is_said_and_is_no_error() -> None:
    [found] = check(replace(good(), logo_kept_back="http://localhost:8000"))
    assert found.gate is Gate.IMAGES
    assert "http://localhost:8000" in found.words
    assert found.severity is Severity.WARNING


def test_large_type_may_stand_out_less() -> None:
    grey = "color:#888888;background-color:#FFFFFF"  # 3.5 to 1
    large = inside(f'<p style="{grey};font-size:24px">a</p>')(good())
    bold = inside(f'<p style="{grey};font-size:19px;font-weight:700">a</p>')(good())
    small = inside(f'<p style="{grey};font-size:19px">a</p>')(good())

    in_light = [_light(check(message)) for message in (large, bold, small)]

    assert in_light == [0, 0, 1]


def _light(found: list[Finding]) -> int:
    return sum("light mode" in finding.words for finding in found)


def test_hidden_words_need_no_contrast() -> None:
    hidden = "color:#FFFFFF;background-color:#FFFFFF;display:none"
    assert check(inside(f'<p style="{hidden}">a<b>b</b></p>')(good())) == []


def test_a_colour_that_lets_its_ground_through_counts_as_what_one_sees() -> None:
    style = "background-color:#FFFFFF;color:rgba(0, 0, 0, 0.4)"
    found = check(inside(f'<p style="{style}">a</p>')(good()))
    [light] = [one for one in found if "light mode" in one.words]
    assert "#999999 on #FFFFFF" in light.words


def test_no_finding_shows_what_is_one_reader_s_own() -> None:
    token = str(good().leave_url).rpartition("/")[2]
    found = check(text(token, "")(good()))
    assert found
    assert not any(token in finding.words for finding in found)


def test_an_empty_page_is_told_in_words_and_not_by_a_traceback() -> None:
    for page in ("", " \n", "<!-- only this -->", "words"):
        found = check(replace(good(), html=page))
        assert Gate.HEADINGS in {finding.gate for finding in found}
