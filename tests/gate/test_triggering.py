"""The stage that learns when losses happen: its probes stand beside what was promised."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from harness.drive.spec import Spec
from harness.errors import DriveFailed
from harness.gate.triggering import Triggering
from harness.gate.work import Work
from harness.journal import events as ev
from harness.judge import Grounds
from harness.model import Case
from harness.plan.profiles import BUILT_IN, Profile
from harness.promise import Promise
from tests.checks.story import Story, TrialStory, single
from tests.plugin.conftest import spec_in


@dataclass
class Bench:
    """A gate's work on a release that loses what is saved at a moment, told as a story."""

    folder: Path
    story: Story = field(default_factory=lambda: Story(single()))
    profile: Profile = BUILT_IN["commit"]
    driven: list[Spec] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    broken: bool = False

    @property
    def promise(self) -> Promise:
        return self.story.promise()

    @property
    def journal(self) -> Any:
        return self

    def write(self, event: ev.Event) -> None:
        self.story.tell(event)

    def weigh(self) -> Grounds:
        return self.story.weighed()

    def final(self, role: str) -> None:
        self.story.ends(role)

    def spec(self, role: str, round_: str) -> Spec:
        return replace(spec_in(self.folder)[0], round=round_)

    def trouble(self, stage: str, error: Exception, verdict: str) -> None:
        self.troubles.append(f"{stage} {verdict}: {error}")

    def drive_spec(self, spec: Spec, timeout_s_max: float) -> None:
        self.driven.append(spec)
        if self.broken:
            raise DriveFailed("the scenarios took longer")
        for probe in spec.probes:
            wanted, unwanted = probe.wanted.get("moment"), probe.unwanted.get("moment", ())
            levels = [m for m in wanted or ("before", "after") if m not in unwanted]
            self.run(probe.number, levels[0], probe.name)

    def promised(self, *moments: str) -> None:
        """Promised cases, of which those before lose their note."""
        for moment in moments:
            self.run_trial(self.story.trial(moment=moment), moment)
        # Ids as pytest spells them, which is what a probe is asked for by.
        plain = {c.number: f"{c.scenario}[moment={c.levels['moment']}]" for c in self.story.cases}
        self.story.cases = [replace(c, id=plain[c.number]) for c in self.story.cases]
        self.story.events = [
            replace(e, case=plain[e.number]) if isinstance(e, ev.TrialBegan) else e
            for e in self.story.events
        ]
        self.story.ends()

    def run(self, number: int, moment: str, probe: str) -> None:
        levels = {"moment": moment}
        case = Case(f"test_note[moment={moment}~{number}]", number, "test_note", "f.py", 1, levels)
        trial = TrialStory(self.story, case, "candidate", 1)
        self.story.trials.append(trial)
        began = ev.TrialBegan(
            trial=trial.id,
            case=case.id,
            number=number,
            role="candidate",
            attempt=1,
            round="trigger",
            levels=levels,
            probe=probe,
        )
        self.story.tell(began)
        self.run_trial(trial, moment)

    def run_trial(self, trial: TrialStory, moment: str) -> None:
        record = trial.record(str(100 + len(self.story.trials)))
        record.save("reason").acknowledged()
        if moment == "before":
            record.holds(reason=None)


def bench(folder: Path, **how: Any) -> Bench:
    """A run in which one of two moments loses."""
    found = Bench(folder, **how)
    found.promised("before", "after")
    return found


def test_a_condition_is_confirmed_in_one_round(tmp_path: Path) -> None:
    """Six probes of one factor are one round on the candidate, and the finding is confirmed."""
    work = bench(tmp_path)
    skipped = Triggering(cast("Work", work)).work()
    (finding,) = work.story.ends().weighed().findings

    assert skipped is None
    assert [6] == [len(spec.probes) for spec in work.driven]
    assert finding.trigger.confirmed, finding.trigger
    assert finding.trigger.conditions == {"moment": ("before",)}


def test_numbers_of_probes_are_nobody_elses(tmp_path: Path) -> None:
    """A partial promise has numbers beyond its count; those of probes lie beyond them all."""
    work = bench(tmp_path)
    numbered = {0: 40, 1: 41}
    work.story.cases = [replace(c, number=numbered[c.number]) for c in work.story.cases]
    work.story.events = [
        replace(e, number=numbered[e.number])
        if isinstance(e, ev.TrialBegan) and e.number in numbered
        else e
        for e in work.story.events
    ]
    Triggering(cast("Work", work)).work()
    numbers = [probe.number for spec in work.driven for probe in spec.probes]

    assert len(numbers) == len(set(numbers)) > 0
    assert min(numbers) > max(numbered.values())


def test_a_round_that_fails_is_a_warning(tmp_path: Path) -> None:
    """What could not be tried is told, and leaves the verdict to what was measured."""
    work = bench(tmp_path, broken=True)
    Triggering(cast("Work", work)).work()

    (told,) = work.troubles
    assert told.startswith("trigger warn: not every trigger could be confirmed by experiment: ")
    assert told.endswith("the scenarios took longer")
    assert not work.weigh().findings[0].trigger.confirmed


def test_a_profile_may_leave_it(tmp_path: Path) -> None:
    """Without time nothing is driven, and neither where nothing was lost."""
    idle = bench(tmp_path, profile=replace(BUILT_IN["commit"], trigger_s_max=0.0))
    assert "gives it no time" in str(Triggering(cast("Work", idle)).work())
    good = Bench(tmp_path)
    good.promised("after")
    assert "nothing was lost" in str(Triggering(cast("Work", good)).work())
    assert idle.driven == good.driven == []
