"""Email addresses as mail servers accept them (email-validator)."""

from email_validator import EmailNotValidError, validate_email

from mailer.core.errors import InputError


def checked(address: str) -> str:
    """Return the address ready to be mailed: trimmed, its domain in ASCII.

    Raises InputError, without repeating the address: it may end up in a log.
    """
    try:
        valid = validate_email(
            address.strip(),
            check_deliverability=False,
            allow_smtputf8=False,
            allow_empty_local=False,
            test_environment=True,  # .test and .example are for samples
        )
    except EmailNotValidError as error:
        reason = str(error).rstrip(".")
        raise InputError(f"not an address that can be mailed: {reason}") from None
    return valid.ascii_email or valid.normalized


def spelled(address: str) -> str:
    """Return an address as it would be kept, or as it is when it is none."""
    try:
        return checked(address)
    except InputError:
        return address
