"""What can go wrong, cut by what to do next."""

from typing import Self


class MailerError(Exception):
    """A request failed; the message says why and names the way out."""

    @property
    def words(self) -> str:
        """The message, as a Saying where pages say it in other languages too."""
        first = self.args[0] if self.args else None
        return first if isinstance(first, str) else str(self)


class ConfigError(MailerError):
    """A setting is wrong: the message names the file and the key.

    `key`, `fault` and `remedy` are the message's parts where it was made of them, so
    that pages say it in other languages too; else they are empty.
    """

    key: str = ""
    fault: str = ""
    remedy: str = ""

    @classmethod
    def of(cls, where: str, key: str, fault: str, remedy: str = "") -> Self:
        """Return an error about a key; the way out stands after a semicolon."""
        error = cls(f"{where}{key}: {fault}" + (f"; {remedy}" if remedy else ""))
        error.key, error.fault, error.remedy = key, fault, remedy
        return error


class InputError(MailerError):
    """A file or a value from outside is wrong: the message names where."""


class NotFoundError(MailerError):
    """What was asked for is not there."""


class RefusedError(MailerError):
    """Doing it would break a promise (mail twice, mail nobody, mail the wrong people)."""


class StoreError(MailerError):
    """The database cannot be read or written now; the same may work in a moment."""


class ProviderError(MailerError):
    """A provider does not do what it was asked; the same may work later."""


class TemplateError(MailerError):
    """A template cannot be rendered, or what it renders may not be sent."""
