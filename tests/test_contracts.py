"""The contract of a field: how far a stored value may differ from the typed one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contracts import EXACT, canonical, fingerprint, is_nothing, printer, same
from harness.model import ABSENT, Contract, FileValue, Kind, Value


@pytest.mark.parametrize(
    ("due", "found"),
    [
        (None, ""),
        (None, ABSENT),
        ("", ABSENT),
        ((), None),
        ("a", "A"),
        ("a", "a "),
        ("a\r\nb", "a\nb"),
        ("é", "e\u0301"),
        ("10²", "102"),
        (("a", "b"), ("b", "a")),
        (("a",), ("a", "a")),
        (FileValue(1, "a" * 64), FileValue(1, "b" * 64)),
        ("1", ("1",)),
    ],
)
def test_values_differ_unless_the_contract_says_otherwise(due: Value, found: Value) -> None:
    """NULL, empty and absent are three values, and text is compared to the character."""
    assert not same(due, found)
    assert not same(found, due)
    assert fingerprint(due) != fingerprint(found)


@pytest.mark.parametrize(
    ("kind", "due", "found", "alike"),
    [
        ("number", "12.50", "12.5", True),
        ("number", "1e3", "1000", True),
        ("number", "-0", "0.00", True),
        ("number", " 12 ", "12", True),
        ("number", "12.5", "12.4", False),
        ("number", "0.1", "0.10000000000000000000000000000000001", False),
        ("number", "1234567890123456789012345678901", "1234567890123456789012345678902", False),
        ("number", "12,5", "12.5", False),
        ("number", "nan", "12", False),
        ("number", "1", "-1", False),
        ("number", "1e999999999", "1", False),
        ("date", "2024-02-29", "2024-02-29 00:00:00", True),
        ("date", "2024-02-29", "2024-02-29T00:00:00+00:00", True),
        ("date", "2024-02-29", "2024-02-28", False),
        ("date", "2024-02-29", "2024-02-29 23:00:00", False),
        ("date", "2024-02-29T10:30", "2024-02-29 10:30:00", True),
        ("date", "2024-02-29T10:30", "2024-02-29 11:30:00", False),
        ("date", "2024-02-29T10:30+02:00", "2024-02-29 08:30:00+00", True),
        ("date", "2024-02-29T00:00:00+02:00", "2024-02-29 00:00:00+05:00", False),
        ("date", "2024-02-29T00:00:00+02:00", "2024-02-28 22:00:00+00", True),
        ("date", "0001-01-01T00:00:00+02:00", "0001-01-01T00:00:00+03:00", False),
        ("date", "29.2.", "29.2.", True),
        ("date", "29.2.", "28.2.", False),
        ("flag", "true", "t", True),
        ("flag", "on", "1", True),
        ("flag", "true", "false", False),
        ("flag", "perhaps", "true", False),
        ("choice", "1", "1.0", False),
    ],
)
def test_kinds_compare_by_what_they_mean(kind: Kind, due: str, found: str, alike: bool) -> None:
    """A number is its value to the last digit, a date its moment, a flag its answer."""
    assert alike == same(due, found, EXACT, kind)
    assert alike == same(found, due, EXACT, kind)
    assert alike == (fingerprint(due, EXACT, kind) == fingerprint(found, EXACT, kind))


def test_each_freedom_is_its_own() -> None:
    """Newlines, trailing blanks and composition are declared one by one."""
    freedoms = {
        "newline": (Contract(newline="any"), "a\r\nb\rc", "a\nb\nc"),
        "trim": (Contract(trim=True), "a \n\t ", "a"),
        "nfc": (Contract(nfc=True), "e\u0301 \u212b", "é Å"),
    }
    for name, (_, due, found) in freedoms.items():
        allowing = {
            other for other, (contract, _, _) in freedoms.items() if same(due, found, contract)
        }

        assert {name} == allowing


def test_child_rows_have_the_contract_of_their_field() -> None:
    """Each item of a list may differ as the field may."""
    assert same(("a\r\nb", None), ("a\nb", None), Contract(newline="any"))


@settings(max_examples=100, deadline=None)
@given(st.text(), st.booleans(), st.booleans(), st.sampled_from(["exact", "any"]))
def test_a_spelling_stands_for_itself(text: str, trim: bool, nfc: bool, newline: str) -> None:
    """The one spelling of a text is its own one spelling, and the same text."""
    contract = Contract(newline=newline, trim=trim, nfc=nfc)  # type: ignore[arg-type]
    spelled = canonical(text, contract)

    assert spelled == canonical(spelled, contract)
    assert same(text, spelled, contract)
    assert fingerprint(text, contract) == fingerprint(spelled, contract)


@settings(max_examples=200, deadline=None)
@given(
    st.text("a \r\n\té\u0301e", max_size=4),
    st.text("a \r\n\té\u0301e", max_size=4),
    st.builds(Contract, st.sampled_from(["exact", "any"]), st.booleans(), st.booleans()),
)
def test_a_fingerprint_is_shared_by_the_same_and_by_no_others(
    one: str, other: str, contract: Contract
) -> None:
    """Comparing fingerprints is comparing values, whatever the contract."""
    alike = fingerprint(one, contract) == fingerprint(other, contract)

    assert same(one, other, contract) == alike
    alone = fingerprint((one,), contract) == fingerprint((other,), contract)
    assert alike == alone


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text("a1 .\r\n\té\u0301\ud83d", max_size=6),
        st.none(),
        st.just(ABSENT),
        st.tuples(st.text("a\r\n", max_size=3), st.none()),
        st.builds(FileValue, st.integers(0, 9), st.just("ab")),
    ),
    st.builds(Contract, st.sampled_from(["exact", "any"]), st.booleans(), st.booleans()),
    st.sampled_from(["text", "number", "date", "flag", "choice"]),
)
def test_very_many_values_are_fingerprinted_as_one_is(
    value: Value, contract: Contract, kind: Kind
) -> None:
    """What prints for one contract prints what a fingerprint is, of whatever can be stored."""
    assert fingerprint(value, contract, kind) == printer(contract, kind)(value)


@settings(max_examples=100, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False))
def test_numbers_are_the_same_where_they_are_equal(one: object, other: object) -> None:
    """Two spellings of one number and no others are the same."""
    assert (one == other) == same(str(one), str(other), EXACT, "number")


@pytest.mark.parametrize("value", [None, "", (), ABSENT])
def test_what_holds_nothing(value: Value) -> None:
    """NULL, an absent place, an empty text and an empty list hold nothing; a blank does."""
    assert is_nothing(value)
    assert not is_nothing(" ")
    assert not is_nothing(("",))
