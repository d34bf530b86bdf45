"""What a load's journal adds up to is what its saves say one by one, whatever their number."""

from __future__ import annotations

from collections import Counter
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.checks.course import Course, course_of
from harness.errors import RecordUnreadable
from harness.journal.acts_files import find_acts
from harness.sieve.gathering import gathered
from tests.checks.acts import write_acts
from tests.checks.load_story import LoadStory
from tests.checks.test_volume import FORM

FORMS = {FORM.name: FORM}
# Far apart, near together, and on both sides of where they are counted together.
took = st.one_of(
    st.floats(0.001, 0.01), st.sampled_from([0.0, 0.001023, 0.001024, 0.02, 0.02]), st.floats(0, 70)
)
save = st.tuples(
    took, st.sampled_from(["acknowledged", "acknowledged", "refused", "unknown", "cut"])
)


def course(folder: Path, story: LoadStory, partitions_n: int) -> Course:
    write_acts(folder, story.volume, 2)
    with gathered(find_acts(folder), FORMS, None, None, partitions_n) as load:
        return course_of(load.told)


def percentile(took_us: list[int], percent: int) -> int:
    return sorted(took_us)[max(0, ceil(len(took_us) * percent / 100) - 1)]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(save, min_size=1, max_size=40), st.integers(1, 4))
def test_figures_are_those_of_the_saves(saves: list[tuple[float, str]], parts_n: int) -> None:
    """Counts, percentiles and seconds are exact, in however many parts they are added up."""
    with TemporaryDirectory() as made:
        story = LoadStory(Path(made) / "o", form=FORM)
        for n, (took_s, state) in enumerate(saves):
            one = story.record(f"k{n}", user=n).save("reason")
            if state != "cut":
                getattr(one, "unknown" if state == "unknown" else state)()
                one.save.ended_s = round(one.save.began_s + took_s, 6)
        found = course(story.folder, story, parts_n)
    every = list(story.volume.saves)
    kept = [s for s in every if s.state == "acknowledged" and s.ended_s is not None]
    took_us = [round(((s.ended_s or 0) - (s.due_s or 0)) * 1e6) for s in kept]
    over = Counter(int((s.ended_s or 0) - story.start_s) for s in kept)

    assert found.states == {
        state: sum(s.state == state for s in every)
        for state in ("acknowledged", "refused", "unknown")
    }
    assert found.took_n == len(kept)
    if kept:
        assert found.took_us == {each: percentile(took_us, each) for each in (50, 95, 99)}
        assert found.slowest_us == max(took_us)
    assert {s.second: s.saves_per_s for s in found.seconds if s.saves_per_s} == dict(over)
    assert found.seconds[-1].under_way_n <= len(every)
    assert sum(second.unsure_n for second in found.seconds) == len(every) - len(kept)


def test_no_load_lasts_for_years(tmp_path: Path) -> None:
    """One time that is far from all others is no time, and draws no second for all between."""
    story = LoadStory(tmp_path / "o", form=FORM)
    one = story.record("k1").save("reason")
    one.acknowledged()
    one.save.ended_s = one.save.began_s + 1e9

    with pytest.raises(RecordUnreadable, match="apart"):
        course(story.folder, story, 1)
