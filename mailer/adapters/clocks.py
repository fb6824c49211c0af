"""The clock by which leases and peers are waited for."""

import time


def elapsed() -> float:
    """Return seconds that never go back and go on while the machine sleeps."""
    return time.clock_gettime(_NEVER_BACK)


# On Linux the monotonic clock stands still during sleep; a lease and a peer do not.
_NEVER_BACK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
