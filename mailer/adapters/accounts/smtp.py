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

_PATIENCE = 6.0  # seconds for one answer
_LONGEST = 10.0  # seconds for all of it
_NOTHING = "nothing goes out"


def examine(server: Server, table: str) -> Sequence[Finding]:
    """Say whether this server lets us in; `table` is its heading in mailer.toml."""
    told = About(Topic.PROVIDER, f"mail server {server.host}")
    hurried = replace(server, timeout=min(server.timeout, _PATIENCE))
    line = attempt(hurried, latest=elapsed() + _LONGEST)
    if isinstance(line, Fault):
        return [_explained(told, line, server, table)]
    line.close()
    return [told.ok(f"port {server.port} lets us in{_how(server)}; nothing was sent")]


def _how(server: Server) -> str:
    words = ""
    if server.security is not Security.NONE:
        words += f", over {server.security.upper()} with a valid certificate"
    return words + (", signed in" if server.username else ", without a sign-in")


def _explained(told: About, fault: Fault, server: Server, table: str) -> Finding:
    at_port = f"port {server.port}: {fault.detail}"
    match fault.stage:
        case Stage.UNNAMED:
            return told.warn(
                f"its name leads nowhere from here ({fault.detail})",
                _NOTHING,
                f"look at host in {table}; without the internet nobody can tell",
            )
        case Stage.UNREACHED:
            return told.fail(at_port, _NOTHING, _unreached(server, table))
        case Stage.GREETING:
            return told.fail(
                at_port, _NOTHING, "ask whoever runs it why it turns this machine away"
            )
        case Stage.ENCRYPTION:
            return told.fail(at_port, _NOTHING, _encrypted(server, table))
        case Stage.CERTIFICATE:
            return told.fail(
                at_port,
                "nothing goes out: whoever answers there may be somebody else",
                f"write the name that stands in its certificate as host in {table}, or"
                " the file of the authority that made it as ca_file; one that has"
                " expired is renewed by whoever runs it",
            )
        case Stage.SIGN_IN:
            return told.fail(at_port, _NOTHING, _signed_in(fault, table))


def _unreached(server: Server, table: str) -> str:
    if server.port == Security.TLS.port and server.security is not Security.TLS:
        return f'port {server.port} expects security = "tls"; write it to {table}'
    return (
        f"look at host and port in {table}; many hosters block port 25, and some 587,"
        " until they are asked"
    )


def _encrypted(server: Server, table: str) -> str:
    if server.security is Security.TLS:
        return f'for port {server.port} write security = "starttls" to {table}'
    return f'try port = 465 with security = "tls" in {table}, or ask whoever runs it'


def _signed_in(fault: Fault, table: str) -> str:
    if "offers no" in fault.detail:
        return (
            f"if it knows this machine by its address, take username and password out of"
            f" {table}; else ask whoever runs it for a port with sign-in"
        )
    return (
        f"look at username and password in {table}; many servers want an app password"
        " or SMTP credentials of their own, and not the one of the mailbox or the API"
    )
