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

from mailer.adapters.renderer.locating import spelled
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
_TRANSLATING = frozenset({"gettext", "ngettext", "pgettext", "npgettext"})
_PAIRED = frozenset({"if", "for", "macro", "block", "call", "filter", "with"})


def print_template(env: Environment, name: str, words: Mapping[str, Any]) -> str:
    """Render a template; raises TemplateError with the place of the mistake."""
    try:
        return env.get_template(name).render(words)
    except TemplateSyntaxError as error:
        raise TemplateError(
            f"{spelled(error.name or name)}, line {error.lineno}:"
            f" {error.message}{_still_open(env, error)}"
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
        why = _unfilled(error) or str(error) or "it takes more memory than there is"
        raise TemplateError(f"{_place(env, error, name)}: {why}") from error


def _place(env: Environment, error: BaseException, name: str) -> str:
    """Return file and line of the innermost template; Jinja puts them on the stack."""
    loader = env.loader
    folders = loader.searchpath if isinstance(loader, FileSystemLoader) else []
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if any(file.is_relative_to(folder) for folder in folders):
            return f"{spelled(file)}, line {frame.lineno}"
    return spelled(name)


def _unfilled(error: Exception) -> str | None:
    """Return what a sentence with a blank that nothing fills is told."""
    called = {frame.name for frame in traceback.extract_tb(error.__traceback__)}
    if not isinstance(error, KeyError) or not called & _TRANSLATING:
        return None
    name = error.args[0]
    return (
        f"nothing fills %({name})s; write it as the call names it, or give it, as"
        f' _("… %({name})s …", {name}=…)'
    )


def _still_open(env: Environment, error: TemplateSyntaxError) -> str:
    """Return where the tag stands that has no end, which is far from where it shows."""
    if error.source is None or "needs to be closed" not in (error.message or ""):
        return ""
    opened: list[tuple[str, int]] = []
    begun = False
    for line, kind, word in env.lex(error.source):
        if line > error.lineno:
            break
        if begun and kind == "name":
            begun = False
            if word in _PAIRED:
                opened.append((word, line))
            elif opened and word == f"end{opened[-1][0]}":
                opened.pop()
        elif kind == "block_begin":
            begun = True
    if not opened:
        return ""
    tag, line = opened[-1]
    return f" It is the {{% {tag} %}} of line {line}: write {{% end{tag} %}} for it."
