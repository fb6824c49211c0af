"""What the pages of organizations, people, actions and settings work with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mailer.core.diagnosis import Finding
from mailer.core.disclosing import Setting
from mailer.ports import People
from mailer.ports.agenda import Agenda
from mailer.ports.lifting import Lifting
from mailer.ports.readership import Readership
from mailer.ports.register import Register
from mailer.ports.tracing import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Who and what the coalition has on record, and how it is set up."""

    register: Register
    readership: Readership
    traces: Traces
    suppressed: Lifting
    people: People
    agenda: Agenda
    tally: Callable[[], Mapping[str, Mapping[str, int]]]  # list → state → people
    settings: Sequence[Setting]
    variables: Mapping[str, str]  # of the environment → the key that they stand in for
    examine: Callable[[bool], Sequence[Finding]]  # True: ask nobody outside
