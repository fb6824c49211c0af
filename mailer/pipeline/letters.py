"""A committed intent → what a provider takes, and the fingerprint of its bytes."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mailer.core.envelope import Letter, Recipient, Segments
from mailer.core.tokens import OF_ACCOUNTS, Keyring, Link, Purpose
from mailer.ports import Addressee, Intent, Outgoing, Renderer


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """What every letter of a list carries."""

    sender_name: str
    sender_address: str
    reply_to: str | None
    headers: tuple[tuple[str, str], ...]  # List-Id, Feedback-ID, …


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Makes letters of intents: the same intent gives the same bytes."""

    renderer: Renderer
    keyring: Keyring
    base_url: str
    imprint: Callable[[str, str], Imprint]  # list, edition → what letters carry

    def outgoing(self, intent: Intent) -> Outgoing:
        """Return an intent as a provider takes it.

        Raises MailerError if its letters cannot be written any more, because the list
        is gone.
        """
        mailing = intent.batch.mailing
        edition = mailing.kind if mailing.is_note else mailing.edition
        imprint = self.imprint(mailing.list_slug, edition)
        listed = mailing.link is None or mailing.link.purpose not in OF_ACCOUNTS
        letter = Letter(
            mailing_key=mailing.key,
            sender_name=imprint.sender_name,
            sender_address=imprint.sender_address,
            reply_to=imprint.reply_to,
            subject=intent.subject,
            html=intent.html,
            text=intent.text,
            leave_prefix=f"{self.base_url}/u/" if listed else None,
            domain=imprint.sender_address.rpartition("@")[2],
            headers=imprint.headers if listed else _unlisted(imprint.headers),
        )
        return Outgoing(
            key=intent.key,
            date=intent.sent_at,
            letter=letter,
            recipients=recipients(
                intent.addressees,
                language=intent.language,
                list_number=mailing.list_number,
                keyring=self.keyring,
                renderer=self.renderer,
                link=mailing.link,
            ),
        )


def recipients(
    addressees: Sequence[Addressee],
    *,
    language: str,
    list_number: int,
    keyring: Keyring,
    renderer: Renderer,
    link: Link | None = None,
) -> Sequence[Recipient]:
    """Give each addressee their own links and the sentence why they get the mail.

    A note's second link leads to the page that it is about. Where the note asks whose
    address this is, the address stands in the place of the sentence.
    """
    uids = [person.uid for person in addressees]
    leave = keyring.signer(Purpose.LEAVE, list_number).all(uids)
    page = link or Link(Purpose.PREFERENCES, list_number)
    preferences = keyring.signer(page.purpose, page.number).all(uids)
    asked = page.purpose is Purpose.CONFIRM
    return [
        Recipient(
            uid=person.uid,
            address=person.address,
            leave=leave_token,
            preferences=preferences_token,
            reason=person.address
            if asked
            else renderer.reason(language, person.organization, person.consented_on),
        )
        for person, leave_token, preferences_token in zip(
            addressees, leave, preferences, strict=True
        )
    ]


def fingerprint(outgoing: Outgoing, build: bytes) -> bytes:
    """Return a hash over everything that the call's bytes are made of (32 bytes).

    `build` stands for what makes them: this program's version and the provider's
    settings. Hashing what goes in costs a hundredth of hashing 30 KB per message.
    """
    letter = outgoing.letter
    shared = (
        outgoing.key,
        outgoing.date.isoformat(),
        letter.mailing_key.hex(),
        letter.sender_name,
        letter.sender_address,
        letter.reply_to or "",
        letter.subject,
        _flat(letter.html),
        _flat(letter.text),
        letter.leave_prefix or "",
        letter.domain,
        *(part for header in letter.headers for part in header),
    )
    people = (
        f"{r.uid.hex()}\x1f{r.address}\x1f{r.leave}\x1f{r.preferences}\x1f{r.reason}"
        for r in outgoing.recipients
    )
    state = hashlib.sha256(build)
    state.update("\x1e".join(("", *shared, "", *people)).encode())
    return state.digest()


def _unlisted(headers: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(each for each in headers if each[0] != "List-Id")


def _flat(segments: Segments) -> str:
    return "\x1f".join((*segments.texts, *segments.slots))
