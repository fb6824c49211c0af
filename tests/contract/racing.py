"""Several things at once."""

import threading
from collections.abc import Callable
from typing import Any


def together(*acts: Callable[[], Any]) -> None:
    """Run all at once; the first failure fails the test."""
    troubles: list[BaseException] = []
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - shown below
            troubles.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
