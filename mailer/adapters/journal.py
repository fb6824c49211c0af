"""What a service did, told to the log: what fell due, went out, waits or is over."""

from collections.abc import Callable, Iterable, Mapping

from mailer.adapters.logs import Logger
from mailer.ports import Called, Mailing, Standing

_OVER = ("finished", "cancelled")
_GRAVE = ("unresolved", "paused", "missed")


class Journal:
    """Writes down calls, troubles, and every change of a mailing's state."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._states: dict[int, str] = {}

    def called(self, call: Called) -> None:
        """Tell of a call: of one that took nothing, loudly."""
        fields = {
            "mailing": call.mailing,
            "provider": call.provider,
            "purpose": call.purpose,
            "outcome": call.outcome,
            "seconds": round(call.seconds, 3),
            **call.results,
        }
        if call.outcome == "answered":
            self._log.debug("call", **fields)
        else:
            self._log.warning("call", **fields, detail=call.detail)

    def trouble(self, words: str) -> None:
        """Tell of something that waits or went wrong."""
        self._log.warning(words)

    def changes(
        self, mailings: Iterable[Mailing], standing: Callable[[int], Standing]
    ) -> None:
        """Tell whose state is another than when this was asked last.

        Only then are its deliveries counted. What was over before the first time is
        not told.
        """
        first = not self._states
        for each in mailings:
            before = self._states.get(each.id)
            self._states[each.id] = each.state
            if before != each.state and not (first and each.state in _OVER):
                self._tell(standing(each.id), before)

    def said(self, event: str, **fields: object) -> None:
        """Tell of anything else."""
        self._log.info(event, **fields)

    def _tell(self, standing: Standing, before: str | None) -> None:
        fields: Mapping[str, object] = {
            "mailing": standing.mailing,
            "was": before or "new",
            "audience": standing.audience,
            **{state: n for state, n in standing.deliveries.items() if n},
        }
        reason = {"reason": standing.reason} if standing.reason else {}
        say = self._log.warning if standing.state in _GRAVE else self._log.info
        say(standing.state, **fields, **reason)
