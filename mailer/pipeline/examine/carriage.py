"""One provider carrying the mail of one domain: which names in DNS matter for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from mailer.config import Doctor, ProviderSettings
from mailer.core import customs
from mailer.core.customs import Customs
from mailer.core.diagnosis import About, Entry, Finding, Severity, Topic
from mailer.core.saying import says
from mailer.pipeline.examine import alignment, dkim, returning, spf
from mailer.pipeline.examine.rounds import Ask, Question
from mailer.pipeline.examine.written import domain_of
from mailer.ports import Account, Names, Report, Unanswered, Web


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """Who carries, what stands in From, who signs, and where bounces go."""

    customs: Customs
    sender: str
    signer: str
    returns: str | None  # where the settings say so
    selectors: tuple[str, ...]


def between(settings: ProviderSettings, sender: str, known: Doctor) -> Carriage | None:
    """Return how this provider carries mail from a domain; None: it mails nobody."""
    ways = customs.of(settings.kind)
    if ways is None:
        return None
    options = settings.options
    signer, returns = sender, known.return_path
    if settings.kind == "mailgun":
        signer = str(options.get("domain", sender)).lower()
        returns = returns or signer
    elif settings.kind == "smtp":
        bounces = options.get("bounces_to")
        returns = returns or (domain_of(str(bounces)) if bounces else sender)
    return Carriage(
        customs=ways,
        sender=sender,
        signer=signer,
        returns=returns,
        selectors=known.selectors,
    )


class Once:
    """A provider's report on one domain: asked for by several, asked once."""

    def __init__(self, account: Account | None, web: Web, domain: str) -> None:
        self._account, self._web, self._domain = account, web, domain
        self._lock = Lock()
        self._report: Report | None = None

    def report(self) -> Report:
        """Return the report; whoever comes while it is asked for waits."""
        with self._lock:
            if self._report is None:
                self._report = (
                    self._account.ask(self._web, self._domain)
                    if self._account
                    else Report(findings=())
                )
            return self._report


def questions(carriage: Carriage, names: Names, account: Once) -> Sequence[Question]:
    """Return what to ask of DNS about this provider and this domain."""
    ways, sender = carriage.customs, carriage.sender

    def returns() -> str | Unanswered | None:
        return returning.path(names, sender, ways, carriage.returns)

    def return_path() -> Sequence[Finding]:
        found = returns()
        told = About(Topic.DNS, says("return path of %(sender)s", sender=sender))
        if isinstance(found, Unanswered):
            return [told.unasked(found.why)]
        entries = account.report().entries
        return returning.examine(names, sender, ways, found, entries)

    def policy() -> Sequence[Finding]:
        found = returns()
        if found is None or isinstance(found, Unanswered) or found == ways.bounces:
            return []  # said under the return path; its owner publishes its SPF
        return spf.examine(names, found, include=ways.include, vendor=ways.vendor)

    def keys() -> Sequence[Finding]:
        wanted = _keys(account.report().entries)
        signing = dkim.Signing(
            domain=carriage.signer,
            customs=ways,
            entries={entry.name: entry for entry in wanted},
            selectors=carriage.selectors,
        )
        return dkim.examine(names, signing)

    found_keys = _Remembered(keys)

    def aligned() -> Sequence[Finding]:
        found = returns()
        told = About(Topic.DNS, says("alignment with %(sender)s", sender=sender))
        if isinstance(found, Unanswered):
            return [told.unasked(found.why)]
        return alignment.examine(
            names,
            sender,
            signer=carriage.signer,
            returns=found,
            signs=_signs(found_keys()),
        )

    return [
        Question(
            About(Topic.DNS, says("return path of %(sender)s", sender=sender)),
            return_path,
        ),
        Question(About(Topic.DNS, says("SPF for %(sender)s", sender=sender)), policy),
        Question(
            About(Topic.DNS, says("DKIM of %(signer)s", signer=carriage.signer)),
            found_keys,
        ),
        Question(
            About(Topic.DNS, says("alignment with %(sender)s", sender=sender)), aligned
        ),
    ]


class _Remembered:
    """A question whose answer another one builds upon: asked once."""

    def __init__(self, ask: Ask) -> None:
        self._ask, self._lock = ask, Lock()
        self._found: Sequence[Finding] | None = None

    def __call__(self) -> Sequence[Finding]:
        with self._lock:
            if self._found is None:
                self._found = self._ask()
            return self._found


def _signs(found: Sequence[Finding]) -> bool | None:
    """Return whether there is a key that receivers can use; None: nobody knows."""
    asked = [each for each in found if each.asked]
    if any(each.severity is not Severity.FAIL for each in asked):
        return True
    return False if asked and len(asked) == len(found) else None


def _keys(entries: Sequence[Entry]) -> Sequence[Entry]:
    return [entry for entry in entries if "._domainkey." in entry.name]
