"""`mailer …`: every command, each reporting to people and, with --json, to machines."""

import io
import sys

from mailer.cli.app import app
from mailer.cli.output import harmless
from mailer.core.errors import MailerError

__all__ = ["main"]


def main() -> None:
    """Run the command line; a failed request says why on stderr and exits with 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows only ASCII
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except MailerError as error:
        sys.stderr.write(f"mailer: {harmless(str(error))}\n")
        sys.exit(1)
    except KeyboardInterrupt:  # before a command was ready to end by itself
        sys.exit(130)
    except BrokenPipeError:  # `mailer actions | head`
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        words = harmless(f"{where}{error.strerror or error}")
        sys.stderr.write(f"mailer: {words}\n")
        sys.exit(1)
