"""Settings: `mailer.toml` and the environment, read once into frozen records."""

from mailer.config.reading import load
from mailer.config.records import (
    Coalition,
    Doctor,
    ProviderSettings,
    Sender,
    Settings,
    SourceSettings,
)
from mailer.config.written import FILE, VARIABLES

__all__ = [
    "FILE",
    "VARIABLES",
    "Coalition",
    "Doctor",
    "ProviderSettings",
    "Sender",
    "Settings",
    "SourceSettings",
    "load",
]
