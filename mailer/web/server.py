"""uvicorn, told to write no address of a page anywhere."""

import logging
import socket

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from mailer.core.errors import ConfigError
from mailer.web.patience import Patience, protocol


def server(
    app: ASGIApp, host: str, port: int, patience: Patience | None = None
) -> uvicorn.Server:
    """Return a server that is not started yet.

    Logging is the caller's to configure: uvicorn's own access log, which would
    hold the tokens of the links, is off, and `mailer.web` logs requests without.
    """
    logging.getLogger("uvicorn.access").addFilter(_nothing)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        log_level="info",  # at "trace" uvicorn would log whole requests
        server_header=False,
        lifespan="off",
        http=protocol(patience or Patience()),
        ws="none",
        timeout_graceful_shutdown=10,
    )
    running = uvicorn.Server(config)
    if isinstance(app, Starlette):  # what goes on for hours asks whether to end
        app.state.stopping = lambda: running.should_exit
    return running


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raises ConfigError where nobody can."""
    listening = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )[0]
        # The protocol is named, else asyncio leaves Nagle's delay on: 40 ms per answer.
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except (OSError, OverflowError) as error:
        if listening is not None:
            listening.close()
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"{host}:{port}: nothing can listen there: {why}; name another with --port"
        ) from None
    return listening


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serve until a signal says stop; requests under way get ten seconds to end.

    Raises ConfigError where nobody can listen.
    """
    with listen(host, port) as listening:
        server(app, host, port).run(sockets=[listening])


def _nothing(_: logging.LogRecord) -> bool:
    # access_log=False alone gives way as soon as somebody's logging set-up puts a
    # handler on that logger.
    return False
