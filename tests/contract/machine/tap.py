"""The ledger as a worker has it: every act seen, with gates and broken connections."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from mailer.core.errors import MailerError, StoreError
from mailer.ports import Intent, Ledger
from tests.contract.machine.witness import Witness
from tests.contract.machine.worker import Life, Trouble

# Where a worker may be frozen or die. Where there are two, one more thing can happen
# in between that its decision did not know of.
_BEFORE = (
    "begin_again",
    "record",
    "put_back",
    "split",
    "wonder",
    "park",
    "pause",
    "hold_off",
    "bar",
)
_AFTER = ("claim", "begin", "begin_again")


def tap(witness: Witness, life: Life | None = None) -> Ledger:
    """Return the ledger as one process has it, or without gates."""
    return cast("Ledger", _Tap(witness, life))


class _Tap:
    def __init__(self, witness: Witness, life: Life | None) -> None:
        self._witness = witness
        self._life = life

    def __getattr__(self, verb: str) -> Any:
        return partial(self._act, verb, getattr(self._witness.ledger, verb))

    def recall(self, batch: Any) -> Intent:
        """Read what was to be sent, and let the witness know whom it is for."""
        intent = self._witness.ledger.recall(batch)
        self._remember(intent)
        return intent

    def _act(self, verb: str, act: Callable[..., Any], *args: Any, **more: Any) -> Any:
        life = self._life
        if life and verb in _BEFORE:
            life.gate(f"before {verb}")
        trouble = life.worker.order.trouble if life else Trouble.NEVER
        if trouble is Trouble.BEFORE:
            raise StoreError("the database is away")
        try:
            result = act(*args, **more)
        except MailerError as error:
            self._witness.fail(f"{verb}: {error}")
        if verb == "hold_off":
            self._witness.held_off(args[0], more["seconds"])
        if verb == "claim" and result:
            self._witness.claimed(more["provider"])
        self._witness.saw(verb, args, result)
        if trouble is Trouble.AFTER:
            raise StoreError("the database went away after the commit")
        self._remember(result)
        if life and verb in _AFTER and result:
            life.gate(f"after {verb}")
        return result

    def _remember(self, result: Any) -> None:
        if self._life and isinstance(result, Intent):
            self._life.people = [person.address for person in result.addressees]
