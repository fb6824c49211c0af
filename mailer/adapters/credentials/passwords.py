"""Passwords by argon2id, a few at a time: each takes 64 MB."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

_TOGETHER = 2  # 128 MB; whoever comes next waits


class Passwords:
    """Makes and checks hashes (argon2id, RFC 9106 §4, its second set of parameters)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Take other parameters, for machines that have no time for these."""
        self._hasher = hasher or PasswordHasher()
        self._turn = threading.BoundedSemaphore(_TOGETHER)
        self._nobody = self._hasher.hash("no account has this one")
        self.computed = 0  # how often the work was done

    def hash(self, password: str) -> str:
        """Return the hash, which names its own parameters and salt."""
        with self._turn:
            self.computed += 1
            return self._hasher.hash(password)

    def matches(self, hashed: str | None, password: str) -> bool:
        """Whether it is the password; for nobody's hash the same work, and no."""
        with self._turn:
            self.computed += 1
            try:
                self._hasher.verify(hashed or self._nobody, password)
            except (VerifyMismatchError, VerificationError, InvalidHashError):
                return False
        return hashed is not None

    def is_outdated(self, hashed: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)
