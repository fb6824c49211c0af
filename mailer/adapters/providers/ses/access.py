"""Who calls Amazon SES, and where: the same for mail and for questions."""

import re
from difflib import get_close_matches
from functools import lru_cache

from botocore.loaders import create_loader
from botocore.regions import EndpointResolver

from mailer.adapters.providers.options import Options
from mailer.adapters.providers.ses.signing import Signing

_SHOWN = 16  # characters
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")


def access(options: Options) -> tuple[Signing, str]:
    """Read region, access_key, secret_key and session_token; returns SES's address."""
    region = _region(options)
    signing = Signing(
        access_key=options.secret("access_key"),
        secret_key=options.secret("secret_key"),
        session_token=options.secret("session_token")
        if options.text("session_token")
        else None,
        region=region,
    )
    return signing, f"https://email.{region}.amazonaws.com"


def _region(options: Options) -> str:
    """Return a region that has SES, by botocore's own list; ConfigError: none is named."""
    if options.text("region") is None:
        raise options.error(
            "region",
            "is missing; the SES console shows it at the top right and in its own"
            ' address: write region = "eu-west-1" if that is yours',
        )
    region = named(options, "region", _REGION, 'such as "eu-west-1"')
    known = _regions()
    if region not in known:
        near = get_close_matches(region, known, n=3) or ["eu-west-1", "us-east-1"]
        raise options.error(
            "region",
            f'"{region}" is none where there is Amazon SES; near are'
            f" {', '.join(sorted(near))}; one that opened lately needs a newer botocore",
        )
    return region


@lru_cache(maxsize=1)
def _regions() -> frozenset[str]:
    """Return where SES is, by the file of endpoints that comes with botocore."""
    resolver = EndpointResolver(create_loader().load_data("endpoints"))
    return frozenset(
        region
        for partition in resolver.get_available_partitions()
        for region in resolver.get_available_endpoints("email", partition)
        if _REGION.fullmatch(region)
    )


def named(options: Options, key: str, form: re.Pattern[str], hint: str) -> str:
    """Return a text of this form; raises ConfigError for any other."""
    value = options.text(key)
    if value is None or not form.fullmatch(value):
        # What is longer may be a key that was put into the wrong place.
        short = value is not None and len(value) <= _SHOWN
        raise options.error(
            key, f"must be {hint}" + (f', not "{value}"' if short else "")
        )
    return value
