"""Asking for a case by its levels: the row that differs least, or none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.factors import Levelled, Scenario, factors, scenario_of
from harness.model import Probe
from harness.nearest import nearest


def makes_sense(case: Levelled) -> bool:
    """Who shares nothing shares at no moment."""
    return bool((case.shares == 0) == (case.moment == "never"))


def sharing() -> Scenario:
    """Two factors that go together and one that stands alone."""

    @factors(
        shares=[0, 1, 2],
        moment=["never", "before", "after"],
        colour=["red", "blue"],
        where=makes_sense,
        release={"1.*": {"colour": ["red"]}},
    )
    def share() -> None:
        pass

    return scenario_of(share)


WHOLE = {"shares": "0", "moment": "never", "colour": "red"}


def found(release: str = "2.0", **how: object) -> dict[str, str] | None:
    """The levels of the row nearest to WHOLE."""
    probe = Probe(9, "test_share", "1/with", preferred=WHOLE, **how)  # type: ignore[arg-type]
    row = nearest(sharing(), probe, release=release)
    return row.levels if row else None


def test_what_is_preferred_stays_where_it_may() -> None:
    """Only what is asked for is another, and what cannot go without it."""
    assert found() == WHOLE
    assert found(wanted={"colour": ("blue",)}) == {**WHOLE, "colour": "blue"}
    assert found(wanted={"moment": ("after",)}) == {**WHOLE, "shares": "1", "moment": "after"}
    assert found(unwanted={"shares": ("0", "1")}) == {
        **WHOLE,
        "shares": "2",
        "moment": "before",
    }


def test_what_no_row_holds_is_impossible() -> None:
    """There is no row that where forbids, or with a level or a factor that is not there."""
    assert found(wanted={"shares": ("0",), "moment": ("after",)}) is None
    assert found(release="1.4", wanted={"colour": ("blue",)}) is None
    assert found(wanted={"size": ("large",)}) is None


def test_equally_near_rows_take_turns() -> None:
    """The n-th of several probes takes another level, where there is one."""
    turns = [found(unwanted={"moment": ("never",)}, nth=nth) for nth in range(2)]

    assert ["before", "after"] == [levels["moment"] for levels in turns if levels]


@given(
    st.fixed_dictionaries(
        {
            "shares": st.sampled_from("012"),
            "moment": st.sampled_from(["never", "before", "after"]),
            "colour": st.sampled_from(["red", "blue"]),
        }
    ),
    st.dictionaries(
        st.sampled_from(["moment", "colour"]),
        st.sampled_from(["never", "after", "red", "blue"]).map(lambda level: (level,)),
    ),
    st.integers(0, 3),
)
def test_no_row_is_nearer(
    preferred: dict[str, str], wanted: dict[str, tuple[str, ...]], nth: int
) -> None:
    """Whatever is asked for, no other row that holds it differs in fewer factors."""
    every = [
        {"shares": shares, "moment": moment, "colour": colour}
        for shares in "012"
        for moment in ("never", "before", "after")
        for colour in ("red", "blue")
        if (shares == "0") == (moment == "never")
        and moment in wanted.get("moment", (moment,))
        and colour in wanted.get("colour", (colour,))
    ]
    row = nearest(sharing(), Probe(0, "t", "1/with", preferred, wanted, nth=nth))

    def distance(levels: dict[str, str]) -> int:
        return sum(levels[name] != preferred[name] for name in preferred)

    assert (row is None) == (not every)
    if row is not None:
        assert row.levels in every
        assert distance(row.levels) == min(map(distance, every))
