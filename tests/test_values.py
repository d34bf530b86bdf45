"""Traceable values: what one stored value alone says of where it belongs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.corpus import CLASSES
from harness.values import (
    ATTEMPTS_MAX,
    TOKEN_CHARS,
    Trace,
    file_bytes,
    find_traces,
    make_text,
    token,
    trial_number,
)

HERE = Trace("ab12", 7, 0, 3, 2, 1)
TRACES = st.builds(
    Trace,
    run=st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=4),
    trial=st.integers(0, 36**4 - 1),
    form=st.integers(0, 35),
    record=st.integers(0, 36**3 - 1),
    field=st.integers(0, 36**2 - 1),
    revision=st.integers(0, 36**2 - 1),
)
SOME = settings(max_examples=60, deadline=None)


@SOME
@given(TRACES, st.text(max_size=20))
def test_a_token_says_where_it_belongs(trace: Trace, around: str) -> None:
    """Whatever stands around it, a token is read back whole."""
    clean = around.replace("z", "")

    assert TOKEN_CHARS == len(token(trace))
    assert (trace, trace) == find_traces(f"{clean}{token(trace)}{clean} {token(trace)}{clean}")


@SOME
@given(
    TRACES, st.integers(2, TOKEN_CHARS - 1), st.sampled_from("0123456789abcdefghijklmnopqrstuvwxyz")
)
def test_a_damaged_token_is_no_token(trace: Trace, at: int, other: str) -> None:
    """One character that is not what it was, and the checksum says so."""
    whole = token(trace)
    broken = f"{whole[:at]}{other}{whole[at + 1 :]}"

    assert (whole == broken) == (find_traces(broken) != ())


def test_a_token_that_was_cut_does_not_hide_the_next() -> None:
    """The beginning of a damaged token may run into a whole one."""
    whole = token(HERE)
    for cut in range(TOKEN_CHARS):
        assert HERE in find_traces(whole[:cut] + whole)


@pytest.mark.parametrize(
    "trace",
    [
        Trace("AB12", 0, 0, 1, 0, 1),
        Trace("ab1", 0, 0, 1, 0, 1),
        Trace("ab12", 36**4, 0, 1, 0, 1),
        Trace("ab12", -1, 0, 1, 0, 1),
        Trace("ab12", 0, 36, 1, 0, 1),
        Trace("ab12", 0, 0, 36**3, 0, 1),
        Trace("ab12", 0, 0, 1, 36**2, 1),
        Trace("ab12", 0, 0, 1, 0, 36**2),
    ],
)
def test_what_does_not_fit_a_token_is_refused(trace: Trace) -> None:
    """A number that has no room is an error, never another place's token."""
    with pytest.raises(ValueError, match=r"tag|does not fit"):
        token(trace)


def test_every_attempt_on_each_deployment_has_its_own_number() -> None:
    """Case, attempt and deployment never share a number."""
    numbers = {
        trial_number(role, case, attempt)
        for role in ("candidate", "baseline")
        for case in range(20)
        for attempt in range(1, ATTEMPTS_MAX + 1)
    }

    assert 2 * 20 * ATTEMPTS_MAX == len(numbers)


@pytest.mark.parametrize("attempt", [0, ATTEMPTS_MAX + 1])
def test_attempts_have_a_limit(attempt: int) -> None:
    """An attempt that has no number is an error."""
    with pytest.raises(ValueError, match="is not within"):
        trial_number("candidate", 0, attempt)


@pytest.mark.parametrize("name", CLASSES)
def test_a_text_says_where_it_belongs_at_both_ends(name: str) -> None:
    """A class with a marker carries it at both ends, one without is its body alone."""
    text = make_text(CLASSES[name], HERE)
    expected = (HERE, HERE) if CLASSES[name].marker else ()

    assert expected == find_traces(text)
    if expected:
        assert text.startswith(token(HERE))
        assert text.endswith(token(HERE))


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("max_chars", [1, 5, 20, 21, 43, 44, 60, 255])
def test_a_text_never_exceeds_its_limit(name: str, max_chars: int) -> None:
    """A short field gets what fits: marker and body, a marker, or a number."""
    text = make_text(CLASSES[name], HERE, max_chars)

    assert len(text) <= max_chars
    if CLASSES[name].marker:
        assert text
        assert (max_chars >= TOKEN_CHARS) == bool(find_traces(text))


def test_a_limit_without_room_is_refused() -> None:
    """No text fits into nothing."""
    with pytest.raises(ValueError, match="at most 0 characters"):
        make_text(CLASSES["plain"], HERE, 0)


def test_texts_of_two_places_differ() -> None:
    """Also without a marker, a value is told from another place's by its number."""
    places = [Trace("ab12", t, 0, r, f, 1) for t in range(10) for r in (1, 2) for f in range(4)]
    same = {name for name, c in CLASSES.items() if c.write(1) == c.write(2)}
    for name in ("plain", "formula", "bytes-255", "chars-1000"):
        texts = {make_text(CLASSES[name], place) for place in places}

        assert len(places) == len(texts)
    assert {"null", "na", "zero", "blank", "empty"} == same


@pytest.mark.parametrize("size", [0, 1, 41, 42, 1000])
def test_a_file_has_its_size_and_its_token_where_it_fits(size: int) -> None:
    """The bytes of a file are as many as asked for, and differ from place to place."""
    content = file_bytes(HERE, size)

    assert size == len(content)
    assert content == file_bytes(HERE, size)
    assert (size >= 2 * TOKEN_CHARS) == (
        content.startswith(b"zq") and content.endswith(content[:21])
    )
    assert not size or content != file_bytes(Trace("ab12", 7, 0, 4, 2, 1), size)
