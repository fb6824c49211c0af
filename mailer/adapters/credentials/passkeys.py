"""Passkeys (W3C Web Authentication Level 3): what browsers are asked, and answered."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from mailer.core.accounts import Account, Passkey
from mailer.core.errors import InputError
from mailer.ports import Made, Signed

_LONGEST = 1023  # octets of a credential's id (WebAuthn L3 §5.8.3)


@dataclass(frozen=True, slots=True)
class Passkeys:
    """Asks for passkeys of one site, and checks the answers.

    `base_url` is the site's; the browser binds every key to its host.
    """

    base_url: str
    site: str

    @property
    def _host(self) -> str:
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def _origin(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    def to_make(
        self, account: Account, known: Sequence[Passkey], challenge: bytes
    ) -> str:
        """Return what asks a browser for a new passkey, as JSON.

        It is kept on the device and asks for its owner's finger, face or PIN, so that
        it stands for both factors.
        """
        options = generate_registration_options(
            rp_id=self._host,
            rp_name=self.site,
            user_name=account.address,
            user_id=account.handle,
            user_display_name=account.name or account.address,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=each.credential) for each in known
            ],
        )
        return options_to_json(options)

    def to_sign_in(self, challenge: bytes) -> str:
        """Return what asks a browser for a passkey of this site, whosever, as JSON."""
        options = generate_authentication_options(
            rp_id=self._host,
            challenge=challenge,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def read(self, words: str) -> Signed:
        """Take an answer apart; raises InputError if it is none."""
        try:
            said = json.loads(words)
            credential = base64url_to_bytes(said["rawId"])
            client = base64url_to_bytes(said["response"]["clientDataJSON"])
            challenge = parse_client_data_json(client).challenge
        except _UNPROVEN:
            raise InputError("that is no answer of a passkey") from None
        if len(credential) > _LONGEST:
            raise InputError("that is no answer of a passkey")
        return Signed(said=said, credential=credential, challenge=challenge)

    def made(self, answer: Signed) -> Made:
        """Return the new passkey; raises InputError if the answer proves none.

        That its challenge was ours is the caller's to know.
        """
        try:
            made = verify_registration_response(
                credential=answer.said,
                expected_challenge=answer.challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except _UNPROVEN:
            raise InputError("the passkey did not prove itself") from None
        return Made(
            credential=made.credential_id,
            public_key=made.credential_public_key,
            counter=made.sign_count,
        )

    def counter(self, answer: Signed, passkey: Passkey, handle: bytes) -> int:
        """Return how often the passkey was used, as it says; raises InputError.

        That its challenge was ours is the caller's to know.
        """
        try:
            theirs = answer.said["response"].get("userHandle")
            if theirs is not None and base64url_to_bytes(theirs) != handle:
                raise InputError("the passkey is of another account")
            proven = verify_authentication_response(
                credential=answer.said,
                expected_challenge=answer.challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,  # the store compares, for all at once
                require_user_verification=True,
            )
        except _UNPROVEN:
            raise InputError("the passkey did not prove itself") from None
        return proven.new_sign_count


# What the library lets through from decoding hostile bytes, besides its own.
_UNPROVEN = (
    WebAuthnException,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
