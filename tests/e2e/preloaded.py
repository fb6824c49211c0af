"""What a copy of the waiting process need not read again: code and the gazetteer."""

import sqlite3

import mailer.cli
from mailer.adapters.cities import read
from mailer.adapters.places import GeonamesGazetteer
from mailer.adapters.renderer import mail
from mailer.web import app

READ = (sqlite3, mailer.cli, mail, app)
GeonamesGazetteer().resolve("San Diego", "CA", "US")
assert read.cache_info().currsize == 1
