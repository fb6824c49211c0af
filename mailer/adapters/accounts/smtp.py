"""A mail server, tried as far as mail would begin: connect, encrypt, sign in, say goodbye.

Nothing is sent, not even a sender's address.
"""

from collections.abc import Sequence
from dataclasses import replace

from mailer.adapters.clocks import elapsed
from mailer.adapters.providers.smtp.opening import (
    Fault,
    Security,
    Server,
    Stage,
    attempt,
)
from mailer.core.diagnosis import About, Finding, Topic
from mailer.core.saying import says

_PATIENCE = 6.0  # seconds for one answer
_LONGEST = 10.0  # seconds for all of it
_NOTHING = says("nothing goes out")


def examine(server: Server, table: str) -> Sequence[Finding]:
    """Say whether this server lets us in; `table` is its heading in mailer.toml."""
    told = About(Topic.PROVIDER, says("mail server %(host)s", host=server.host))
    hurried = replace(server, timeout=min(server.timeout, _PATIENCE))
    line = attempt(hurried, latest=elapsed() + _LONGEST)
    if isinstance(line, Fault):
        return [_explained(told, line, server, table)]
    line.close()
    return [
        told.ok(
            says(
                "port %(port)s lets us in%(how)s; nothing was sent",
                port=str(server.port),
                how=_how(server),
            )
        )
    ]


def _how(server: Server) -> str:
    signed = says(", signed in") if server.username else says(", without a sign-in")
    if server.security is Security.NONE:
        return signed
    return says(
        ", over %(security)s with a valid certificate%(signed)s",
        security=server.security.upper(),
        signed=signed,
    )


def _explained(told: About, fault: Fault, server: Server, table: str) -> Finding:
    at_port = says(
        "port %(port)s: %(detail)s", port=str(server.port), detail=fault.detail
    )
    match fault.stage:
        case Stage.UNNAMED:
            return told.warn(
                says(
                    "its name leads nowhere from here (%(detail)s)", detail=fault.detail
                ),
                _NOTHING,
                says(
                    "look at host in %(table)s; without the internet nobody can tell",
                    table=table,
                ),
            )
        case Stage.UNREACHED:
            return told.fail(at_port, _NOTHING, _unreached(server, table))
        case Stage.GREETING:
            return told.fail(
                at_port,
                _NOTHING,
                says("ask whoever runs it why it turns this machine away"),
            )
        case Stage.ENCRYPTION:
            return told.fail(at_port, _NOTHING, _encrypted(server, table))
        case Stage.CERTIFICATE:
            return told.fail(
                at_port,
                says("nothing goes out: whoever answers there may be somebody else"),
                says(
                    "write the name that stands in its certificate as host in"
                    " %(table)s, or the file of the authority that made it as"
                    " ca_file; one that has expired is renewed by whoever runs it",
                    table=table,
                ),
            )
        case Stage.SIGN_IN:
            return told.fail(at_port, _NOTHING, _signed_in(fault, table))


def _unreached(server: Server, table: str) -> str:
    if server.port == Security.TLS.port and server.security is not Security.TLS:
        return says(
            'port %(port)s expects security = "tls"; write it to %(table)s',
            port=str(server.port),
            table=table,
        )
    return says(
        "look at host and port in %(table)s; many hosters block port 25, and some 587,"
        " until they are asked",
        table=table,
    )


def _encrypted(server: Server, table: str) -> str:
    if server.security is Security.TLS:
        return says(
            'for port %(port)s write security = "starttls" to %(table)s',
            port=str(server.port),
            table=table,
        )
    return says(
        'try port = 465 with security = "tls" in %(table)s, or ask whoever runs it',
        table=table,
    )


def _signed_in(fault: Fault, table: str) -> str:
    if "offers no" in fault.detail:
        return says(
            "if it knows this machine by its address, take username and password out of"
            " %(table)s; else ask whoever runs it for a port with sign-in",
            table=table,
        )
    return says(
        "look at username and password in %(table)s; many servers want an app password"
        " or SMTP credentials of their own, and not the one of the mailbox or the API",
        table=table,
    )
