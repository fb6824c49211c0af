"""Calls to AWS, signed (Signature Version 4), by botocore's rules and our clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_SERVICE = "ses"
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Signs calls with one key for one region."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    region: str

    def sign(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        at: datetime,
        method: str = "POST",
    ) -> dict[str, str]:
        """Return the headers of a call, with the signature; AWS takes it for minutes.

        botocore's own way in reads the clock, so that its steps are taken here.
        """
        stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        signed = {**headers, "X-Amz-Date": stamp}
        if self.session_token:
            signed["X-Amz-Security-Token"] = self.session_token
        request = AWSRequest(method, url, headers=signed, data=body)
        request.context["timestamp"] = stamp
        auth = SigV4Auth(self._credentials(), _SERVICE, self.region)
        canonical = auth.canonical_request(request)
        signature = auth.signature(auth.string_to_sign(request, canonical), request)
        names = auth.signed_headers(auth.headers_to_sign(request))
        scope = auth.scope(request)
        return {
            **signed,
            "Authorization": f"{_ALGORITHM} Credential={scope},"
            f" SignedHeaders={names}, Signature={signature}",
        }

    def _credentials(self) -> Credentials:
        return Credentials(self.access_key, self.secret_key, self.session_token)
