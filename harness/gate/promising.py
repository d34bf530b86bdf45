"""Makes the promise: which cases, on which releases, before anything of them is started."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from harness import corpus
from harness.deploy.seams import Deployer
from harness.drive.chosen import chosen_cases
from harness.drive.scenarios import Collected, collect
from harness.drive.spec import Spec
from harness.errors import UsageError
from harness.gate.across.promised import across_stages, left_out
from harness.gate.asked import Asked
from harness.gate.baselines import Before, last_passed, promised_before
from harness.gate.choosing import possible_on, sample
from harness.gate.load_promised import load_stages, load_warnings
from harness.gate.loosened import loosened
from harness.gate.missing import missing
from harness.model import Case, Form, Role
from harness.plan import Plan, Profile, scrub
from harness.plan.problems import refuse
from harness.promise import Known, Promise
from harness.runs import RunFolder
from harness.storage.rehearsing import rehearse


@dataclass(frozen=True, slots=True)
class Promised:
    """The promise, and which of its cases the baseline can run at all."""

    promise: Promise
    possible: frozenset[int]


def text_classes(profile: Profile) -> tuple[str, ...]:
    """The corpus's classes that a profile drives.

    A number takes that many, the ones that break most first. Raises UsageError on a name that
    the corpus does not have.
    """
    chosen = profile.text_classes
    if chosen == "all":
        return corpus.classes
    if isinstance(chosen, int):
        rest = [name for name in corpus.classes if name not in corpus.COMMIT]
        return (*corpus.COMMIT, *rest)[:chosen]
    unknown = [name for name in chosen if name not in corpus.CLASSES]
    if unknown:
        raise UsageError(
            f"profile {profile.name}: the corpus has no text class {unknown[0]!r}; "
            f"it has {', '.join(corpus.CLASSES)}"
        )
    return tuple(chosen)


def spec_for(plan: Plan, run: RunFolder, role: Role, release: str, profile: Profile) -> Spec:
    """What every round on that deployment has in common; the url is filled in when it runs."""
    return Spec(
        run=run.tag,
        role=role,
        release=release,
        url="",
        scenarios=plan.folder / plan.scenarios.path,
        root=plan.folder,
        journal=run.journal,
        evidence=run.evidence,
        files=_files(run),
        forms=plan.forms(release),
        texts=text_classes(profile),
        strength=profile.strength,
        sequences_n=profile.sequences_n,
        sequence_length_max=profile.sequence_length_max,
        case_timeout_s_max=plan.scenarios.timeout_s_max,
    )


def _files(run: RunFolder) -> Path:
    """Where the files are made that scenarios upload; they stay, as evidence."""
    folder = run.path / "files"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def make_promise(asked: Asked, plan: Plan, run: RunFolder, deployer: Deployer) -> Promised:
    """Collect the scenarios for both releases and say what this run will measure.

    Raises UsageError and ScenarioError where the scenarios, or what was asked, cannot be run.
    """
    profile = plan.profile(asked.profile)
    baseline = asked.baseline or last_passed(asked.runs, plan.app.name)
    forms: dict[str, Mapping[str, Form]] = {"candidate": plan.forms(asked.candidate)}
    if baseline is not None:
        forms["baseline"] = forms["rolled-back"] = forms["origin"] = plan.forms(baseline)
        forms["upgraded"] = forms["candidate"]
    codecs = _rehearsed(plan, forms)
    found = collect(spec_for(plan, run, "candidate", asked.candidate, profile), run)
    cases = chosen_cases(found.cases, asked.only)
    possible: frozenset[int] = frozenset()
    if baseline is not None:
        same = baseline == asked.candidate
        other = found if same else collect(spec_for(plan, run, "baseline", baseline, profile), run)
        possible = possible_on(cases, other.cases)
    before = promised_before(asked.runs, plan.app.name, baseline) if baseline else Before()
    chosen = sample(cases, possible, profile.sample_n)
    today = datetime.now(UTC).date()
    promise = Promise(
        run=run.id,
        tag=run.tag,
        app=plan.app.name,
        release=deployer.identify(asked.candidate),
        baseline=deployer.identify(baseline) if baseline is not None else None,
        profile=profile.name,
        deployer=deployer.name,
        plan_digest=plan.digest,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        today=today.isoformat(),
        forms=forms,
        cases=tuple(cases),
        stages={
            **_stages(cases, baseline, chosen, len(forms["candidate"])),
            **across_stages(asked, profile, baseline, deployer.name, len(possible)),
            **load_stages(asked, plan, deployer.name),
        },
        sample=chosen,
        absent=found.absent,
        readers=found.readers,
        replicas=tuple(name for name, of in plan.storages.items() if of.replica),
        obligations=_obligations(found, cases),
        missing=missing(plan, baseline, before, found, today),
        known=known_losses(plan, today),
        quarantine=quarantined(plan, cases, today),
        warnings=(
            *plan.expired(today),
            *_loosened(forms, baseline, before),
            *codecs,
            *_sample_warning(asked.candidate, baseline, chosen, profile.sample_n),
            *load_warnings(asked, plan, baseline, deployer.name),
            *left_out(asked, profile),
        ),
        partial=", ".join(asked.only) or None,
        save_p50_ms_max=plan.limits.save_p50_ms_max,
        save_p95_ms_max=plan.limits.save_p95_ms_max,
        save_p99_ms_max=plan.limits.save_p99_ms_max,
        save_p95_ratio_max=_ratio_max(plan, baseline),
        plan=plan.redacted(),
    )
    return Promised(promise, possible)


def _rehearsed(plan: Plan, forms: Mapping[str, Mapping[str, Form]]) -> tuple[str, ...]:
    """What trying the codecs leaves unproved; raises PlanError where one of them fails."""
    found = rehearse((form for of in forms.values() for form in of.values()), plan.folder)
    if found.problems:
        raise refuse(plan.path, tuple(scrub(problem, plan.secrets) for problem in found.problems))
    return found.warnings


def _loosened(
    forms: Mapping[str, Mapping[str, Form]], baseline: str | None, before: Before
) -> tuple[str, ...]:
    """What the candidate is let pass and its baseline was not."""
    if baseline is None:
        return ()
    now = forms["candidate"]
    here = loosened(forms["baseline"], now, baseline)
    there = loosened(before.forms, now, f"{baseline} when it passed")
    return (*here, *there)


def _obligations(found: Collected, cases: Sequence[Case]) -> dict[str, tuple[str, ...]]:
    """What has to happen in the scenarios that are promised."""
    promised = {case.scenario for case in cases}
    return {name: words for name, words in found.obligations.items() if name in promised}


def _stages(
    cases: Sequence[Case], baseline: str | None, chosen: Sequence[int], forms_n: int
) -> dict[str, int]:
    return {
        "deploy": 1,
        "scenarios": len(cases),
        "rerun": 0,
        "trigger": 0,
        "baseline": len(chosen) if baseline is not None else 0,
        "observe": forms_n,
    }


def _ratio_max(plan: Plan, baseline: str | None) -> float | None:
    """How much slower than its baseline a release may be; None where there is no such limit."""
    return plan.limits.save_p95_ratio_max if baseline is not None else None


def known_losses(plan: Plan, today: date) -> tuple[Known, ...]:
    """The losses that the plan knows of and has not expired."""
    return tuple(
        Known(
            k.form,
            k.names,
            str(k.anomaly),
            k.conditions,
            k.reason,
            k.expires.isoformat(),
            k.trigger if isinstance(k.trigger, str) else "",
        )
        for k in plan.known
        if not k.expired(today)
    )


def quarantined(plan: Plan, cases: Sequence[Case], today: date) -> dict[str, str]:
    """The scenarios of these cases that may be broken, each with its reason."""
    excused: dict[str, str] = {}
    for entry in plan.quarantine:
        if entry.expired(today):
            continue
        for case in cases:
            name = case.scenario.rpartition("::")[2]
            if any(fnmatch.fnmatchcase(text, entry.scenario) for text in (case.scenario, name)):
                excused[case.scenario] = f"{entry.reason} (until {entry.expires})"
    return excused


def _sample_warning(
    candidate: str, baseline: str | None, chosen: Sequence[int], sample_n: int
) -> tuple[str, ...]:
    if baseline is None:
        return ("no release has passed yet, so there is no baseline to compare with",)
    if baseline == candidate:
        return (f"{baseline} is compared with itself: that says nothing of a change",)
    if len(chosen) < sample_n:
        return (f"the baseline {baseline} can run {len(chosen)} of the {sample_n} sample cases",)
    return ()
