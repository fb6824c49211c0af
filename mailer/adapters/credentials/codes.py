"""Codes of a phone (TOTP, RFC 6238): six digits that change every 30 seconds."""

import hmac
from datetime import datetime, timedelta
from io import BytesIO

import pyotp
import segno

_STEP = timedelta(seconds=30)
_APART = 1  # steps that a phone's clock may be off, either way (RFC 6238 §5.2)


class Codes:
    """Makes secrets, and tells which time step a code is of."""

    def __init__(self, issuer: str) -> None:
        """Take the name under which phones list the codes."""
        self._issuer = issuer.replace(":", " ")

    def secret(self) -> str:
        """Return a new secret: 160 random bits in base32."""
        return pyotp.random_base32()

    def step(self, secret: str, code: str, *, at: datetime) -> int | None:
        """Return the time step that a code is of; None: of none near this moment."""
        otp = pyotp.TOTP(secret)
        now = int(at.timestamp() / _STEP.total_seconds())
        found = None
        for step in range(now - _APART, now + _APART + 1):
            if hmac.compare_digest(otp.generate_otp(step), code):
                found = step
        return found

    def uri(self, secret: str, account: str) -> str:
        """Return what a phone reads to know the secret (Google's Key URI Format)."""
        return pyotp.TOTP(secret).provisioning_uri(
            name=account.replace(":", " "), issuer_name=self._issuer
        )

    def picture(self, uri: str) -> bytes:
        """Draw it as a QR code: a PNG with black on white, whatever the page is."""
        drawn = BytesIO()
        segno.make(uri, error="m", micro=False).save(
            drawn, kind="png", scale=6, border=4
        )
        return drawn.getvalue()
