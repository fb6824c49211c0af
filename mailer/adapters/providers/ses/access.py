"""Who calls Amazon SES, and where: the same for mail and for questions."""

import re

from mailer.adapters.providers.options import Options
from mailer.adapters.providers.ses.signing import Signing

_SHOWN = 16  # characters
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")


def access(options: Options) -> tuple[Signing, str]:
    """Read region, access_key, secret_key and session_token; returns SES's address."""
    region = named(options, "region", _REGION, 'such as "eu-west-1"')
    signing = Signing(
        access_key=options.secret("access_key"),
        secret_key=options.secret("secret_key"),
        session_token=options.secret("session_token")
        if options.text("session_token")
        else None,
        region=region,
    )
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return signing, f"https://email.{region}.{domain}"


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
