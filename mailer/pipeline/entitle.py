"""Says who may move blasts on: by an account of the console, or by mailer.toml.

An account may what its roles grant. Whoever stands in mailer.toml may all of it at the
command line, where no page asks who they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailer.core.accounts import Account, State
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
        own = self._active().get(wanted)
        if own is not None:
            raise RefusedError(
                says(
                    "--by: the roles of this account (%(own)s) do not let it"
                    " %(needs)s; an admin can give it one that does (%(roles)s)",
                    own=", ".join(sorted(role.value for role in own.roles)),
                    needs=str(needs),
                    roles=_roles(needs),
                )
            )
        known = says("names others") if self.named else says("names nobody")
        raise RefusedError(
            says(
                "--by: is no coordinator: [coalition] coordinators in mailer.toml"
                " %(known)s, and no account of that address may %(needs)s; add the"
                " address there, or let an admin invite it in the console with a role"
                " that may (%(roles)s)",
                known=known,
                needs=str(needs),
                roles=_roles(needs),
            )
        )

    def entitled(self, needs: Permission) -> Sequence[Coordinator]:
        """Return everybody who may, each once: accounts, then mailer.toml."""
        active = self._active()
        found = {
            address: Coordinator(
                address=each.address,
                name=each.name,
                language=each.language,
                has_account=True,
            )
            for address, each in active.items()
            if needs in granted(each.roles)
        }
        for address in self.named:
            # An account of other roles tells in which language its owner reads.
            own = active.get(normalize(address))
            language = own.language if own else None
            one = Coordinator(address=address, language=language)
            found.setdefault(normalize(address), one)
        return list(found.values())

    def _active(self) -> Mapping[str, Account]:
        return {
            normalize(each.address): each
            for each in self.accounts.every()
            if each.state is State.ACTIVE
        }


def _roles(needs: Permission) -> str:
    """Return the names of the roles that grant it."""
    return ", ".join(role.value for role in Role if needs in granted({role}))
