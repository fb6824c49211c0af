"""Secrets that must be read again, closed for whoever has the database alone."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mailer.core.errors import StoreError

_NONCE = 12  # octets (NIST SP 800-38D §8.2.2)


class Seal:
    """Seals with AES-256-GCM, for one purpose and one owner."""

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 bytes that serves nothing else."""
        self._cipher = AESGCM(key)

    def close(self, secret: str, *, about: str) -> bytes:
        """Return the secret, sealed; only the same `about` opens it."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), about.encode())

    def open(self, sealed: bytes, *, about: str) -> str:
        """Return what was sealed; raises StoreError under another key."""
        try:
            plain = self._cipher.decrypt(
                sealed[:_NONCE], sealed[_NONCE:], about.encode()
            )
        except InvalidTag:
            raise StoreError(
                f"{about}: was sealed under another key; put the project's first key"
                " back, or take it away: mailer admin reset --second-factor"
            ) from None
        return plain.decode()
