"""What stands for a name that a template uses and nothing fills."""

from collections.abc import Iterable
from difflib import get_close_matches

from jinja2 import StrictUndefined
from jinja2.environment import TemplateModule
from jinja2.utils import missing

_LISTED = 24  # names; more would be no help


class Missing(StrictUndefined):
    """Stops the printing, and says which names there are."""

    @property
    def _undefined_message(self) -> str:
        wanted = self._undefined_name
        if self._undefined_hint or not isinstance(wanted, str):
            return super()._undefined_message
        if self._undefined_obj is missing:
            return (
                f"“{wanted}” is not defined; mend its spelling, or import it at the top"
                ' of the file, as {% from "email/_design/words.txt" import'
                f" {wanted} with context %}}"
            )
        known = sorted(_names(self._undefined_obj))
        what = "macro" if isinstance(self._undefined_obj, TemplateModule) else "value"
        near = get_close_matches(wanted, known, 1)
        there = f"did you mean “{near[0]}”?" if near else _there(known)
        return f"there is no {what} “{wanted}” here; {there}"


def _names(record: object) -> Iterable[str]:
    if isinstance(record, dict):
        return map(str, record)
    return (name for name in dir(record) if not name.startswith("_"))


def _there(known: list[str]) -> str:
    if len(known) > _LISTED:
        return "mend its spelling"
    return f"there is {', '.join(known)}" if known else "there is nothing in it"
