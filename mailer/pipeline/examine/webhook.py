"""Whether a provider tells us what becomes of our mail: where to, and what of."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from mailer.config import ProviderSettings
from mailer.core.customs import Customs
from mailer.core.diagnosis import About, Finding, Topic
from mailer.ports import Account, Hook, Web

DEAF = (
    "who bounces or complains is written to again, which ruins the sender's name, and"
    " no mailing pauses itself"
)


def unheard(name: str) -> str:
    """Return what becomes of events while their key is of no use."""
    return (
        f"the pages open all the same; what {name} tells is answered with 503, so that"
        f" it tells it again for some hours; {DEAF}"
    )


def told(ways: Customs) -> About:
    """Return what the findings are about."""
    return About(Topic.PROVIDER, f"{ways.vendor} webhook")


def deaf(
    settings: ProviderSettings, ways: Customs, base_url: str
) -> Sequence[Finding] | None:
    """Return the finding that we do not listen at all; None: we do."""
    option = ways.option
    if option in settings.options:
        lacks = option == "events_topic" and "configuration_set" not in settings.options
        return [_unpublished(settings, ways)] if lacks else None
    example = (
        f'{option} = "arn:aws:sns:REGION:ACCOUNT:TOPIC"'
        if option == "events_topic"
        else f'{option} = "env:NAME"'
    )
    return [
        told(ways).warn(
            f"[providers.{settings.name}] names no {option}: nobody listens",
            DEAF,
            f"{ways.hooks}: {_added(settings, ways, base_url)}; tick {ways.ticked};"
            f" then write {example} into the table",
        )
    ]


def _unpublished(settings: ProviderSettings, ways: Customs) -> Finding:
    """Return that SES is not told to publish events of what we send."""
    return told(ways).warn(
        f"[providers.{settings.name}] names an events_topic and no configuration_set",
        "Amazon SES publishes nothing of our mail to it, unless your domain has a"
        f" configuration set by default: {DEAF}",
        f'{ways.hooks}: then write configuration_set = "ITS-NAME" into the table',
    )


def examine(
    settings: ProviderSettings,
    ways: Customs,
    account: Account,
    web: Web,
    base_url: str,
) -> Sequence[Finding]:
    """Look for a webhook that leads to our pages and tells what we need."""
    found = account.hooks(web)
    if isinstance(found, Finding):
        return [found]
    ours = _ours(settings, base_url)
    topic = settings.options.get("events_topic")
    wanted = str(topic or ours)
    leading = [hook for hook in found if _same(hook.leads_to, wanted)]
    if not leading:
        return [
            told(ways).warn(
                f"none leads to {wanted}"
                + (f"; {len(found)} lead elsewhere" if found else ""),
                DEAF,
                f"{ways.hooks}: "
                + (
                    f"add one of the type Amazon SNS, with the topic {topic}, to which"
                    f" {ours} is subscribed by HTTPS"
                    if topic
                    else f"add {ours}"
                )
                + f"; tick {ways.ticked}",
            )
        ]
    best = min(leading, key=lambda hook: (not hook.enabled, len(hook.missing)))
    return _judged(best, ways, wanted)


def _judged(hook: Hook, ways: Customs, wanted: str) -> Sequence[Finding]:
    about = told(ways)
    if not hook.enabled:
        return [about.warn("it is switched off", DEAF, f"{ways.hooks}: switch it on")]
    findings: list[Finding] = []
    if hook.missing:
        findings.append(
            about.warn(
                f"it does not tell of {', '.join(hook.missing)}",
                "what is not told changes nothing here",
                f"{ways.hooks}: tick {ways.ticked}",
            )
        )
    if hook.tracking:
        findings.append(
            about.note(
                f"it tells of {', '.join(hook.tracking)}",
                "they are thrown away unread: nobody is tracked",
                f"{ways.hooks}: untick them",
            )
        )
    return findings or [
        about.ok(f"tells {wanted} of what matters, and of nothing else")
    ]


def _added(settings: ProviderSettings, ways: Customs, base_url: str) -> str:
    return ways.added.format(ours=_ours(settings, base_url))


def _ours(settings: ProviderSettings, base_url: str) -> str:
    return f"{base_url}/events/{settings.name}"


def _same(theirs: str, ours: str) -> bool:
    """Compare two addresses, apart from the key that one may carry."""
    try:
        first, second = urlsplit(theirs.strip()), urlsplit(ours)
        return (first.scheme, first.hostname, first.port, first.path.rstrip("/")) == (
            second.scheme,
            second.hostname,
            second.port,
            second.path.rstrip("/"),
        )
    except ValueError:
        return False
