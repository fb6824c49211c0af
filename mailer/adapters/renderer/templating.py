"""Printing one template, with errors that name its file and line."""

import traceback
from collections.abc import Mapping
from typing import Any

from jinja2 import (
    Environment,
    TemplateError as JinjaError,
    TemplateNotFound,
    TemplateSyntaxError,
)

from mailer.core.errors import TemplateError

# What a mistake in an expression raises: a missing name, a wrong type, a bad format.
_MISTAKES = (
    JinjaError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
)


def print_template(env: Environment, name: str, words: Mapping[str, Any]) -> str:
    """Render a template; raises TemplateError with the place of the mistake."""
    try:
        return env.get_template(name).render(words)
    except TemplateSyntaxError as error:
        raise TemplateError(
            f"{error.name}, line {error.lineno}: {error.message}"
        ) from error
    except TemplateNotFound as error:
        raise TemplateError(f"{name}: there is no template {error.name}") from error
    except _MISTAKES as error:
        raise TemplateError(f"{_place(error, name)}: {error}") from error


def _place(error: BaseException, name: str) -> str:
    """Return file and line of the innermost template; Jinja puts them on the stack."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        where = frame.filename.replace("\\", "/")
        if "/templates/" in where or where.endswith(name):
            return f"{where}, line {frame.lineno}"
    return name
