"""Our column names for actions, and the names that mean the same."""

from collections.abc import Collection, Iterable

from mailer.adapters.sources.text import one_line, quoted
from mailer.core.errors import InputError
from mailer.core.model import Flag

KNOWN = (
    "external_id",
    "title",
    "status",
    "start_date",
    "start_time",
    "end_date",
    "end_time",
    "time_zone",
    "venue",
    "address",
    "place",
    "city",
    "state",
    "postal_code",
    "country",
    "latitude",
    "longitude",
    "location_visibility",
    "url",
    "target",
    "kind",
    "sponsors",
    "lead_sponsor",
    "description",
    "note",
    "contact_name",
    "contact_email",
    "contact_phone",
    "contact_public",
    "consent_connect",
    "language",
)
SYNONYMS = {
    synonym: name
    for name, synonyms in {
        "external_id": "id uid identifier event_id action_id",
        "title": "name event event_name action",
        "start_date": "date day starts start fecha",
        "start_time": "time hora begins_at",
        "end_date": "ends end",
        "time_zone": "timezone tz zone zona_horaria",
        "venue": "location_name lugar site",
        "address": "street street_address address_1 address_line_1 direccion dirección",
        "place": "location where",
        "city": "locality town ciudad",
        "state": "region province estado",
        "postal_code": "zip zip_code zipcode postcode codigo_postal",
        "country": "country_code pais país",
        "latitude": "lat",
        "longitude": "lon lng long",
        "location_visibility": "visibility",
        "url": "link website web_page browser_url",
        "kind": "type event_type tipo",
        "sponsors": "organizations organisations endorsers organizaciones",
        "lead_sponsor": "lead host organizer organiser organization",
        "description": "details summary descripcion descripción",
        "note": "notes nota",
        "contact_email": "email e_mail",
        "contact_phone": "phone",
        "language": "lang idioma",
    }.items()
    for synonym in synonyms.split()
}
NOT_KEPT = frozenset(("postal_code",))
_COLUMN_HINT = {
    "column-unknown": f"rename it if it is one of {', '.join(KNOWN)}",
    "column-not-kept": "the city tells where the action is",
}


def column_flags(unknown: Iterable[str], columns: Collection[str]) -> tuple[Flag, ...]:
    """Tell once, not on every row, what nothing is read from."""
    ignored = [("column-unknown", name) for name in unknown]
    ignored += [("column-not-kept", name) for name in columns if name in NOT_KEPT]
    return tuple(
        Flag(
            line=1,
            field=one_line(name),
            code=code,
            message=f"the column {quoted(name)} is not read; {_COLUMN_HINT[code]}",
        )
        for code, name in ignored
    )


def require(columns: Collection[str], file: str) -> None:
    """Raise InputError when the columns cannot hold a date and a place."""
    if "start_date" not in columns:
        raise InputError(
            f'{file}: has no column for the date; name it "start_date" and write dates'
            ' as "2019-10-12"'
        )
    if not {"city", "place"} & set(columns):
        raise InputError(
            f'{file}: has no column for the place; name it "city", and another "state"'
        )
