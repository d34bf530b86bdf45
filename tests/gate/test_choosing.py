"""Which cases the baseline is asked about."""

from hypothesis import given
from hypothesis import strategies as st

from harness.gate.choosing import cut_short, possible_on, sample
from harness.model import Case
from tests.checks.story import Story


def case(number: int, scenario: str = "test_a", **levels: str) -> Case:
    """A promised case."""
    return Case(f"{scenario}[{number}]", number, scenario, "f.py", 1, levels)


@given(st.integers(0, 60), st.integers(1, 12))
def test_a_sample_is_spread_and_never_larger_than_asked(cases_n: int, sample_n: int) -> None:
    """The sample has the size that was asked for, or all there are, without repeats."""
    cases = [case(number) for number in range(cases_n)]
    chosen = sample(cases, frozenset(range(cases_n)), sample_n)

    assert len(chosen) == len(set(chosen)) == min(cases_n, sample_n)


def test_a_sample_holds_only_what_the_baseline_can_run() -> None:
    """A case that the baseline cannot run is never in the sample."""
    cases = [case(number) for number in range(10)]

    assert sample(cases, frozenset({2, 5}), 6) == (2, 5)


def test_a_level_that_the_baseline_lacks_rules_a_case_out() -> None:
    """A case is possible on the baseline when all its levels occur in the baseline's promise."""
    mine = [case(0, shares="0", text="plain"), case(1, shares="2", text="plain")]
    theirs = [case(0, shares="0", text="plain"), case(1, shares="0", text="rtl")]

    assert possible_on(mine, theirs) == {0}


def test_a_scenario_that_the_baseline_lacks_is_not_possible() -> None:
    """A scenario that is absent from the baseline's promise cannot be run there."""
    assert possible_on([case(0, "test_new")], [case(0, "test_old")]) == frozenset()


def test_what_our_own_side_broke_is_run_again_on_the_baseline() -> None:
    """A browser that died says nothing of a release; what broke by itself is not asked again."""
    story = Story()
    first = story.trial(role="baseline")
    first.ends("environment")
    story.trial(role="baseline").ends("broken")
    third = story.trial(role="baseline")
    third.ends("environment")
    story.trial(role="baseline", again=third).ends()

    assert (first.case.number,) == cut_short(story.weighed(), "baseline")
    assert () == cut_short(story.weighed(), "candidate")
