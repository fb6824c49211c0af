"""Our own pages as mail programs reach them: one-click leaving tried for real.

RFC 8058: mail programs post to the link of List-Unsubscribe over HTTPS, without
cookies, and follow no redirect.
"""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from mailer.core.diagnosis import About, Finding, Topic
from mailer.core.saying import Verbatim, says
from mailer.pipeline.examine import exchange
from mailer.ports import Names, Page, Unanswered, Web

_ONE_CLICK = b"List-Unsubscribe=One-Click"
_BOUNDARY = "one-click-of-the-doctor"
_FORMS = (  # RFC 8058 §3.2 allows both
    ("application/x-www-form-urlencoded", _ONE_CLICK),
    (
        f"multipart/form-data; boundary={_BOUNDARY}",
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name="
        f'"List-Unsubscribe"\r\n\r\nOne-Click\r\n--{_BOUNDARY}--\r\n'.encode(),
    ),
)
_SLOW = 3.0  # seconds after which mail programs lose patience
_DONE = b"Done.\n"  # what our pages answer to one click
_STAY = says(
    "readers cannot leave with one click, so they press the spam button instead"
)


def host(names: Names, base_url: str) -> Sequence[Finding]:
    """Look for the addresses of the host that links lead to."""
    name = urlsplit(base_url).hostname or ""
    told = About(Topic.DNS, says("host %(name)s", name=name))
    found = _literal(name) or exchange.addresses(names, name)
    if isinstance(found, Unanswered):
        return [told.unasked(found.why)]
    if not found:
        return [
            told.fail(
                says("has no address"),
                says("every link leads nowhere; %(stay)s", stay=_STAY),
                says(
                    "publish an A or AAAA record for it, or mend base_url in"
                    " mailer.toml"
                ),
            )
        ]
    inside = [each for each in found if not ipaddress.ip_address(each).is_global]
    if inside:
        return [
            told.fail(
                says(
                    "%(inside)s is reached only from inside your network",
                    inside=tuple(inside),
                ),
                says("for readers every link leads nowhere; %(stay)s", stay=_STAY),
                says("publish a public address, or mend base_url in mailer.toml"),
            )
        ]
    return [told.ok(Verbatim(", ".join(found)))]


def _literal(name: str) -> tuple[str, ...]:
    try:
        return (str(ipaddress.ip_address(name)),)
    except ValueError:
        return ()


def health(web: Web, names: Names, base_url: str) -> Sequence[Finding]:
    """Ask the pages whether they are up."""
    told = About(Topic.LINKS, says("pages"))
    url = f"{base_url}/healthz"
    answer = web.get(url)
    if isinstance(answer, Unanswered):
        name = urlsplit(base_url).hostname or ""
        known = _literal(name) or exchange.addresses(names, name)
        if isinstance(known, Unanswered):  # it is us who are cut off
            return [told.unasked(known.why)]
        return [_unreached(told, answer, base_url)]
    if answer.status == 200 and answer.body.strip() == b"ok":
        return [
            told.ok(
                says("up, answered in %(seconds)s s", seconds=f"{answer.seconds:.1f}")
            )
        ]
    return [
        told.fail(
            says(
                "%(url)s answered %(status)s: something else is there",
                url=url,
                status=answer.status,
            ),
            says("links lead elsewhere; %(stay)s", stay=_STAY),
            says("%(run)s; or mend base_url in mailer.toml", run=_running(base_url)),
        )
    ]


def _unreached(told: About, answer: Unanswered, base_url: str) -> Finding:
    if answer.certificate:
        return told.fail(
            answer.why,
            says("browsers warn, and mail programs do not post; %(stay)s", stay=_STAY),
            says(
                "have %(hostname)s serve a certificate for its name that is in"
                " date, with its intermediate ones",
                hostname=urlsplit(base_url).hostname or "",
            ),
        )
    return told.fail(
        says(
            "nobody answers at %(base_url)s (%(why)s)",
            base_url=base_url,
            why=answer.why,
        ),
        says("every link leads nowhere; %(stay)s", stay=_STAY),
        _running(base_url),
    )


def _running(base_url: str) -> str:
    return says(
        "start mailer web, or the server in front of it, and see that it answers at"
        " %(base_url)s",
        base_url=base_url,
    )


def one_click(web: Web, base_url: str, token: str) -> Sequence[Finding]:
    """Open and press a leave link that belongs to nobody, as a mail program would."""
    told = About(Topic.LINKS, says("one-click leaving"))
    url = f"{base_url}/u/{token}"
    opened = web.get(url)
    if isinstance(opened, Unanswered):
        return [_unopened(told, opened, web.get(f"{base_url}/healthz"))]
    findings = list(_opened(told, opened))
    for content_type, body in _FORMS:
        pressed = web.post(url, body=body, content_type=content_type)
        findings += _pressed(told, pressed, content_type.partition(";")[0])
    return findings or [
        told.ok(says("opening the link shows a page, and pressing it is taken"))
    ]


def _unopened(told: About, why: Unanswered, health: Page | Unanswered) -> Finding:
    if isinstance(health, Unanswered):
        return told.unasked(says("nobody answers there"))
    return told.fail(
        says("the pages answer, but not to leave links: %(why)s", why=why.why),
        _STAY,
        says("see that whatever stands in front lets GET and POST to /u/ through"),
    )


def _opened(told: About, answer: Page) -> Sequence[Finding]:
    kind = answer.headers.get("content-type", "")
    if answer.status != 200 or not kind.startswith("text/html"):
        return [
            told.fail(
                says(
                    "opening a leave link answered %(answer)s, not a page",
                    answer=_said(answer),
                ),
                _STAY,
                _in_front(answer),
            )
        ]
    if "no-store" not in answer.headers.get("cache-control", ""):
        return [
            told.warn(
                says("something in front of the pages takes Cache-Control away"),
                says("one reader's page may be shown to another"),
                says("have it pass the headers of /u/ and /p/ on, and keep nothing"),
            )
        ]
    return []


def _pressed(told: About, answer: Page | Unanswered, form: str) -> Sequence[Finding]:
    if isinstance(answer, Unanswered):
        return [
            told.fail(
                says("pressing it as %(form)s: %(why)s", form=form, why=answer.why),
                _STAY,
                says("see that whatever stands in front lets POST to /u/ through"),
            )
        ]
    if answer.status != 200 or answer.body != _DONE:
        return [
            told.fail(
                says(
                    "pressing it as %(form)s answered %(answer)s",
                    form=form,
                    answer=_said(answer),
                ),
                _STAY,
                _in_front(answer),
            )
        ]
    if answer.seconds > _SLOW:
        return [
            told.warn(
                says(
                    "pressing it as %(form)s took %(seconds)s s",
                    form=form,
                    seconds=f"{answer.seconds:.1f}",
                ),
                says("mail programs give up, and show an error"),
                says("see why the database or the machine is slow"),
            )
        ]
    return []


def _said(answer: Page) -> str:
    if 300 <= answer.status < 400:
        return says("%(status)s, a redirect", status=answer.status)
    return str(answer.status)


def _in_front(answer: Page) -> str:
    if 300 <= answer.status < 400:
        return says(
            "mail programs follow no redirect: let base_url in mailer.toml be the"
            " address that it leads to"
        )
    if answer.status in {401, 403, 405, 429, 503}:
        return says(
            "a login, a firewall or a bot check stands in front: let GET and POST to"
            " /u/ through without any"
        )
    return says("see what answers there; it should be mailer web")
