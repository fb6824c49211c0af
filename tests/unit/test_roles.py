"""Who may do what: exactly this, and nothing that is not said."""

from itertools import chain, combinations

import pytest
from hypothesis import given, strategies as st

from mailer.core.roles import POLICY, Permission, Role, granted, needs_second_factor

_OWN = {Permission.OWN_ACCOUNT, Permission.OVERVIEW}
TABLE = {
    Role.AUTHOR: _OWN | {Permission.WRITE, Permission.STOP},
    Role.APPROVER: _OWN
    | {Permission.WRITE, Permission.APPROVE, Permission.STOP, Permission.SETTLE},
    Role.MODERATOR: _OWN | {Permission.MODERATE, Permission.SEE_ADDRESSES},
    Role.ADMIN: _OWN
    | {Permission.ACCOUNTS, Permission.AUDIT, Permission.STOP}
    | {Permission.SETTLE, Permission.START},
    Role.AUDITOR: _OWN | {Permission.AUDIT},
}
roles = st.frozensets(st.sampled_from(list(Role)))


@pytest.mark.parametrize("role", list(Role))
def test_a_role_grants_what_the_table_says(role: Role) -> None:
    assert granted([role]) == TABLE[role]


def test_every_permission_has_somebody_and_every_role_something() -> None:
    assert set(POLICY) == set(Permission)
    assert all(POLICY.values())
    assert set(chain.from_iterable(POLICY.values())) == set(Role)


def test_nobody_alone_both_writes_to_everybody_and_lets_people_in() -> None:
    mighty = {Permission.APPROVE, Permission.ACCOUNTS}

    assert not any(mighty <= granted([role]) for role in Role)


def test_whoever_has_no_role_has_no_right() -> None:
    assert granted([]) == frozenset()


@given(roles)
def test_roles_add_up_and_nothing_more(chosen: frozenset[Role]) -> None:
    assert granted(chosen) == frozenset(
        chain.from_iterable(TABLE[role] for role in chosen)
    )


@given(roles)
def test_a_password_alone_opens_the_own_account_to_whoever_needs_more(
    chosen: frozenset[Role],
) -> None:
    weak = granted(chosen, second_factor=False)

    if {Role.APPROVER, Role.ADMIN} & chosen:
        assert weak == {Permission.OWN_ACCOUNT}
    else:
        assert weak == granted(chosen)


def test_approvers_and_admins_need_a_second_factor_whatever_else_they_are() -> None:
    for size in range(len(Role) + 1):
        for chosen in combinations(Role, size):
            strong = Role.APPROVER in chosen or Role.ADMIN in chosen
            assert needs_second_factor(chosen) == strong
