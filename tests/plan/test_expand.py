"""Placeholders are filled in once, in one pass, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import PlanError
from harness.plan import PLACEHOLDERS, expand
from harness.plan.expand import escape


def test_placeholders_are_filled_in() -> None:
    """Names with and without dots are replaced, doubled braces become braces."""
    values = {"release": "2.0", "storage.main.url": "postgresql://x/{release}"}

    assert "2.0 postgresql://x/{release} {release} {}" == expand(
        "{release} {storage.main.url} {{release}} {{}}", **values
    )


@pytest.mark.parametrize("text", ["{relase}", "{", "}", "{}", "{release", "{ release }"])
def test_what_has_no_value_is_refused(text: str) -> None:
    """An unknown placeholder or a lone brace is an error that says what is known."""
    with pytest.raises(PlanError, match="has no value"):
        expand(text, release="2.0")


@given(st.text())
def test_an_escaped_text_is_itself(text: str) -> None:
    """What was escaped comes back as it was, whatever braces it has."""
    assert text == expand(escape(text), release="2.0")


def test_every_placeholder_is_described() -> None:
    """Each placeholder has a meaning to show."""
    assert all(PLACEHOLDERS.values())
