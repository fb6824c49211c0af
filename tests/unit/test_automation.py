"""What tokens may, and what programs are told of an error."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from mailer.core.accounts import Account, State
from mailer.core.automation import NEEDS, Scope, grantable
from mailer.core.errors import (
    ConfigError,
    InputError,
    MailerError,
    NotFoundError,
    RefusedError,
    StoreError,
)
from mailer.core.refusal import NotMovedError, Why
from mailer.core.roles import Role, granted
from mailer.web.api import bodies
from mailer.web.api.problems import key_of, problem


def an_account(roles: frozenset[Role], *, totp: bool) -> Account:
    return Account(
        number=1,
        public_id="x",
        handle=b"",
        address="ana@union.example",
        name="Ana",
        language="en",
        roles=roles,
        state=State.ACTIVE,
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
        totp=totp,
    )


@given(
    roles=st.frozensets(st.sampled_from(Role)), totp=st.booleans(), strong=st.booleans()
)
def test_no_token_may_what_its_account_may_not(
    roles: frozenset[Role],
    totp: bool,  # noqa: FBT001 - hypothesis passes it by name
    strong: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    account = an_account(roles, totp=totp)
    scopes = grantable(account, strong=strong)

    may = granted(roles, second_factor=totp)
    assert {NEEDS[scope] for scope in scopes} <= may
    if Scope.APPROVE in scopes:
        assert strong
        assert totp
        assert Role.APPROVER in roles


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("draft: [en] headline: line 1 has more than 80 letters", "en.headline"),
        ("draft: not_after: write a date", "not_after"),
        ("draft: audience: include[0].near.km: must be", "audience.include[0].near.km"),
        ('include[0].near.place: "X" is not', "audience.include[0].near.place"),
        ("rule: include[2]: must be an object", "rule.include[2]"),
        ("--count 7: that is not how many", "count"),
        ("--reason: say why", "reason"),
        ("urgent/otay: somebody else has just changed it", None),
        ("database: mailer.db is locked", "database"),
        ("nothing", None),
    ],
)
def test_an_error_names_the_key_that_it_is_about(words: str, key: str | None) -> None:
    assert key_of(words) == key


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("x"), 422),
        (NotFoundError("x"), 404),
        (RefusedError("x"), 409),
        (NotMovedError(Why.STALE, "x"), 409),
        (NotMovedError(Why.WARNINGS, "x"), 422),
        (StoreError("x"), 503),
        (ConfigError("x"), 500),
    ],
)
def test_every_error_has_its_status_and_its_own_words(
    error: MailerError, status: int
) -> None:
    found = problem(error)

    assert (found.status, found.detail) == (status, "x")
    assert found.answer().media_type == "application/problem+json"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"{", "is no JSON: line 1"),
        (b"[1]", "must be a JSON object"),
        (b"\xff", "is not UTF-8"),
        (b'{"a": 1, "a": 2}', "a: stands twice"),
        (b'{"a": NaN}', "is no number in JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "cannot be meant"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"a": ["\\ud800"]}', "half a character"),
        (b'{"\\ud800": 1}', "half a character"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_kept_or_meant_is_refused_by_name(
    sent: bytes, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        bodies.said(sent)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        st.none() | st.booleans() | st.integers() | st.text("añ中"),
    )
)
def test_what_was_sent_is_read_as_it_was_meant(sent: dict[str, object]) -> None:
    from json import dumps  # noqa: PLC0415 - beside what it is held against

    assert bodies.said(dumps(sent).encode()) == sent
