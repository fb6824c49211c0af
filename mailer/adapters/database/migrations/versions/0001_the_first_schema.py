"""The first schema."""

import sqlalchemy as sa
from alembic import op

from mailer.adapters.database.types import Id, Instant, Json

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", Id, nullable=False),
        sa.Column(
            "happened_at",
            Instant,
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("object", sa.String(length=200), nullable=False),
        sa.Column(
            "detail",
            Json,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_table(
        "calls",
        sa.Column("id", Id, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column(
            "created_at",
            Instant,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("slug", name=op.f("uq_calls_slug")),
    )
    op.create_table(
        "lists",
        sa.Column(
            "number",
            Id,
            nullable=False,
        ),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column(
            "first_seen_at",
            Instant,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_lists")),
        sa.UniqueConstraint("slug", name=op.f("uq_lists_slug")),
    )
    op.create_table(
        "places",
        sa.Column("id", Id, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("locality", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("time_zone", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        sa.UniqueConstraint("key", name=op.f("uq_places_key")),
    )
    op.create_table(
        "provider_events",
        sa.Column("id", Id, nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column(
            "happened_at",
            Instant,
            nullable=False,
        ),
        sa.Column(
            "received_at",
            Instant,
            nullable=False,
        ),
        sa.Column(
            "applied_at",
            Instant,
            nullable=True,
        ),
        sa.Column(
            "body",
            Json,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_events")),
        sa.UniqueConstraint(
            "provider", "event_id", name=op.f("uq_provider_events_provider_event_id")
        ),
    )
    op.create_table(
        "suppressions",
        sa.Column("address_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column(
            "since",
            Instant,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "targets",
        sa.Column("id", Id, nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_targets")),
        sa.UniqueConstraint("key", name=op.f("uq_targets_key")),
    )
    op.create_table(
        "actions",
        sa.Column("id", Id, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("external_id", sa.String(length=300), nullable=True),
        sa.Column(
            "call_id",
            Id,
            nullable=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column(
            "place_id",
            Id,
            nullable=True,
        ),
        sa.Column(
            "starts_at",
            Instant,
            nullable=False,
        ),
        sa.Column(
            "over_at",
            Instant,
            nullable=False,
        ),
        sa.Column(
            "contact",
            Json,
            nullable=False,
        ),
        sa.Column(
            "first_seen_at",
            Instant,
            nullable=False,
        ),
        sa.Column(
            "changed_at",
            Instant,
            nullable=False,
        ),
        sa.Column(
            "missing_since",
            Instant,
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_actions_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("fk_actions_place_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actions")),
        sa.UniqueConstraint("public_id", name=op.f("uq_actions_public_id")),
        sa.UniqueConstraint(
            "source", "external_id", name=op.f("uq_actions_source_external_id")
        ),
    )
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_actions_over_at"), ["over_at"], unique=False
        )

    op.create_table(
        "mailings",
        sa.Column("id", Id, nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "list_number",
            Id,
            nullable=False,
        ),
        sa.Column("edition", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "due_at",
            Instant,
            nullable=False,
        ),
        sa.Column(
            "as_of",
            Instant,
            nullable=False,
        ),
        sa.Column(
            "until",
            Instant,
            nullable=False,
        ),
        sa.Column(
            "planned_at",
            Instant,
            nullable=False,
        ),
        sa.Column(
            "finished_at",
            Instant,
            nullable=True,
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'missed', 'sending', 'paused', 'finished', 'unresolved', 'cancelled')",
            name=op.f("ck_mailings_state"),
        ),
        sa.ForeignKeyConstraint(
            ["list_number"], ["lists.number"], name=op.f("fk_mailings_list_number")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailings")),
        sa.UniqueConstraint(
            "list_number", "edition", name=op.f("uq_mailings_list_number_edition")
        ),
    )
    op.create_table(
        "organizations",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column(
            "parent_id",
            Id,
            nullable=True,
        ),
        sa.Column(
            "place_id",
            Id,
            nullable=True,
        ),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            Instant,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["organizations.id"], name=op.f("fk_organizations_parent_id")
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("fk_organizations_place_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
    )
    op.create_table(
        "place_names",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column(
            "place_id",
            Id,
            nullable=False,
        ),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("fk_place_names_place_id")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_place_names")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", Id, nullable=False),
        sa.Column("uid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("given_name", sa.String(length=120), nullable=True),
        sa.Column("family_name", sa.String(length=120), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=True),
        sa.Column(
            "place_id",
            Id,
            nullable=True,
        ),
        sa.Column(
            "created_at",
            Instant,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("fk_subscribers_place_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("address_hash", name=op.f("uq_subscribers_address_hash")),
        sa.UniqueConstraint("uid", name=op.f("uq_subscribers_uid")),
    )
    op.create_table(
        "action_targets",
        sa.Column(
            "action_id",
            Id,
            nullable=False,
        ),
        sa.Column(
            "target_id",
            Id,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["action_id"], ["actions.id"], name=op.f("fk_action_targets_action_id")
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["targets.id"], name=op.f("fk_action_targets_target_id")
        ),
        sa.PrimaryKeyConstraint(
            "action_id", "target_id", name=op.f("pk_action_targets")
        ),
    )
    op.create_table(
        "action_versions",
        sa.Column(
            "action_id",
            Id,
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "facts",
            Json,
            nullable=False,
        ),
        sa.Column(
            "recorded_at",
            Instant,
            nullable=False,
        ),
        sa.Column("recorded_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["actions.id"], name=op.f("fk_action_versions_action_id")
        ),
        sa.PrimaryKeyConstraint(
            "action_id", "version", name=op.f("pk_action_versions")
        ),
    )
    op.create_table(
        "consent_events",
        sa.Column("id", Id, nullable=False),
        sa.Column(
            "subscriber_id",
            Id,
            nullable=False,
        ),
        sa.Column(
            "list_number",
            Id,
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("basis", sa.String(length=60), nullable=True),
        sa.Column(
            "happened_at",
            Instant,
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("wording", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            Instant,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["list_number"],
            ["lists.number"],
            name=op.f("fk_consent_events_list_number"),
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_consent_events_subscriber_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_events")),
    )
    with op.batch_alter_table("consent_events", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_consent_events_subscriber_id"),
            ["subscriber_id"],
            unique=False,
        )

    op.create_table(
        "endorsements",
        sa.Column(
            "call_id",
            Id,
            nullable=False,
        ),
        sa.Column(
            "organization_id",
            Id,
            nullable=False,
        ),
        sa.Column("endorsed_on", sa.Date(), nullable=True),
        sa.Column(
            "public", sa.Boolean(), server_default=sa.text("(true)"), nullable=False
        ),
        sa.Column(
            "recorded_at",
            Instant,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_endorsements_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_endorsements_organization_id"),
        ),
        sa.PrimaryKeyConstraint(
            "call_id", "organization_id", name=op.f("pk_endorsements")
        ),
    )
    op.create_table(
        "organization_aliases",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column(
            "organization_id",
            Id,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_organization_aliases_organization_id"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_organization_aliases")),
    )
    with op.batch_alter_table("organization_aliases", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_organization_aliases_organization_id"),
            ["organization_id"],
            unique=False,
        )

    op.create_table(
        "seats",
        sa.Column("id", Id, nullable=False),
        sa.Column(
            "subscriber_id",
            Id,
            nullable=False,
        ),
        sa.Column(
            "organization_id",
            Id,
            nullable=False,
        ),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_seats_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_seats_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seats")),
        sa.UniqueConstraint(
            "subscriber_id",
            "organization_id",
            name=op.f("uq_seats_subscriber_id_organization_id"),
        ),
    )
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_seats_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "sponsorships",
        sa.Column(
            "action_id",
            Id,
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "organization_id",
            Id,
            nullable=False,
        ),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["actions.id"], name=op.f("fk_sponsorships_action_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_sponsorships_organization_id"),
        ),
        sa.PrimaryKeyConstraint("action_id", "position", name=op.f("pk_sponsorships")),
    )
    with op.batch_alter_table("sponsorships", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sponsorships_organization_id"),
            ["organization_id"],
            unique=False,
        )

    op.create_table(
        "variants",
        sa.Column("id", Id, nullable=False),
        sa.Column(
            "mailing_id",
            Id,
            nullable=False,
        ),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_variants_mailing_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variants")),
        sa.UniqueConstraint(
            "mailing_id",
            "content_hash",
            name=op.f("uq_variants_mailing_id_content_hash"),
        ),
    )
    op.create_table(
        "batches",
        sa.Column(
            "variant_id",
            Id,
            nullable=False,
        ),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "mailing_id",
            Id,
            nullable=False,
        ),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column(
            "lease_epoch", sa.Integer(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "lease_until", sa.Float(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "not_before", sa.Float(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "sent_at",
            Instant,
            nullable=True,
        ),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('ready', 'leased', 'inflight', 'done', 'unknown')",
            name=op.f("ck_batches_state"),
        ),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_batches_mailing_id")
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_batches_variant_id")
        ),
        sa.PrimaryKeyConstraint("variant_id", "seq", name=op.f("pk_batches")),
    )
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_batches_mailing_id"), ["mailing_id"], unique=False
        )
        batch_op.create_index(
            "ix_batches_work",
            ["not_before"],
            unique=False,
            postgresql_where=sa.text("state IN ('ready', 'leased', 'inflight')"),
            sqlite_where=sa.text("state IN ('ready', 'leased', 'inflight')"),
        )

    op.create_table(
        "deliveries",
        sa.Column(
            "mailing_id",
            Id,
            nullable=False,
        ),
        sa.Column(
            "subscriber_id",
            Id,
            nullable=False,
        ),
        sa.Column("address_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "variant_id",
            Id,
            nullable=True,
        ),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("provider", sa.String(length=40), nullable=True),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column(
            "changed_at",
            Instant,
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'inflight', 'sent', 'failed', 'unknown', 'suppressed', 'skipped')",
            name=op.f("ck_deliveries_state"),
        ),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_deliveries_mailing_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_deliveries_subscriber_id"),
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_deliveries_variant_id")
        ),
        sa.PrimaryKeyConstraint(
            "mailing_id", "subscriber_id", name=op.f("pk_deliveries")
        ),
        sa.UniqueConstraint(
            "mailing_id",
            "address_hash",
            name=op.f("uq_deliveries_mailing_id_address_hash"),
        ),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_deliveries_batch", ["variant_id", "seq"], unique=False
        )
        batch_op.create_index(
            "ix_deliveries_subscriber", ["subscriber_id"], unique=False
        )

    op.create_table(
        "mailing_groups",
        sa.Column(
            "mailing_id",
            Id,
            nullable=False,
        ),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column(
            "place_id",
            Id,
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "known_variant",
            Id,
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("quiet_weeks", sa.Boolean(), nullable=False),
        sa.Column(
            "variant_id",
            Id,
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_mailing_groups_mailing_id")
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_mailing_groups_variant_id")
        ),
        sa.PrimaryKeyConstraint(
            "mailing_id",
            "language",
            "place_id",
            "known_variant",
            "quiet_weeks",
            name=op.f("pk_mailing_groups"),
        ),
    )
    op.create_table(
        "subscriptions",
        sa.Column(
            "subscriber_id",
            Id,
            nullable=False,
        ),
        sa.Column(
            "list_number",
            Id,
            nullable=False,
        ),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ended_reason", sa.String(length=40), nullable=True),
        sa.Column(
            "paused_until",
            Instant,
            nullable=True,
        ),
        sa.Column(
            "quiet_weeks",
            sa.Boolean(),
            server_default=sa.text("(false)"),
            nullable=False,
        ),
        sa.Column("consented_on", sa.Date(), nullable=True),
        sa.Column(
            "known_variant",
            Id,
            nullable=True,
        ),
        sa.Column(
            "changed_at",
            Instant,
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'active', 'ended')",
            name=op.f("ck_subscriptions_state"),
        ),
        sa.ForeignKeyConstraint(
            ["known_variant"],
            ["variants.id"],
            name=op.f("fk_subscriptions_known_variant"),
        ),
        sa.ForeignKeyConstraint(
            ["list_number"], ["lists.number"], name=op.f("fk_subscriptions_list_number")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_subscriptions_subscriber_id"),
        ),
        sa.PrimaryKeyConstraint(
            "subscriber_id", "list_number", name=op.f("pk_subscriptions")
        ),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_subscriptions_audience",
            ["list_number", "state", "subscriber_id"],
            unique=False,
        )

    op.create_table(
        "variant_items",
        sa.Column(
            "variant_id",
            Id,
            nullable=False,
        ),
        sa.Column(
            "action_id",
            Id,
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id", "version"],
            ["action_versions.action_id", "action_versions.version"],
            name=op.f("fk_variant_items_action_id_version"),
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_variant_items_variant_id")
        ),
        sa.PrimaryKeyConstraint(
            "variant_id", "action_id", name=op.f("pk_variant_items")
        ),
    )


def downgrade() -> None:
    op.drop_table("variant_items")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index("ix_subscriptions_audience")

    op.drop_table("subscriptions")
    op.drop_table("mailing_groups")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_deliveries_subscriber")
        batch_op.drop_index("ix_deliveries_batch")

    op.drop_table("deliveries")
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_batches_work",
            postgresql_where=sa.text("state IN ('ready', 'leased', 'inflight')"),
            sqlite_where=sa.text("state IN ('ready', 'leased', 'inflight')"),
        )
        batch_op.drop_index(batch_op.f("ix_batches_mailing_id"))

    op.drop_table("batches")
    op.drop_table("variants")
    with op.batch_alter_table("sponsorships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sponsorships_organization_id"))

    op.drop_table("sponsorships")
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seats_organization_id"))

    op.drop_table("seats")
    with op.batch_alter_table("organization_aliases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organization_aliases_organization_id"))

    op.drop_table("organization_aliases")
    op.drop_table("endorsements")
    with op.batch_alter_table("consent_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_events_subscriber_id"))

    op.drop_table("consent_events")
    op.drop_table("action_versions")
    op.drop_table("action_targets")
    op.drop_table("subscribers")
    op.drop_table("place_names")
    op.drop_table("organizations")
    op.drop_table("mailings")
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_actions_over_at"))

    op.drop_table("actions")
    op.drop_table("targets")
    op.drop_table("suppressions")
    op.drop_table("provider_events")
    op.drop_table("places")
    op.drop_table("lists")
    op.drop_table("calls")
    op.drop_table("audit")
