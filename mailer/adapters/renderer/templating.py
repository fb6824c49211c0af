"""Printing one template, with errors that name its file and line."""

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    TemplateError as JinjaError,
    TemplateNotFound,
    TemplateSyntaxError,
)

from mailer.core.errors import TemplateError

# What a mistake in an expression raises: a missing name, a wrong type, a bad format,
# a number that no machine holds.
_MISTAKES = (
    MemoryError,
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
        raise TemplateError(
            f"{_place(env, error, name)}: there is no template {error.name} in"
            " templates; mend the name, or copy the file from a folder that `mailer"
            " init` lays out"
        ) from error
    except RecursionError as error:
        raise TemplateError(
            f"{_place(env, error, name)}: a template or macro calls itself without"
            " end; take the include, extends or call out"
        ) from error
    except _MISTAKES as error:
        why = str(error) or "it takes more memory than there is"
        raise TemplateError(f"{_place(env, error, name)}: {why}") from error


def _place(env: Environment, error: BaseException, name: str) -> str:
    """Return file and line of the innermost template; Jinja puts them on the stack."""
    loader = env.loader
    folders = loader.searchpath if isinstance(loader, FileSystemLoader) else []
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if any(file.is_relative_to(folder) for folder in folders):
            return f"{file.as_posix()}, line {frame.lineno}"
    return name
