"""Where coordinators work: behind a sign-in, page by page as their roles allow."""

from mailer.web.console.desk import Coordination
from mailer.web.console.holdings import Holdings
from mailer.web.console.routes import routes

__all__ = ["Coordination", "Holdings", "routes"]
