"""What a copy of the waiting process need not read again: code, places, the templates."""

import gc
import sqlite3
from pathlib import Path

import alembic.command
import apscheduler.schedulers.background

import mailer.cli
from mailer.adapters import specimens, untranslated
from mailer.adapters.cities import read
from mailer.adapters.places import GeonamesGazetteer
from mailer.adapters.renderer import mail
from mailer.web import app

READ = (sqlite3, alembic.command, apscheduler.schedulers, mailer.cli, mail, app)
GeonamesGazetteer().resolve("San Diego", "CA", "US")
assert read.cache_info().currsize == 1
TEMPLATES = Path(__file__).parents[2] / "templates"
for language in ("en", "es"):
    assert specimens.message(TEMPLATES, "digest", language).html
assert not list(untranslated.untranslated(TEMPLATES, ("en", "es")))
gc.freeze()  # else each copy copies all of it as soon as it looks for garbage
