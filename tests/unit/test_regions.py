"""Regions in addresses."""

from hypothesis import given, strategies as st

from mailer.core.regions import Region


def test_a_state_is_its_country_and_code_in_small_letters() -> None:
    assert Region(country="US", code="CA").slug == "us-ca"
    assert Region(country="MX", code="Baja California").slug == "mx-baja-california"
    assert Region(country="CA", code="Québec").slug == "ca-quebec"


@given(country=st.text(), code=st.text())
def test_nothing_but_letters_digits_and_hyphens_gets_into_an_address(
    country: str, code: str
) -> None:
    slug = Region(country=country, code=code).slug

    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert slug == slug.strip("-")
