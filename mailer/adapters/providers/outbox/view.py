"""The page that shows one message of the outbox, as HTML, on a phone, as text."""

import html
import re
from datetime import datetime
from functools import lru_cache

from mailer.adapters.providers.outbox.look import CLOSING, moment, opening
from mailer.core.envelope import Frame, Letter, Recipient, Segments, pieces

# Scripts, forms and network are off. Links open beside the page, free of its sandbox.
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)


class View:
    """Pages of one letter; filling in a recipient is one join, as for the message."""

    def __init__(self, letter: Letter, date: datetime) -> None:
        self._frame = Frame(_parts(letter, date))

    def fill(self, recipient: Recipient, name: str) -> bytes:
        """Return the page for one recipient; `name` is that of the `.eml` file."""
        return self._frame.fill(
            {
                "to": html.escape(recipient.address).encode(),
                "name": name.encode("ascii"),
                "leave": recipient.leave.encode("ascii"),
                "preferences": recipient.preferences.encode("ascii"),
                "reason_html": _twice_escaped(recipient.reason),
                "reason_text": _escaped(recipient.reason),
            }
        )


def _parts(letter: Letter, date: datetime) -> list[bytes | str]:
    subject, sender = html.escape(letter.subject), html.escape(letter.sender_name)
    top = f"""{opening(title=letter.subject, look="view")}
<header>
<p><a href="index.html">All messages</a> · {moment(date)}</p>
<h1>{subject}</h1>
<p>From {sender} to <b>"""
    choice = f""".eml" download>Save as .eml</a></p>
</header>
<input type="radio" name="as" id="wide" checked><label for="wide">Wide</label>
<input type="radio" name="as" id="phone"><label for="phone">Phone</label>
<input type="radio" name="as" id="plain"><label for="plain">Plain text</label>
<iframe title="The message" sandbox="{_SANDBOX}" srcdoc=\""""
    return [
        top.encode(),
        "to",
        b'</b> \xc2\xb7 <a href="',
        "name",
        choice.encode(),
        *pieces(_opening_beside(letter.html), _escape),
        b'"></iframe>\n<pre tabindex="0">',
        *pieces(letter.text, _escape),
        f"</pre>\n{CLOSING}".encode(),
    ]


def _escape(text: str) -> bytes:
    return html.escape(text).encode()


def _opening_beside(segments: Segments) -> Segments:
    first = _HEAD.sub(r'\g<0><base target="_blank">', segments.texts[0], count=1)
    return Segments((first, *segments.texts[1:]), segments.slots)


@lru_cache(maxsize=4096)
def _escaped(text: str) -> bytes:
    return html.escape(text).encode()


@lru_cache(maxsize=4096)
def _twice_escaped(text: str) -> bytes:
    return html.escape(html.escape(text)).encode()
