"""Several senders at work side by side, each in a thread: they hide the network's wait."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from mailer.pipeline.send import Sender


class Crew:
    """Senders of one provider or several, over one ledger; one is as good as many."""

    def __init__(self, muster: Callable[[], Sequence[Sender]]) -> None:
        """Take what returns the senders; it is asked before each drain."""
        self._muster = muster
        self._senders: Sequence[Sender] = ()

    def drain(
        self,
        mailing_id: int | None = None,
        *,
        sleep: Callable[[float], object],
        progress: Callable[[], None] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
        wait: bool = True,
        soon: float = 0.0,
    ) -> None:
        """Send until no batch is open, as `Sender.drain` does, all at the same time.

        What one provider did not take another may carry: with several this goes on
        until none of them finds anything, and only then waits for what is due soon.
        When a sender fails the others end after the call in hand; then its error is
        raised.
        """
        self._senders = self._muster()
        several = len({each.provider.name for each in self._senders}) > 1
        counting = threading.Lock()

        def look(soon: float) -> bool:
            found = False

            def tell() -> None:
                nonlocal found
                with counting:
                    found = True
                    progress()

            self._side_by_side(
                lambda sender, ending: sender.drain(
                    mailing_id,
                    sleep=sleep,
                    progress=tell,
                    stopping=lambda: ending() or stopping(),
                    wait=wait,
                    soon=soon,
                )
            )
            return found

        rounds = (0.0, soon) if several and soon and not wait else (soon,)
        while any(look(each) for each in rounds):
            if not several or stopping():
                return

    def _side_by_side(self, work: Callable[[Sender, Callable[[], bool]], None]) -> None:
        failed = threading.Event()

        def attend(sender: Sender) -> None:
            try:
                work(sender, failed.is_set)
            except BaseException:
                failed.set()
                raise

        first, *others = self._senders
        if not others:
            attend(first)
            return
        with ThreadPoolExecutor(len(others), thread_name_prefix="sender") as pool:
            running = [pool.submit(attend, sender) for sender in others]
            attend(first)
            for each in running:
                each.result()

    def flush(self) -> None:
        """Have every provider finish what it buffers, so that it can be read."""
        for provider in {
            each.provider.name: each.provider for each in self._senders
        }.values():
            provider.close()

    def close(self) -> None:
        """Let go of what the senders hold."""
        for sender in self._senders:
            sender.close()
