"""The one place where adapters meet the pipeline: a project folder as a whole.

Everything is made when it is first asked for, and what takes long to load is loaded
then: `mailer lists` must not wait for an HTML parser.
"""

from mailer.bootstrap.definitions import Clock
from mailer.bootstrap.project import Project

__all__ = ["Clock", "Project"]
