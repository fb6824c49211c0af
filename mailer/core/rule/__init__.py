"""To whom a blast goes, as a rule: whoever is included and not excluded.

A rule is data (JSON), never a program and never SQL. It is read with exact errors,
written in one way only, and said in words that a person approves.
"""

from mailer.core.rule.nodes import (
    AllOf,
    AnyOf,
    Condition,
    Got,
    InRegion,
    Knows,
    Near,
    Not,
    Numbered,
    OnList,
    Reads,
    Rule,
    Seated,
    Tagged,
)
from mailer.core.rule.reading import LONGEST, parse, read
from mailer.core.rule.saying import say
from mailer.core.rule.walking import leaves, located
from mailer.core.rule.writing import dump, fingerprint

__all__ = [
    "LONGEST",
    "AllOf",
    "AnyOf",
    "Condition",
    "Got",
    "InRegion",
    "Knows",
    "Near",
    "Not",
    "Numbered",
    "OnList",
    "Reads",
    "Rule",
    "Seated",
    "Tagged",
    "dump",
    "fingerprint",
    "leaves",
    "located",
    "parse",
    "read",
    "say",
]
