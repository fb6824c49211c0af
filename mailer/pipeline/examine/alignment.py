"""Whether SPF or DKIM speaks for the domain that readers see (RFC 9989 §4.4)."""

from collections.abc import Sequence

from mailer.core.diagnosis import About, Finding, Topic
from mailer.pipeline.examine import dmarc
from mailer.ports import Names, Unanswered


def examine(
    names: Names,
    sender: str,
    *,
    signer: str,
    returns: str | None,
    signs: bool | None = True,
) -> Sequence[Finding]:
    """Compare From with the domain that signs and the one that bounces go to.

    `returns`: None when nobody knows it; `signs`: whether its key is there for
    receivers to find, None when nobody could be asked.
    """
    told = About(Topic.DNS, f"alignment with {sender}")
    walked = dmarc.walk(names, sender)
    if isinstance(walked, Unanswered):
        return [told.unasked(walked.why)]
    record = walked.applies
    if record is None:
        return []  # a finding of its own; without a record nobody compares
    signed = _aligned(names, walked, signer, strict=record.strict_dkim)
    bounced = (
        None
        if returns is None
        else _aligned(names, walked, returns, strict=record.strict_spf)
    )
    for answer in (signed, bounced):
        if isinstance(answer, Unanswered):
            return [told.unasked(answer.why)]
    if signed:
        speaks = _by_signature if signs else _would
        doubt = "nobody could be asked for its key" if signs is None else "has no key"
        return [speaks(told, signer, returns, doubt, bounced=bool(bounced))]
    if bounced:
        return [
            told.warn(
                f"only the return path, {returns}, speaks for it; DKIM signs as {signer}",
                "forwarded mail fails DMARC",
                f"have your provider sign as {sender}",
            )
        ]
    mode = "s" if record.strict_dkim else "r"
    return [
        told.fail(
            f"neither DKIM ({signer}) nor the return path ({returns or 'unknown'})"
            f" speaks for it (adkim={mode})",
            f"every message fails DMARC, and p={record.policy_for(sender)} decides",
            f"send from an address at {signer}, or have your provider sign as {sender}",
        )
    ]


def _would(
    told: About, signer: str, returns: str | None, doubt: str, *, bounced: bool
) -> Finding:
    words = f"DKIM ({signer}) would speak for it, but {doubt}"
    if bounced:
        return told.ok(f"the return path ({returns}) speaks for it; {words}")
    return told.note(
        words, "without it every message fails DMARC", "see the DKIM key above"
    )


def _by_signature(
    told: About, signer: str, returns: str | None, _doubt: str, *, bounced: bool
) -> Finding:
    if bounced:
        return told.ok(f"DKIM ({signer}) and the return path ({returns}) speak for it")
    if returns is None:
        return told.ok(f"DKIM ({signer}) speaks for it")
    return told.ok(
        f"DKIM ({signer}) speaks for it; the return path ({returns}) does not"
    )


def _aligned(
    names: Names, walked: dmarc.Walk, other: str, *, strict: bool
) -> bool | Unanswered:
    if other == walked.domain:
        return True
    if strict:
        return False
    abroad = dmarc.walk(names, other)
    if isinstance(abroad, Unanswered):
        return abroad
    return abroad.organization == walked.organization
