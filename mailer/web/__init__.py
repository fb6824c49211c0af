"""Pages and hooks: what readers reach from a link in their mail."""

from mailer.web.server import serve

__all__ = ["serve"]
