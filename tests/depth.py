"""How thoroughly the suites try what can be tried without end: each day, or all of it.

`make test` runs every test at its everyday depth; `make thorough` runs those that know
a greater one once more, at that. A module that imports `deep` is among them as a whole,
and so is each test that Hypothesis writes examples for.
"""

import os
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Depth(StrEnum):
    """How far to go: what a change is tried with, or what a release is."""

    EVERYDAY = "everyday"
    THOROUGH = "thorough"


VARIABLE = "MAILER_TEST_DEPTH"
DEPTH = Depth(os.environ.get(VARIABLE, Depth.EVERYDAY))


def deep(everyday: T, thorough: T) -> T:
    """Return what belongs to the depth that was asked for."""
    return thorough if DEPTH is Depth.THOROUGH else everyday
