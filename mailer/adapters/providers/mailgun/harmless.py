"""Words that look like Mailgun's variables, written so that they stay words.

Mailgun replaces `%recipient.KEY%`, and names of its own such as `%unsubscribe_url%`,
wherever they stand. There is no escape for them. A title with such a name in it would
put Mailgun's link into the mail, where a scanner's click ends all mail to its reader.
So the first `%` is taken apart from its name: in HTML as a character reference, in a
style sheet by an empty comment, and in plain text by a word joiner, which no reader
sees. Handlebars are only for templates stored at Mailgun, and need nothing.

Percent-encoded octets in addresses (`%C3%B3`) are no names and stay as they are.
"""

import re

from mailer.core.errors import InputError

# Up to the end as well: what follows there may be one of our own variables.
_VARIABLE = re.compile(r"%(?![0-9A-Fa-f]{2})(?=[A-Za-z_][\w.:-]*(?:%|\Z)|\Z)", re.ASCII)
_STYLE = re.compile(r"(<style\b.*?</style\s*>)", re.DOTALL | re.IGNORECASE)
_WORD_JOINER = "\u2060"


def plain(text: str) -> str:
    """Return plain text in which nothing is a variable."""
    return _VARIABLE.sub(f"%{_WORD_JOINER}", text) if "%" in text else text


def markup(html: str) -> str:
    """Return HTML in which nothing is a variable and everything looks the same."""
    if "%" not in html:
        return html
    pieces = _STYLE.split(html)
    pieces[0::2] = [_VARIABLE.sub("&#37;", piece) for piece in pieces[0::2]]
    pieces[1::2] = [_VARIABLE.sub("%/**/", style) for style in pieces[1::2]]
    return "".join(pieces)


def header(name: str, value: str) -> str:
    """Return the value of a header; raises InputError if Mailgun would change it."""
    if _VARIABLE.search(value):
        raise InputError(
            f"{name}: holds a word after a percent sign, which Mailgun would take for"
            " one of its variables; write it without the sign"
        )
    return value
