"""Orders that fail: made as short as they get in few runs, and named."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.checks.orders import RUNS_MAX, order_trigger, shorter, shortest
from harness.checks.trigger import find_trigger
from harness.model import Case
from harness.orders import Model, Names, holds
from harness.sequences import _pool, _Walk
from tests.test_orders import note

MODEL = note().model
POOL = _pool(_Walk(MODEL, 6, 12), 3, 60)


def reduced(model: Model, order: Names, cause: Names) -> tuple[Names, int]:
    """What the reduction makes of an order that fails wherever it holds the cause, and its runs."""
    tried: dict[Names, bool] = {}
    best = order
    while batch := shorter(model, best, tried):
        tried |= {one: holds(one, cause) for one in batch}
        best = shortest(best, tried)
    return best, len(tried)


def case(number: int, order: str, scenario: str = "test_orders") -> Case:
    return Case(f"{scenario}[order={order}]", number, scenario, "f.py", 1, {"order": order})


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(POOL),
    st.sampled_from([("types", "shares", "saves"), ("shares", "saves"), ("undoes",), ("saves",)]),
)
def test_a_failing_order_gets_as_short_as_it_can(order: Names, cause: Names) -> None:
    """No single action can go any more, the cause is still in it, and the runs are bounded."""
    if not holds(order, cause):
        return
    least, runs_n = reduced(MODEL, order, cause)

    fewer = [(*least[:at], *least[at + 1 :]) for at in range(len(least))]
    assert MODEL.allows(least)
    assert holds(least, cause)
    assert runs_n <= RUNS_MAX
    assert not [one for one in fewer if MODEL.allows(one) and holds(one, cause)]


def test_the_shortest_is_the_cause_itself() -> None:
    """Twelve actions of which three matter become these three, in the order that matters."""
    order = (
        "types", "saves", "shares", "undoes", "types", "shares",
        "saves", "undoes", "shares", "types", "saves", "finalises",
    )  # fmt: skip

    assert ("types", "shares", "saves") == reduced(MODEL, order, ("types", "shares", "saves"))[0]


def test_what_does_not_fail_again_stays_whole() -> None:
    """Where nothing shorter fails the order stays as it was, and the search ends."""
    order = ("types", "shares", "saves", "undoes")
    tried: dict[Names, bool] = {}
    while batch := shorter(MODEL, order, tried):
        tried |= dict.fromkeys(batch, False)

    assert order == shortest(order, tried)


def test_the_trigger_names_the_shortest_order() -> None:
    """The shortest failing order is named, with how many that hold it fail, and how many others."""
    failing = [case(0, "types>shares>saves"), case(1, "types>undoes>shares>saves")]
    passing = [case(2, "types>saves"), case(3, "shares>types>saves")]
    found = find_trigger(failing, passing)

    assert found.conditions == {"order": ("types>shares>saves",)}
    assert found.text == (
        "when types, shares, saves are done in this order "
        "(all 2 such cases of test_orders, 0 of 2 others)"
    )


def test_the_trigger_says_where_the_order_is_not_enough() -> None:
    """Cases that hold it and pass are counted, and so are failing ones that do not hold it."""
    failing = [case(0, "types>saves"), case(1, "shares>undoes")]
    passing = [case(2, "types>shares>saves")]
    found = order_trigger(failing, passing)

    assert found is not None
    assert "(1 of 2 such cases of test_orders, 1 of 1 others)" in found.text


def test_other_factors_are_asked_first() -> None:
    """A factor that tells the failing from the passing says more than any order."""
    bad = Case("a", 0, "s", "f.py", 1, {"order": "types>saves", "shares": "2"})
    good = Case("b", 1, "s", "f.py", 1, {"order": "types>shares>saves", "shares": "0"})

    assert {"shares": ("2",)} == find_trigger([bad], [good]).conditions


def test_failing_cases_without_an_order_are_named_beside_it() -> None:
    """Another scenario that fails as well does not hide the order."""
    other = Case("test_note[0]", 9, "test_note", "f.py", 1)
    found = find_trigger([case(0, "types>saves"), case(1, "types>saves>undoes"), other], [])

    assert {"order": ("types>saves",)} == found.conditions
    assert found.text.endswith("and in 1 case of test_note")


def test_without_orders_there_is_no_such_trigger() -> None:
    """Where a failing case has no order, orders explain nothing."""
    assert order_trigger([Case("a", 0, "s", "f.py", 1)], []) is None
