"""What programs ask and do, as JSON, with a token of somebody's account."""

from mailer.web.api.desk import Automation
from mailer.web.api.limits import Limits
from mailer.web.api.problems import ROOT, failed, refused
from mailer.web.api.routes import routes

__all__ = ["ROOT", "Automation", "Limits", "failed", "refused", "routes"]
