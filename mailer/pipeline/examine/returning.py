"""Where bounces go: the return path, its CNAME or its MX."""

from collections.abc import Sequence

from mailer.core.customs import Customs
from mailer.core.diagnosis import About, Entry, Finding, Topic
from mailer.core.saying import says
from mailer.ports import Names, RecordKind, Unanswered


def path(
    names: Names, sender: str, customs: Customs, named: str | None
) -> str | Unanswered | None:
    """Return the domain of the return path; None: nobody can know it from here.

    `named` is what the settings say; else it is under the provider's usual label,
    where there is one in DNS.
    """
    if named:
        return named.lower()
    if customs.label and customs.alias is None:
        return f"{customs.label}.{sender}"
    if customs.label:
        found = names.look(f"{customs.label}.{sender}", RecordKind.CNAME)
        if isinstance(found, Unanswered):
            return found
        if customs.alias in found.values:
            return f"{customs.label}.{sender}"
    return customs.bounces


def examine(
    names: Names,
    sender: str,
    customs: Customs,
    returns: str | None,
    entries: Sequence[Entry] = (),
) -> Sequence[Finding]:
    """Look whether bounces arrive, and whether the return path is the sender's own.

    `entries` is what the provider wants to see in DNS, where it says so.
    """
    told = About(Topic.DNS, says("return path of %(sender)s", sender=sender))
    if returns is None:
        return [
            told.unasked(
                says("only %(vendor)s knows it", vendor=customs.vendor),
                says('where you know it: [doctor] return_path = "…" in mailer.toml'),
            )
        ]
    if returns == customs.bounces:
        return [_foreign(told, sender, customs, returns)]
    found = names.look(returns, RecordKind.MX)
    if isinstance(found, Unanswered):
        return [told.unasked(found.why)]
    if found.values and found.values != ("",):
        return [
            told.ok(
                says(
                    "%(returns)s, whose bounces go to %(host)s",
                    returns=returns,
                    host=found.values[0],
                )
            )
        ]
    wanted = [each for each in entries if each.name == returns and each.kind == "MX"]
    return [
        told.warn(
            says("%(returns)s has no MX", returns=returns),
            says(
                "bounces are lost, so dead addresses are mailed again and again;"
                " some receivers refuse such mail"
            ),
            says("publish")
            if wanted
            else says(
                "publish the MX for %(returns)s that stands under %(where)s",
                returns=returns,
                where=customs.where,
            ),
            *wanted,
        )
    ]


def _foreign(told: About, sender: str, customs: Customs, returns: str) -> Finding:
    message = says(
        "%(returns)s, which is %(vendor)s's own", returns=returns, vendor=customs.vendor
    )
    effect = says("SPF does not speak for you; DKIM alone has to")
    if customs.label and customs.alias:
        entry = Entry(
            name=f"{customs.label}.{sender}", kind="CNAME", value=customs.alias
        )
        return told.note(message, effect, says("to have both, publish"), entry)
    return told.note(
        message, effect, says("to have both, see %(where)s", where=customs.where)
    )
