"""What is written to one person or about one mistake: confirm, notes, corrections."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from mailer.core.digest import Item
from mailer.core.lists import MailingList
from mailer.core.requests import Kind

FAR = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The question whether what was asked was asked by the owner of the address.

    Address, organization and token are slots. `on_behalf` prints the organization:
    only one on record may be named, never what a visitor typed into a form, or the
    form mails anybody's words to anybody. `lists` are all that a press puts them on,
    `seat` is the organization on record whose seat is handed over to them.
    """

    language: str
    expires_on: date | None  # the link's last day; None: it works for half an hour
    about: Kind = Kind.SUBSCRIBE
    on_behalf: bool = False
    lists: tuple[MailingList, ...] = ()
    seat: str | None = None


class NoteKind(StrEnum):
    """What a note is about; each has its wording in `templates/email/note`."""

    LEFT = "left"  # a list was left: undo
    LEFT_ALL = "left-all"  # several at once
    PREFERENCES_CHANGED = "preferences-changed"
    SEAT_HANDED_OVER = "seat-handed-over"
    SEAT_TAKEN_BACK = "seat-taken-back"  # to whoever had taken it over
    SEAT_LOST = "seat-lost"  # a colleague's mail bounces: who gets it now?
    STILL_RIGHT = "still-right"  # asks hosts before each edition
    ACTION_RECEIVED = "action-received"
    ACTION_LISTED = "action-listed"
    ACTION_DECLINED = "action-declined"
    HOST_CHANGED = "host-changed"  # tells coordinators
    HOST_CANCELLED = "host-cancelled"
    ENDORSEMENT_LISTED = "endorsement-listed"
    ENDORSEMENT_DECLINED = "endorsement-declined"
    MOVED = "moved"  # to another address; told at the old one, with a way back
    INTRODUCTION_OFFERED = "introduction-offered"  # asks each of two hosts
    INTRODUCED = "introduced"  # tells each the other's name and address
    APPROVED_ALONE = "approved-alone"  # tells coordinators who had no second person
    APPROVAL_WANTED = "approval-wanted"  # asks whoever may approve an urgent call
    WAITING = "waiting"  # tells coordinators that somebody waits for them
    CONSOLE_INVITED = "console-invited"  # a coordinator sets a first password
    CONSOLE_RESET = "console-reset"  # and another one


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """The action that a note is about, as its host knows it."""

    place: str  # "San Diego, CA"
    day: date
    starts: time | None = None
    venue: str | None = None
    target: str | None = None
    is_far: bool = False  # so far from today that its year is told

    def seen_from(self, today: date) -> "Occurrence":
        """Return it as it is told on a day."""
        return replace(self, is_far=abs(self.day - today) > FAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A short transactional message to one person.

    `names` fills the blanks of the wording: "list", "organization", "successor",
    "address"; a wording says by itself which it needs. So do `moments`, as day and hour
    of the zone that they are in. `url` is where its button leads; it may hold a slot's
    marker. `said` are a person's own words, such as the reason why an action was
    declined.
    """

    kind: NoteKind
    language: str
    names: Mapping[str, str] = field(default_factory=dict)
    moments: Mapping[str, datetime] = field(default_factory=dict)
    occurrence: Occurrence | None = None
    said: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erratum:
    """A sentence that was wrong, and the one that is right."""

    was: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What those are told who got a wrong version, and nobody else.

    An item's `before` is what that mail said, its facts are what is right; one whose
    status is off does not take place. `errata` are for anything else.
    """

    language: str
    list_slug: str
    edition: str
    sent_on: date  # when the wrong version went out
    items: tuple[Item, ...] = ()
    errata: tuple[Erratum, ...] = ()
    our_mistake: bool = False  # else the mail was right when it went out
