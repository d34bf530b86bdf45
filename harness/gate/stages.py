"""The stages of a gate: each says why it did nothing, or None; raises EvidenceError."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from harness.errors import EvidenceError, ReleaseDown
from harness.gate.across.stages import across
from harness.gate.choosing import broken, cut_short, representatives, unproved
from harness.gate.load_faults import load_under_faults
from harness.gate.load_promised import why_faultless, why_skipped
from harness.gate.loading import load
from harness.gate.telling import Stopped
from harness.gate.triggering import Triggering
from harness.gate.work import Work
from harness.promise import FAULTS_LOAD, LOAD

Stage: TypeAlias = Callable[[Work], str | None]
# Where one of these fails, there is nothing for the others to stand on.
VITAL = frozenset({"deploy", "scenarios"})


def stages(work: Work) -> Iterator[tuple[str, Stage]]:
    """Every stage of a run with its name, one after the other."""
    yield "deploy", deploy_candidate
    yield "scenarios", drive_all
    yield "rerun", run_again
    yield "trigger", learn_when
    yield "baseline", ask_baseline
    yield "observe", look_again
    yield from across(work)
    if LOAD in work.promise.stages:
        yield LOAD, at_peak
    if FAULTS_LOAD in work.promise.stages:
        yield FAULTS_LOAD, at_peak_under_faults


def deploy_candidate(work: Work) -> str | None:
    """Start the candidate; where it does not start, ask whether the baseline does."""
    try:
        work.deploy("candidate", work.promise.release)
    except ReleaseDown as error:
        _candidate_down(work, error)
    return None


def _candidate_down(work: Work, error: ReleaseDown) -> None:
    baseline = work.promise.baseline
    if baseline is None or baseline.name == work.promise.release.name:
        raise error
    try:
        work.deploy("baseline", baseline)
    except ReleaseDown as other:
        raise EvidenceError(f"{error}\nthe baseline does not start either: {other}") from other
    sentence = f"{error}\nthe baseline {baseline.name} starts"
    work.trouble("deploy", EvidenceError(sentence), "block")
    raise Stopped


def drive_all(work: Work) -> str | None:
    """Every promised case once, and one read of storage after the last of them."""
    work.drive("candidate", [case.number for case in work.promise.cases], "drive", 1)
    work.final("candidate")
    return None


def run_again(work: Work) -> str | None:
    """Tell what is lost from what is late; run broken and failing cases again, these recorded."""
    grounds = work.observer.await_late(work.up["candidate"], work.weigh)
    again = unproved(grounds)
    failing = representatives(grounds)
    if not again and not failing:
        return "nothing failed"
    while again:
        work.again("candidate", again, "rerun")
        work.final("candidate")
        again = unproved(work.weigh())
    if failing:
        work.again("candidate", failing, "representative", trace=True)
        work.final("candidate")
    return None


def learn_when(work: Work) -> str | None:
    """By experiment, when each loss happens; whatever comes of it, no verdict stands on it."""
    return Triggering(work).work()


def ask_baseline(work: Work) -> str | None:
    """The sample, a representative of each finding and what broke, on the baseline."""
    promise = work.promise
    if promise.baseline is None:
        return "no baseline"
    grounds = work.weigh()
    wanted = dict.fromkeys((*promise.sample, *representatives(grounds), *broken(grounds)))
    able = [number for number in wanted if number in work.promised.possible]
    if not able:
        return f"{promise.baseline.name} can run none of the cases"
    if "baseline" not in work.up:
        try:
            work.deploy("baseline", promise.baseline)
        except ReleaseDown as error:
            raise EvidenceError(f"the baseline is not there to compare with: {error}") from error
    work.drive("baseline", able, "sample", 1)
    crashed = cut_short(work.weigh(), "baseline")
    if crashed:
        work.again("baseline", crashed, "sample")
    work.final("baseline")
    return None


def look_again(work: Work) -> str | None:
    """The last read of all: what vanished since is lost, and what is wrong is confirmed."""
    for deployment in work.up.values():
        work.observer.confirm(deployment)
    if "candidate" in work.up:
        work.observer.await_late(work.up["candidate"], work.weigh, watch_s=0.0)
    return None


def at_peak(work: Work) -> str | None:
    """The plan's peak, and every save of it compared with storage."""
    skipped = why_skipped(work.asked, work.profile)
    if skipped is None:
        load(work)
    return skipped


def at_peak_under_faults(work: Work) -> str | None:
    """The peak once more, while everything fails and comes back."""
    skipped = why_faultless(work.asked, work.deployer.name)
    if skipped is None:
        load_under_faults(work)
    return skipped
