"""What the log says that was done, in words: what has none is shown as it is recorded."""

from collections.abc import Mapping

from mailer.core.saying import says
from mailer.ports import Record

Words = Mapping[str, str]

_SENT: Words = {
    "planned": says("made it"),
    "missed": says("let it pass: it was too late"),
    "paused": says("paused it"),
    "sending": says("let it go on"),
    "cancelled": says("stopped it for good"),
    "cancel": says("stopped it for good"),
    "settle": says("told what became of what was in doubt"),
    "resend": says("sent what was in doubt again"),
    "mark sent": says("took what was in doubt as sent"),
    "export report": says("took the report as a table"),
    "new": says("wrote it"),
    "edit": says("changed it"),
    "submit": says("asked for an approval"),
    "approve": says("approved it"),
    "launch": says("began with the first few"),
    "wait anew": says("waits anew"),
    "send the rest": says("went on with the rest"),
    "ask again": says("asked for another approval"),
    "stop": says("stopped it during the hold"),
    "resume": says("began a new hold"),
    "done": says("ended it: all is sent"),
    "expired": says("ended it: its moment has passed"),
    "look at preview": says("looked at what somebody gets"),
    "look in vain": says("asked what an address gets that gets nothing"),
}
_SUBSCRIPTION: Words = {
    "granted": says("agreed to it"),
    "withdrawn": says("ended it"),
    "chose": says("changed what comes of it"),
    "prefer": says("changed what comes of it"),
    "complained": says("ended it: our mail was called spam"),
    "left": says("ended it at the provider"),
}
_IMPORT: Words = {"import": says("read them from a file or a source")}

# By what it was done to, as records begin to name it.
DEEDS: Mapping[str, Words] = {
    "account": {
        "invite": says("invited them"),
        "give roles": says("gave them other roles"),
        "disable": says("disabled it"),
        "enable": says("let them in again"),
        "make link": says("made a link for them"),
        "set password": says("set a password"),
        "set up codes": says("set up codes of a phone"),
        "add passkey": says("added a passkey"),
        "remove password": says("removed the password"),
        "remove totp": says("removed the codes of a phone"),
        "remove passkey": says("removed a passkey"),
        "remove recovery": says("removed the recovery codes"),
        "make recovery codes": says("made new recovery codes"),
        "use recovery code": says("signed in with a recovery code"),
        "make token": says("made a token"),
        "revoke token": says("revoked a token"),
    },
    "action": {
        "change": says("changed it"),
        "cancel": says("called it off"),
        "undo": says("took a change back"),
        "confirm": says("said that all is right"),
        "accept": says("accepted it"),
        "correct": says("mailed who was told otherwise"),
    },
    "actions from": _IMPORT,
    "address": {
        "suppress": says("let nobody mail it"),
        "return": says("let it be mailed again"),
    },
    "addresses": {"suppress": says("let nobody mail them")},
    "blast": _SENT,
    "clock": {"put back": says("saw that it was put back")},
    "deliveries": {"prune": says("deleted what is too old to keep")},
    "introduction": {
        "propose": says("asked two hosts"),
        "answer": says("answered"),
        "agree": says("noted that both agreed"),
        "introduce": says("introduced them"),
        "end": says("ended it"),
    },
    "list": {"export": says("took its addresses as a table")},
    "mailing": _SENT,
    "organization": {
        "rename": says("renamed it"),
        "add alias": says("added a name"),
        "remove alias": says("removed a name"),
        "mute": says("muted it"),
        "unmute": says("let its seats get editions again"),
        "merge": says("merged another into it"),
        "part": says("took a merge apart"),
    },
    "organizations": _IMPORT,
    "request": {
        "accept": says("accepted it"),
        "decline": says("declined it"),
        "replace": says("replaced it"),
        "withdraw": says("took it back"),
        "look at address": says("looked at the address"),
    },
    "sending": {
        "stop": says("stopped it"),
        "start": says("let it begin again"),
    },
    "subscriber": {
        "look at address": says("looked at the address"),
        "export": says("took all that is held of them"),
        "erase on request": says("had them erased, as they asked"),
        "erase": says("erased them"),
    },
    "subscribers of": _IMPORT,
    "subscription to list": _SUBSCRIPTION,
    "suppression": {"lift": says("let it be mailed again")},
    "suppressions": {"look": says("looked at them")},
    "token": {"use token": says("used it")},
}

_SERVICE = says("The service")
_ACTORS: Words = {
    "cli": says("Somebody at the shell"),
    "ingest": says("An import"),  # by the service, or at the shell
    **dict.fromkeys(("send", "plan", "tick", "clock", "mailer", "retention"), _SERVICE),
    "introductions": _SERVICE,
    "reader": says("The person themselves"),
    "host": says("Its host"),
    "moderator": says("A moderator"),
}
_PROVIDER = "provider "


def kind(thing: str) -> str:
    """Return of which kind something is that a record names."""
    if thing.startswith("actions from "):  # sources may have names of several words
        return "actions from"
    return thing.rpartition(" ")[0] or thing


def did(record: Record) -> str:
    """Return what was done; what has no words as it is recorded."""
    return DEEDS.get(kind(record.thing), {}).get(record.verb, record.verb)


def who(actor: str) -> str:
    """Return who did it, if it was none of those with an account."""
    if actor.startswith(_PROVIDER):
        return says("The provider %(name)s", name=actor.removeprefix(_PROVIDER))
    return _ACTORS.get(actor, actor)
