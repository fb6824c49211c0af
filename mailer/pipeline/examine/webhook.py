"""Whether a provider tells us what becomes of our mail: where to, and what of."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from mailer.config import ProviderSettings
from mailer.core.customs import Customs
from mailer.core.diagnosis import About, Finding, Topic
from mailer.core.saying import says
from mailer.ports import Account, Hook, Web

DEAF = says(
    "who bounces or complains is written to again, which ruins the sender's name, and"
    " no mailing pauses itself"
)


def unheard(name: str) -> str:
    """Return what becomes of events while their key is of no use."""
    return says(
        "the pages open all the same; what %(name)s tells is answered with 503, so that"
        " it tells it again for some hours; %(deaf)s",
        name=name,
        deaf=DEAF,
    )


def told(ways: Customs) -> About:
    """Return what the findings are about."""
    return About(Topic.PROVIDER, says("%(vendor)s webhook", vendor=ways.vendor))


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
            says(
                "[providers.%(name)s] names no %(option)s: nobody listens",
                name=settings.name,
                option=option,
            ),
            DEAF,
            says(
                "%(hooks)s: %(added)s; tick %(ticked)s; then write %(example)s"
                " into the table",
                hooks=ways.hooks,
                added=_added(settings, ways, base_url),
                ticked=ways.ticked,
                example=example,
            ),
        )
    ]


def _unpublished(settings: ProviderSettings, ways: Customs) -> Finding:
    """Return that SES is not told to publish events of what we send."""
    return told(ways).warn(
        says(
            "[providers.%(name)s] names an events_topic and no configuration_set",
            name=settings.name,
        ),
        says(
            "Amazon SES publishes nothing of our mail to it, unless your"
            " domain has a configuration set by default: %(deaf)s",
            deaf=DEAF,
        ),
        says(
            '%(hooks)s: then write configuration_set = "ITS-NAME" into the table',
            hooks=ways.hooks,
        ),
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
                says(
                    "none leads to %(wanted)s; %(others)s lead elsewhere",
                    wanted=wanted,
                    others=len(found),
                )
                if found
                else says("none leads to %(wanted)s", wanted=wanted),
                DEAF,
                says(
                    "%(hooks)s: %(added)s; tick %(ticked)s",
                    hooks=ways.hooks,
                    added=_leading(topic, ours),
                    ticked=ways.ticked,
                ),
            )
        ]
    best = min(leading, key=lambda hook: (not hook.enabled, len(hook.missing)))
    return _judged(best, ways, wanted)


def _leading(topic: object, ours: str) -> str:
    """Return what to add where none leads to us; the topic, where SES tells of events."""
    if not topic:
        return says("add %(ours)s", ours=ours)
    return says(
        "add one of the type Amazon SNS, with the topic %(topic)s, to which %(ours)s is"
        " subscribed by HTTPS",
        topic=str(topic),
        ours=ours,
    )


def _judged(hook: Hook, ways: Customs, wanted: str) -> Sequence[Finding]:
    about = told(ways)
    if not hook.enabled:
        return [
            about.warn(
                says("it is switched off"),
                DEAF,
                says("%(hooks)s: switch it on", hooks=ways.hooks),
            )
        ]
    findings: list[Finding] = []
    if hook.missing:
        findings.append(
            about.warn(
                says("it does not tell of %(missing)s", missing=hook.missing),
                says("what is not told changes nothing here"),
                says(
                    "%(hooks)s: tick %(ticked)s", hooks=ways.hooks, ticked=ways.ticked
                ),
            )
        )
    if hook.tracking:
        findings.append(
            about.note(
                says("it tells of %(tracking)s", tracking=hook.tracking),
                says("they are thrown away unread: nobody is tracked"),
                says("%(hooks)s: untick them", hooks=ways.hooks),
            )
        )
    return findings or [
        about.ok(
            says("tells %(wanted)s of what matters, and of nothing else", wanted=wanted)
        )
    ]


def _added(settings: ProviderSettings, ways: Customs, base_url: str) -> str:
    ours = _ours(settings, base_url)
    if ways.option != "events_topic":
        return says("add %(ours)s", ours=ours)
    return says(
        "add one of the type Amazon SNS, with a topic of its own; in Amazon SNS subscribe"
        " to that topic by HTTPS, at %(ours)s, raw message delivery off",
        ours=ours,
    )


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
