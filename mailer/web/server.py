"""uvicorn, told to write no address of a page anywhere."""

import logging

import uvicorn
from starlette.types import ASGIApp


def server(app: ASGIApp, host: str, port: int) -> uvicorn.Server:
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
        ws="none",
        timeout_graceful_shutdown=10,
    )
    return uvicorn.Server(config)


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serve until a signal says stop; requests under way get ten seconds to end."""
    server(app, host, port).run()


def _nothing(_: logging.LogRecord) -> bool:
    # access_log=False alone gives way as soon as somebody's logging set-up puts a
    # handler on that logger.
    return False
