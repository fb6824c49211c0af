"""What programs ask and do, as JSON, with a token of somebody's account."""

from mailer.web.api.desk import Automation, Letter
from mailer.web.api.limits import Limits
from mailer.web.api.problems import failed, is_ours, refused
from mailer.web.api.routes import routes

__all__ = ["Automation", "Letter", "Limits", "failed", "is_ours", "refused", "routes"]
