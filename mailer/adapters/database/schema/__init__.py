"""Every table, once; the migrations must agree (a test sees to it).

Numbers are ours, `public_id` and `uid` are random and may appear in links.
"""

from mailer.adapters.database.schema.accounts import (
    accounts,
    attempts,
    challenges,
    credentials,
    invitations,
    known_networks,
    sessions,
)
from mailer.adapters.database.schema.actions import (
    action_targets,
    action_versions,
    actions,
    calls,
    endorsements,
    sponsorships,
    targets,
)
from mailer.adapters.database.schema.automation import (
    api_answers,
    api_tokens,
)
from mailer.adapters.database.schema.base import (
    metadata,
)
from mailer.adapters.database.schema.blasts import (
    blast_recipients,
    blasts,
)
from mailer.adapters.database.schema.hosting import (
    hosts,
    introductions,
)
from mailer.adapters.database.schema.mailings import (
    mailing_groups,
    mailings,
    variant_items,
    variants,
)
from mailer.adapters.database.schema.organizations import (
    organization_aliases,
    organizations,
    place_names,
    places,
)
from mailer.adapters.database.schema.people import (
    consent_events,
    erasures,
    lists,
    preference_changes,
    seats,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.adapters.database.schema.records import (
    audit,
    provider_events,
    synchronizations,
)
from mailer.adapters.database.schema.requests import (
    IS_OPEN,
    cooldowns,
    requests,
)
from mailer.adapters.database.schema.sending import (
    batches,
    clock,
    deliveries,
    instance,
    paces,
)

__all__ = [
    "IS_OPEN",
    "accounts",
    "action_targets",
    "action_versions",
    "actions",
    "api_answers",
    "api_tokens",
    "attempts",
    "audit",
    "batches",
    "blast_recipients",
    "blasts",
    "calls",
    "challenges",
    "clock",
    "consent_events",
    "cooldowns",
    "credentials",
    "deliveries",
    "endorsements",
    "erasures",
    "hosts",
    "instance",
    "introductions",
    "invitations",
    "known_networks",
    "lists",
    "mailing_groups",
    "mailings",
    "metadata",
    "organization_aliases",
    "organizations",
    "paces",
    "place_names",
    "places",
    "preference_changes",
    "provider_events",
    "requests",
    "seats",
    "sessions",
    "sponsorships",
    "subscriber_tags",
    "subscribers",
    "subscriptions",
    "suppressions",
    "synchronizations",
    "targets",
    "variant_items",
    "variants",
]
