"""Says who may move blasts on: by an account of the console, or by mailer.toml.

An account may what its roles grant. Whoever stands in mailer.toml may all of it at the
command line, where no page asks who they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mailer.core.accounts import State
from mailer.core.errors import RefusedError
from mailer.core.roles import Permission, Role, granted
from mailer.core.saying import says
from mailer.core.tokens import normalize
from mailer.ports import Accounts, Coordinator


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """The port Coordinators over accounts and settings."""

    accounts: Accounts
    named: Sequence[str]  # addresses, as mailer.toml has them

    def person(self, by: str, needs: Permission) -> str:
        """Return the address of whoever asks; raises RefusedError."""
        wanted = normalize(by)
        for each in self.entitled(needs):
            if normalize(each.address) == wanted:
                return each.address
        known = says("names others") if self.named else says("names nobody")
        raise RefusedError(
            says(
                "--by: is no coordinator: [coalition] coordinators in mailer.toml"
                " %(known)s, and no account of the console may %(needs)s; add the"
                " address there, or let an admin invite it in the console with a role"
                " that may (%(roles)s)",
                known=known,
                needs=str(needs),
                roles=_roles(needs),
            )
        )

    def entitled(self, needs: Permission) -> Sequence[Coordinator]:
        """Return everybody who may, each once: accounts, then mailer.toml."""
        found = {
            normalize(each.address): Coordinator(
                address=each.address,
                name=each.name,
                language=each.language,
                has_account=True,
            )
            for each in self.accounts.every()
            if each.state is State.ACTIVE and needs in granted(each.roles)
        }
        for address in self.named:
            found.setdefault(normalize(address), Coordinator(address=address))
        return list(found.values())


def _roles(needs: Permission) -> str:
    """Return the names of the roles that grant it."""
    return ", ".join(role.value for role in Role if needs in granted({role}))
