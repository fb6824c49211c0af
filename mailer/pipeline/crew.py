"""Several senders at work side by side, each in a thread: they hide the network's wait."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mailer.pipeline.send import Sender
from mailer.ports import Provider


@dataclass(frozen=True, slots=True)
class Crew:
    """Senders of one provider over one ledger; one of them is as good as many."""

    senders: Sequence[Sender]

    @property
    def provider(self) -> Provider:
        """Return the provider that all of them use."""
        return self.senders[0].provider

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

        When one of them fails the others end after the call in hand; then its error
        is raised.
        """
        failed = threading.Event()
        counting = threading.Lock()

        def tell() -> None:
            with counting:
                progress()

        def work(sender: Sender) -> None:
            try:
                sender.drain(
                    mailing_id,
                    sleep=sleep,
                    progress=tell,
                    stopping=lambda: failed.is_set() or stopping(),
                    wait=wait,
                    soon=soon,
                )
            except BaseException:
                failed.set()
                raise

        first, *others = self.senders
        if not others:
            work(first)
            return
        with ThreadPoolExecutor(len(others), thread_name_prefix="sender") as pool:
            running = [pool.submit(work, sender) for sender in others]
            work(first)
            for each in running:
                each.result()

    def close(self) -> None:
        """Let go of what the senders hold."""
        for sender in self.senders:
            sender.close()
