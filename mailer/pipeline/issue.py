"""Somebody's wish → a token for their program; the console and the command line ask here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.core.accounts import Account, State
from mailer.core.automation import (
    LONGEST,
    LONGEST_NAME,
    USUALLY,
    ApiToken,
    Scope,
    grantable,
    in_order,
)
from mailer.core.errors import InputError, RefusedError
from mailer.core.headers import header_text
from mailer.ports import ApiTokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Makes tokens, and ends them."""

    tokens: ApiTokens
    clock: Callable[[], datetime]

    def issue(
        self,
        account: Account,
        *,
        name: str,
        scopes: Collection[Scope],
        days: int = USUALLY.days,
        strong: bool,
        by: str,
    ) -> tuple[ApiToken, str]:
        """Make a token; returns it with the secret, which is shown once.

        `strong`: a second factor was shown to whoever asks. Raises InputError for what
        is asked wrongly, and RefusedError for what the account may not do itself.
        """
        if not 1 <= days <= LONGEST.days:
            raise InputError(f"--days: write 1 to {LONGEST.days}")
        if not scopes:
            raise InputError(f"--scope: name at least one of {', '.join(Scope)}")
        if account.state is not State.ACTIVE:
            raise RefusedError(
                f"ADDRESS: this account is {account.state}; only whoever can sign in has"
                " tokens: mailer admin list"
            )
        self._refuse_more(account, scopes, strong=strong)
        at = self.clock()
        return self.tokens.make(
            account.number,
            name=_named(name),
            scopes=scopes,
            strong=strong,
            until=at + timedelta(days=days),
            by=by,
            at=at,
        )

    def _refuse_more(
        self, account: Account, scopes: Collection[Scope], *, strong: bool
    ) -> None:
        more = set(scopes) - grantable(account, strong=strong)
        if not more:
            return
        if more == {Scope.APPROVE} and Scope.APPROVE in grantable(account, strong=True):
            raise RefusedError(
                "--scope approve: is given in the console alone, to whoever has signed"
                " in with a second factor: My account, Tokens"
            )
        raise RefusedError(
            f"--scope {', '.join(in_order(more))}: the roles of this account do not"
            " grant it, or need a second factor that is not set up: mailer admin list"
        )


def _named(words: str) -> str:
    name = " ".join(header_text("--name", words.strip()).split())
    if not name or len(name) > LONGEST_NAME:
        raise InputError(
            f"--name: say where the token is used, in at most {LONGEST_NAME} characters"
        )
    return name
