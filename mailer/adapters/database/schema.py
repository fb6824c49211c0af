"""Every table, once; the migrations must agree (a test sees to it).

Numbers are ours, `public_id` and `uid` are random and may appear in links.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from mailer.adapters.database.types import Bytes, Id, Instant, Json

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- places and organizations ------------------------------------------------

places = Table(
    "places",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("label", String(200), nullable=False),
    Column("locality", String(200), nullable=False),
    Column("region", String(40)),
    Column("country", String(2), nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("time_zone", String(60)),
)

# What a source wrote and the gazetteer resolved, so that it is asked only once.
place_names = Table(
    "place_names",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("place_id", ForeignKey("places.id"), nullable=False),
    Column("code", String(40)),
    Column("message", Text),
)

organizations = Table(
    "organizations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(300), nullable=False),
    Column("parent_id", ForeignKey("organizations.id")),
    Column("place_id", ForeignKey("places.id")),
    Column("website", Text),
    Column("created_at", Instant, nullable=False),
)

# Every spelling by which an organization is known, its own name included.
organization_aliases = Table(
    "organization_aliases",
    metadata,
    Column("key", String(300), primary_key=True),
    Column("name", String(300), nullable=False),
    Column(
        "organization_id", ForeignKey("organizations.id"), nullable=False, index=True
    ),
)

# --- calls and actions -------------------------------------------------------

calls = Table(
    "calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slug", String(80), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("opens_on", Date),
    Column("closes_on", Date),
    Column("created_at", Instant, nullable=False),
)

endorsements = Table(
    "endorsements",
    metadata,
    Column("call_id", ForeignKey("calls.id"), primary_key=True),
    Column("organization_id", ForeignKey("organizations.id"), primary_key=True),
    Column("endorsed_on", Date),
    Column("public", Boolean, nullable=False, server_default=text("true")),
    Column("recorded_at", Instant, nullable=False),
)

actions = Table(
    "actions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("source", String(120), nullable=False),
    Column("external_id", String(300)),
    Column("call_id", ForeignKey("calls.id")),
    Column("version", Integer, nullable=False),
    Column("status", String(12), nullable=False),
    Column("place_id", ForeignKey("places.id")),
    Column("starts_at", Instant, nullable=False),
    Column("over_at", Instant, nullable=False, index=True),
    Column("contact", Json, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("missing_since", Instant),
    UniqueConstraint("source", "external_id"),
)

# The change history: what the action was told to be, version by version.
action_versions = Table(
    "action_versions",
    metadata,
    Column("action_id", ForeignKey("actions.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("facts", Json, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", String(120), nullable=False),
)

sponsorships = Table(
    "sponsorships",
    metadata,
    Column("action_id", ForeignKey("actions.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column(
        "organization_id", ForeignKey("organizations.id"), nullable=False, index=True
    ),
    Column("role", String(12), nullable=False),
)

targets = Table(
    "targets",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(300), nullable=False, unique=True),
    Column("name", String(300), nullable=False),
)

action_targets = Table(
    "action_targets",
    metadata,
    Column("action_id", ForeignKey("actions.id"), primary_key=True),
    Column("target_id", ForeignKey("targets.id"), primary_key=True),
)

# --- people ------------------------------------------------------------------

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uid", Bytes(16), nullable=False, unique=True),
    Column("address", String(254), nullable=False),
    Column("address_hash", Bytes(16), nullable=False, unique=True),
    Column("given_name", String(120)),
    Column("family_name", String(120)),
    Column("language", String(8), nullable=False),
    Column("time_zone", String(60)),
    Column("place_id", ForeignKey("places.id")),
    Column("created_at", Instant, nullable=False),
)

seats = Table(
    "seats",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False),
    Column(
        "organization_id", ForeignKey("organizations.id"), nullable=False, index=True
    ),
    Column("role", String(20), nullable=False),
    UniqueConstraint("subscriber_id", "organization_id"),
)

# A list's definition is a file; here is only what must not change with it.
lists = Table(
    "lists",
    metadata,
    Column("number", Id, primary_key=True),
    Column("slug", String(40), nullable=False, unique=True),
    Column("first_seen_at", Instant, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Column("list_number", ForeignKey("lists.number"), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("ended_reason", String(40)),
    Column("paused_until", Instant),
    Column("quiet_weeks", Boolean, nullable=False, server_default=text("false")),
    # As `core.preferences` and `core.scope` write them.
    Column("frequency", String(12), nullable=False, server_default=text("'every'")),
    Column("scope", String(600), nullable=False, server_default=text("''")),
    Column("consented_on", Date),
    Column("known_variant", ForeignKey("variants.id")),
    Column("changed_at", Instant, nullable=False),
    CheckConstraint("state IN ('pending', 'active', 'ended')", name="state"),
    Index("ix_subscriptions_audience", "list_number", "state", "subscriber_id"),
)

# What readers changed by themselves, so that one press takes it back; forgotten when
# that is too late. What was agreed to is in the consent events.
preference_changes = Table(
    "preference_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False),
    Column("list_number", ForeignKey("lists.number"), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("before", Json, nullable=False),
    Column("after", Json, nullable=False),
    Column("lists_left", Json, nullable=False),  # their numbers
    Column("undone_at", Instant),
    Index("ix_preference_changes_reader", "subscriber_id", "list_number"),
)

# Append-only: who agreed or withdrew, when, how, under which wording.
consent_events = Table(
    "consent_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False, index=True),
    Column("list_number", ForeignKey("lists.number"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("basis", String(60)),
    Column("happened_at", Instant, nullable=False),
    Column("source", Text),
    Column("wording", Text),
    Column("recorded_at", Instant, nullable=False),
)

# Addresses nobody may mail; the hash stays when the person is erased.
suppressions = Table(
    "suppressions",
    metadata,
    Column("address_hash", Bytes(16), primary_key=True),
    Column("reason", String(20), nullable=False),
    Column("since", Instant, nullable=False),
)

# --- the ledger --------------------------------------------------------------

mailings = Table(
    "mailings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Bytes(16), nullable=False),
    Column("list_number", ForeignKey("lists.number"), nullable=False),
    Column("edition", String(60), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", Text),
    Column("due_at", Instant, nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("totals", Json),  # what its deliveries counted, once they are pruned
    Column("pruned_at", Instant),
    # Whether the subscriptions know already what its readers were told.
    Column("remembered", Boolean, nullable=False, server_default=text("false")),
    # Where the link of a note leads: a purpose of tokens, and what it is about.
    Column("link", Json),
    # What its events counted when a person last let it go on (`core.breaker`).
    Column("heeded", Json),
    UniqueConstraint("list_number", "edition"),
    CheckConstraint(
        "state IN ('planned', 'missed', 'sending', 'paused', 'finished',"
        " 'unresolved', 'cancelled')",
        name="state",
    ),
)

variants = Table(
    "variants",
    metadata,
    Column("id", Id, primary_key=True),
    Column("mailing_id", ForeignKey("mailings.id"), nullable=False),
    Column("content_hash", Bytes(32), nullable=False),
    Column("language", String(8), nullable=False),
    Column("place", String(200)),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("mailing_id", "content_hash"),
)

# What the readers of a variant were told, so that the next edition can say what changed.
variant_items = Table(
    "variant_items",
    metadata,
    Column("variant_id", ForeignKey("variants.id"), primary_key=True),
    Column("action_id", Id, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("kind", String(12), nullable=False),
    ForeignKeyConstraint(
        ["action_id", "version"],
        ["action_versions.action_id", "action_versions.version"],
    ),
)

# Which variant each group of readers gets; no variant means skipped, for a reason.
mailing_groups = Table(
    "mailing_groups",
    metadata,
    Column("mailing_id", ForeignKey("mailings.id"), primary_key=True),
    Column("language", String(8), primary_key=True),
    Column("place_id", Id, primary_key=True, autoincrement=False),
    Column("known_variant", Id, primary_key=True, autoincrement=False),
    Column("quiet_weeks", Boolean, primary_key=True),
    Column("scope", String(600), primary_key=True, server_default=text("''")),
    Column("variant_id", ForeignKey("variants.id")),
)

# Up to N deliveries of one variant: what is claimed, sent and recorded as one.
# `key`, `fingerprint` and `first_call` are of the call whose outcome is still open:
# the key is only ever used with the bytes that the fingerprint stands for.
batches = Table(
    "batches",
    metadata,
    Column("variant_id", ForeignKey("variants.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("mailing_id", ForeignKey("mailings.id"), nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("lease_owner", String(80)),
    Column("lease_epoch", Integer, nullable=False, server_default=text("0")),
    Column("lease_until", Float, nullable=False, server_default=text("0")),
    Column("not_before", Float, nullable=False, server_default=text("0")),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("pace", String(255)),  # the receiving domain, where it has a pace of its own
    # Where it lies on the circle that is divided among the providers (`core.routes`).
    Column("point", Integer, nullable=False, server_default=text("0")),
    # Whose turn it is, or whose call is open; "": nobody has been named yet.
    Column("carrier", String(40), nullable=False, server_default=text("''")),
    Column("stand_in", String(40)),  # who takes it while that one takes nothing
    Column("key", String(36)),
    Column("fingerprint", Bytes(32)),
    Column("first_call", Float),  # seconds since 1970 on the database's clock
    Column("sent_at", Instant),
    Column("detail", Text),
    CheckConstraint(
        "state IN ('ready', 'leased', 'inflight', 'done', 'unknown', 'parked')",
        name="state",
    ),
)
_OPEN = text("state IN ('ready', 'leased', 'inflight', 'unknown')")
Index(
    "ix_batches_work",
    batches.c.carrier,
    batches.c.not_before,  # in the order of claims, so that one reads one row
    batches.c.variant_id,
    batches.c.seq,
    postgresql_where=_OPEN,
    sqlite_where=_OPEN,
)

_IN_FLIGHT = text("state = 'inflight'")
Index(
    "ix_batches_inflight",
    batches.c.carrier,
    batches.c.lease_until,
    postgresql_where=_IN_FLIGHT,
    sqlite_where=_IN_FLIGHT,
)

Index(
    "ix_batches_open",
    batches.c.mailing_id,
    postgresql_where=_OPEN,
    sqlite_where=_OPEN,
)

_PARKED = text("state = 'parked'")
Index(
    "ix_batches_parked",
    batches.c.mailing_id,
    postgresql_where=_PARKED,
    sqlite_where=_PARKED,
)

# When a provider, a mailing or a receiving domain may be written to next: a token
# bucket as one number, the moment at which what was taken from it is paid off.
paces = Table(
    "paces",
    metadata,
    Column("name", String(300), primary_key=True),
    Column("free_at", Float, nullable=False),
    Column("detail", Text),
)

# One row: whether sending is stopped, and where this database is at home.
instance = Table(
    "instance",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("home", String(200)),
    Column("last_call", Float, nullable=False, server_default=text("0")),
    Column("stopped_at", Instant),
    Column("stopped_reason", Text),
    CheckConstraint("id = 1", name="single"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("mailing_id", ForeignKey("mailings.id"), primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Column("address_hash", Bytes(16), nullable=False),
    Column("variant_id", ForeignKey("variants.id")),
    Column("seq", Integer),
    Column("state", String(10), nullable=False),
    Column("reason", Text),
    Column("provider", String(40)),
    Column("provider_id", String(200)),
    Column("changed_at", Instant, nullable=False),
    Column("heard", String(12)),  # the weightiest that the provider told of it
    UniqueConstraint("mailing_id", "address_hash"),
    CheckConstraint(
        "state IN ('pending', 'inflight', 'sent', 'failed', 'unknown', 'parked',"
        " 'suppressed', 'skipped')",
        name="state",
    ),
    Index("ix_deliveries_batch", "variant_id", "seq"),
    Index("ix_deliveries_subscriber", "subscriber_id"),
)
Index(
    "ix_deliveries_heard",
    deliveries.c.mailing_id,
    deliveries.c.heard,
    sqlite_where=deliveries.c.heard.is_not(None),
    postgresql_where=deliveries.c.heard.is_not(None),
)

# What providers told, without the address: its hash finds whom it is about.
provider_events = Table(
    "provider_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("provider", String(40), nullable=False),
    Column("event_id", String(200), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("address_hash", Bytes(16), nullable=False),
    Column("domain", String(255), nullable=False),
    Column("provider_id", String(200)),
    Column("status", String(12)),
    Column("detail", Text, nullable=False),
    Column("happened_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("applied_at", Instant),
    Column("mailing_id", Id),  # known once it is applied
    UniqueConstraint("provider", "event_id"),
)
Index(
    "ix_provider_events_waiting",
    provider_events.c.id,
    sqlite_where=provider_events.c.applied_at.is_(None),
    postgresql_where=provider_events.c.applied_at.is_(None),
)
Index(
    "ix_provider_events_blocked",
    provider_events.c.mailing_id,
    provider_events.c.domain,
    sqlite_where=text("kind = 'block'"),
    postgresql_where=text("kind = 'block'"),
)

# Append-only: who did what, when; numbers and reasons, never an address.
audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("happened_at", Instant, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("verb", String(40), nullable=False),
    Column("object", String(200), nullable=False),
    Column("detail", Json, nullable=False),
)
