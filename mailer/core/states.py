"""Names of the states and territories of the United States, never translated."""

_STATES = """
AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut
DE Delaware|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa
KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan
MN Minnesota|MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada
NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina
ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island
SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia
WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|DC Washington, DC
AS American Samoa|GU Guam|MP Northern Mariana Islands|PR Puerto Rico
VI U.S. Virgin Islands
"""
STATES = {
    entry[:2]: entry[3:]
    for line in _STATES.split("\n")
    for entry in line.split("|")
    if entry
}


def state_name(region: str | None, country: str) -> str | None:
    """Return "California" for "CA"; a region that is no code comes back as it is."""
    if region is None or country != "US":
        return region
    return STATES.get(region.upper(), region)


def slug_name(slug: str) -> str:
    """Return "California" for the region "us-ca"; another country's as it is."""
    country, _, code = slug.partition("-")
    return state_name(code.upper(), country.upper()) or slug
