"""What a copy of the waiting process need not read again: code, places, the templates."""

import gc
import sqlite3
from pathlib import Path

import alembic.command
import apscheduler.schedulers.background
from typer.main import get_command

import mailer.adapters.accounts
import mailer.adapters.credentials.passkeys
import mailer.adapters.dns
import mailer.adapters.providers.fleet
import mailer.adapters.sources.csv
import mailer.bootstrap.examining
import mailer.cli.previews
from mailer.adapters import specimens, untranslated
from mailer.adapters.cities import read
from mailer.adapters.places import GeonamesGazetteer
from mailer.adapters.renderer import mail
from mailer.cli.app import app
from mailer.web import app as pages

READ = (sqlite3, alembic.command, apscheduler.schedulers, mailer.cli, mail, pages)
GeonamesGazetteer().resolve("San Diego", "CA", "US")
assert read.cache_info().currsize == 1
TEMPLATES = Path(__file__).parents[2] / "templates"
for language in ("en", "es"):
    assert specimens.message(TEMPLATES, "digest", language).html
assert not list(untranslated.untranslated(TEMPLATES, ("en", "es")))
# As each command does: what typer takes words apart with is read at that.
get_command(app).make_context("mailer", ["--project", ".", "status"])
gc.freeze()  # else each copy copies all of it as soon as it looks for garbage
