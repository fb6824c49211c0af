"""Whether SPF or DKIM speaks for the domain that readers see (RFC 9989 §4.4)."""

from collections.abc import Sequence

from mailer.core.diagnosis import About, Finding, Topic
from mailer.pipeline.examine import dmarc
from mailer.ports import Names, Unanswered


def examine(
    names: Names, sender: str, *, signer: str, returns: str | None
) -> Sequence[Finding]:
    """Compare From with the domain that signs and the one that bounces go to.

    `returns`: None when nobody knows it.
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
        return [_by_signature(told, signer, returns, bounced=bool(bounced))]
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


def _by_signature(
    told: About, signer: str, returns: str | None, *, bounced: bool
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
