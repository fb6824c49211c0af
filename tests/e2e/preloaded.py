"""What a copy of the waiting process need not read again: code, places, the digest."""

import sqlite3
from pathlib import Path

import mailer.cli
from mailer.adapters import specimens
from mailer.adapters.cities import read
from mailer.adapters.places import GeonamesGazetteer
from mailer.adapters.renderer import mail
from mailer.web import app

READ = (sqlite3, mailer.cli, mail, app)
GeonamesGazetteer().resolve("San Diego", "CA", "US")
assert read.cache_info().currsize == 1
TEMPLATES = Path(__file__).parents[2] / "templates"
for language in ("en", "es"):
    assert specimens.message(TEMPLATES, "digest", language).html
