"""What looks like Mailgun's variables.

Mailgun replaces `%recipient.KEY%`, and names of its own such as `%unsubscribe_url%`:
a title with such a name in it would put Mailgun's link into the mail, where a
scanner's click ends all mail to its reader. Handlebars are only for templates stored
at Mailgun, and need nothing.

Percent-encoded octets in addresses (`%C3%B3`) are no names and stay as they are.
"""

import re

from mailer.adapters.providers.harmless import Harmless
from mailer.core.errors import InputError

WORDS = Harmless(
    "%",
    # Up to the end as well: what follows there may be one of our own variables.
    re.compile(r"%(?![0-9A-Fa-f]{2})(?=[A-Za-z_][\w.:-]*(?:%|\Z)|\Z)", re.ASCII),
)
plain = WORDS.plain
markup = WORDS.markup


def header(name: str, value: str) -> str:
    """Return the value of a header; raises InputError if Mailgun would change it."""
    if WORDS.found(value):
        raise InputError(
            f"{name}: holds a word after a percent sign, which Mailgun would take for"
            " one of its variables; write it without the sign"
        )
    return value
