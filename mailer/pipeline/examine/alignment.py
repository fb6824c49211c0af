"""Whether SPF or DKIM speaks for the domain that readers see (RFC 9989 §4.4)."""

from collections.abc import Sequence

from mailer.core.diagnosis import About, Finding, Topic
from mailer.core.saying import says
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
    told = About(Topic.DNS, says("alignment with %(sender)s", sender=sender))
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
        doubt = (
            says("nobody could be asked for its key")
            if signs is None
            else says("has no key")
        )
        return [speaks(told, signer, returns, doubt, bounced=bool(bounced))]
    if bounced and returns:
        return [
            told.warn(
                says(
                    "only the return path, %(returns)s, speaks for it; DKIM signs as"
                    " %(signer)s",
                    returns=returns,
                    signer=signer,
                ),
                says("forwarded mail fails DMARC"),
                says("have your provider sign as %(sender)s", sender=sender),
            )
        ]
    mode = "s" if record.strict_dkim else "r"
    return [
        told.fail(
            says(
                "neither DKIM (%(signer)s) nor the return path (%(returns)s)"
                " speaks for it (adkim=%(mode)s)",
                signer=signer,
                returns=returns or says("unknown"),
                mode=mode,
            ),
            says(
                "every message fails DMARC, and p=%(policy)s decides",
                policy=record.policy_for(sender),
            ),
            says(
                "send from an address at %(signer)s, or have your provider sign"
                " as %(sender)s",
                signer=signer,
                sender=sender,
            ),
        )
    ]


def _would(
    told: About, signer: str, returns: str | None, doubt: str, *, bounced: bool
) -> Finding:
    words = says(
        "DKIM (%(signer)s) would speak for it, but %(doubt)s",
        signer=signer,
        doubt=doubt,
    )
    if bounced and returns:
        return told.ok(
            says(
                "the return path (%(returns)s) speaks for it; %(words)s",
                returns=returns,
                words=words,
            )
        )
    return told.note(
        words,
        says("without it every message fails DMARC"),
        says("see the DKIM key above"),
    )


def _by_signature(
    told: About, signer: str, returns: str | None, _doubt: str, *, bounced: bool
) -> Finding:
    if returns is None:
        return told.ok(says("DKIM (%(signer)s) speaks for it", signer=signer))
    if bounced:
        return told.ok(
            says(
                "DKIM (%(signer)s) and the return path (%(returns)s) speak for it",
                signer=signer,
                returns=returns,
            )
        )
    return told.ok(
        says(
            "DKIM (%(signer)s) speaks for it; the return path (%(returns)s) does not",
            signer=signer,
            returns=returns,
        )
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
