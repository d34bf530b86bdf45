"""Records that are planted in an environment, and compared whole after whatever comes to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from harness import corpus
from harness.canary.asked import Asked, read_plan
from harness.canary.judging import Told
from harness.canary.keeping import prune
from harness.canary.looking import Looker, keys_of, ready_s, reason_of, wait_until
from harness.canary.metrics import Result
from harness.canary.probing import CONFIRM_AFTER_S, FACTS, Probe, driven
from harness.canary.targets import FILE as TARGET
from harness.canary.targets import (
    UNKNOWN,
    Target,
    ask,
    targets_of,
    trouble_of,
    unseen_by,
    with_reading,
)
from harness.canary.telling import FILE, probe_to_json
from harness.checks.collateral import CollateralCheck
from harness.checks.history import History, read_history
from harness.checks.journeys import why_no_evidence
from harness.checks.oracle import Oracle
from harness.drive.scenarios import collect, drive
from harness.drive.spec import Spec
from harness.errors import EvidenceError, StorageUnreadable, UsageError
from harness.forms import form_from_json, form_to_json
from harness.journal.reader import read_journal
from harness.model import Case, Form, Key, Release, Severity, Symptom
from harness.observations import Observation, read_observations, write_observation
from harness.plan import Plan, scrub
from harness.promise import Promise, promise_to_json
from harness.runs import RunFolder, create_run, list_runs
from harness.verdict import Answer

PLANTED = "planted"
CHECKS = "checks"
SCHEMA = "harness.planted/1"
PLANT_S_MAX = 300.0
WORKERS_N = 2
SHOWN_MAX = 5


def plant(asked: Asked, env: Mapping[str, str]) -> list[Probe]:
    """Plant the plan's records at each target, and see that all of them stand there.

    What is not whole from the beginning is never watched: its run's folder is proof, and no more.
    Raises UsageError where the plan plants nothing.
    """
    plan = read_plan(asked, env)
    if plan.planted is None:
        raise UsageError(f"{plan.path} plants nothing; write canaries.planted")
    found = []
    for target in targets_of(plan, asked.targets):
        with create_run(asked.runs / PLANTED) as run:
            probe = Probe(run.id, run.path, target.name, 0)
            _guarded(plan, target, probe, partial(_plant, run))
            run.write_json(FILE, probe_to_json(probe))
            found.append(probe)
    return found


def check(asked: Asked, env: Mapping[str, str]) -> list[Probe]:
    """Compare what was planted at each target with what stands there now, every column of it."""
    plan = read_plan(asked, env)
    found = []
    for target in targets_of(plan, asked.targets):
        with create_run(asked.runs / CHECKS) as run:
            probe = Probe(run.id, run.path, target.name, 0)
            planted = planted_at(asked.runs, target)
            _guarded(plan, target, probe, partial(_check, run, planted))
            run.write_json(FILE, probe_to_json(probe))
            found.append(probe)
    prune(asked.runs / CHECKS, plan.canaries.keep_n)
    return found


def planted_at(runs: Path, target: Target) -> list[RunFolder]:
    """The plantings at a target that are watched, the oldest first."""
    return [
        run
        for run in reversed(list_runs(runs / PLANTED))
        if (run.path / FACTS).exists() and run.read_json(FACTS).get("url") == target.address
    ]


def _guarded(
    plan: Plan, target: Target, probe: Probe, act: Callable[[Plan, Target, Probe], None]
) -> None:
    """Act, and let what cannot be done be the result."""
    began_s = time.monotonic()
    try:
        act(plan, target, probe)
    except EvidenceError as error:
        probe.sentence = scrub(str(error), plan.secrets)
        probe.answer = Answer.INCONCLUSIVE
        release = probe.releases.get(target.app, UNKNOWN)
        told = [Told(f, release, Result.ERROR, probe.sentence) for f in plan.forms(release)]
        probe.told[target.app] = told
        if isinstance(error, StorageUnreadable):
            probe.unread = reason_of(error)
    probe.seconds = time.monotonic() - began_s
    probe.ended_at_s = time.time()


def _release(plan: Plan, target: Target, probe: Probe) -> str:
    """Which release is there; raises EvidenceError where none answers."""
    answer = ask(plan, target)
    probe.releases[target.app] = answer.release or UNKNOWN
    trouble = trouble_of(plan, target, answer)
    if trouble:
        raise EvidenceError(trouble)
    return probe.releases[target.app]


def _looker(plan: Plan, run: RunFolder, target: Target, forms: Mapping[str, Form]) -> Looker:
    return Looker(run.observations, "candidate", target.storages, forms, codecs=plan.folder)


# --- planting ----------------------------------------------------------------------------------


def _plant(run: RunFolder, plan: Plan, target: Target, probe: Probe) -> None:
    release = _release(plan, target, probe)
    forms = plan.forms(release)
    looker = _looker(plan, run, target, forms)
    looker.check()
    looker.look("before", {})
    spec = _spec(plan, run, target, release, forms)
    run.write_json(TARGET, {"target": target.name, "url": target.address})
    cases = collect(spec, driven(run, plan)).cases
    run.write_json("plan.json", promise_to_json(_promise(plan, run, target, release, cases, forms)))
    chosen = replace(
        spec,
        cases={case.id: case.number for case in cases},
        rows={case.id: case.levels for case in cases},
    )
    drive(chosen, driven(run, plan), workers=WORKERS_N, timeout_s_max=PLANT_S_MAX)
    history = read_history(read_journal(run.journal))
    wait_until(ready_s(history, "candidate", forms))
    for _ in range(2):
        looker.look("final", keys_of(history, "candidate"))
        time.sleep(CONFIRM_AFTER_S)
    _told_of_planting(run, target, probe, forms, history)
    if probe.answer is Answer.PASS:
        keys = keys_of(history, "candidate")
        run.write_json(
            FACTS,
            {
                "schema": SCHEMA,
                "url": target.address,
                "release": release,
                "forms": [form_to_json(form) for form in forms.values()],
                "keys": {form: [list(key) for key in found] for form, found in keys.items()},
            },
        )


def _spec(
    plan: Plan, run: RunFolder, target: Target, release: str, forms: Mapping[str, Form]
) -> Spec:
    if plan.planted is None:
        raise UsageError(f"{plan.path} plants nothing; write canaries.planted")
    files = run.path / "files"
    files.mkdir(mode=0o700, exist_ok=True)
    return Spec(
        run=run.tag,
        role="candidate",
        release=release,
        url=target.url,
        scenarios=plan.planted,
        root=plan.folder,
        journal=run.journal,
        evidence=run.evidence,
        files=files,
        forms=forms,
        texts=corpus.classes,
        case_timeout_s_max=PLANT_S_MAX,
        readers=False,
    )


def _promise(
    plan: Plan,
    run: RunFolder,
    target: Target,
    release: str,
    cases: tuple[Case, ...],
    forms: Mapping[str, Form],
) -> Promise:
    now = datetime.now(UTC)
    return Promise(
        run=run.id,
        tag=run.tag,
        app=target.app,
        release=Release(release),
        baseline=None,
        profile=PLANTED,
        deployer="external",
        plan_digest=plan.digest,
        started=now.isoformat(timespec="seconds"),
        today=now.date().isoformat(),
        forms={"candidate": forms},
        cases=cases,
        stages={},
        warnings=tuple(filter(None, [unseen_by(target)])),
        partial="what is planted",
        plan=plan.redacted(),
    )


def _told_of_planting(
    run: RunFolder, target: Target, probe: Probe, forms: Mapping[str, Form], history: History
) -> None:
    """Every acknowledged save stands there whole; else nothing of it is watched."""
    reads = read_observations(run.observations)
    judged = Oracle("candidate", run.tag, forms, history, reads).judge()
    wrong = [s for s in judged.symptoms if s.severity is not Severity.WARN]
    reasons = [why for trial in history.trials.values() if (why := why_no_evidence(trial))]
    release = probe.releases[target.app]
    keys = keys_of(history, "candidate")
    told = []
    for form in keys:
        bad = [symptom for symptom in wrong if symptom.form == form]
        told.append(_told(form, release, bad, len(keys[form]), reasons))
    probe.told[target.app] = told
    records_n = sum(map(len, keys.values()))
    whole = bool(records_n) and not wrong and not reasons
    lost = any(s.severity is Severity.BLOCK for s in wrong)
    probe.answer = Answer.PASS if whole else Answer.BLOCK if lost else Answer.INCONCLUSIVE
    probe.sentence = (
        f"{records_n} records planted at {target.name} on {release}"
        if whole
        else f"nothing is watched: {[*(o.sentence for o in told if o.sentence), *reasons, ''][0]}"
    )


def _told(
    form: str, release: str, bad: Sequence[Symptom], records_n: int, reasons: Sequence[str]
) -> Told:
    told = Told(form, release, Result.PASS, checked={})
    if reasons:
        told.result, told.sentence = Result.ERROR, reasons[0]
    for symptom in bad:
        if symptom.severity is Severity.BLOCK:
            spot = (symptom.field, symptom.anomaly)
            told.bad[spot] = told.bad.get(spot, 0) + 1
    if told.bad:
        told.result = Result.LOSS
        told.sentence = "; ".join(f"{s.record} {s.field} {s.anomaly}" for s in bad[:SHOWN_MAX])
    elif bad:
        told.result, told.sentence = Result.ERROR, f"{form}: a difference that no second read saw"
    elif not records_n:
        told.result, told.sentence = Result.ERROR, f"no record of form {form} is there"
    return told


# --- checking ----------------------------------------------------------------------------------


def _check(
    run: RunFolder, planted: Sequence[RunFolder], plan: Plan, target: Target, probe: Probe
) -> None:
    if not planted:
        raise EvidenceError(
            f"nothing is planted at {target.name} ({target.address}); plant it with "
            "harness canary plant"
        )
    release = _release(plan, target, probe)
    forms = plan.forms(release)
    symptoms: list[Symptom] = []
    checked: dict[str, int] = {}
    for place in planted:
        before, earlier = _before(place)
        found, read_n = _compare(plan, run, target, forms, before, earlier)
        symptoms += found
        for form, count in read_n.items():
            checked[form] = checked.get(form, 0) + count
    told = [
        _told(form, release, [s for s in symptoms if s.form == form], count, ())
        for form, count in checked.items()
    ]
    probe.told[target.app] = told
    lost = any(one.result is Result.LOSS for one in told)
    whole = bool(told) and all(one.result is Result.PASS for one in told)
    probe.answer = Answer.BLOCK if lost else Answer.PASS if whole else Answer.INCONCLUSIVE
    records = f"{sum(checked.values())} planted records of {len(planted)} planting(s)"
    state = "stand whole on" if whole else "are not all whole on"
    probe.sentence = with_reading(target, f"{records} {state} {release}")


def _before(place: RunFolder) -> tuple[Observation, dict[str, Form]]:
    """What stood there once it was planted, and how its forms were kept then."""
    facts = place.read_json(FACTS)
    reads = [o for o in read_observations(place.observations) if o.purpose == "final"]
    keys = facts["keys"]
    forms = {form.name: form for form in map(form_from_json, facts["forms"])}  # type: ignore[call-overload]
    known = {(form, tuple(key)) for form, found in keys.items() for key in found}  # type: ignore[attr-defined]
    last = reads[-1]
    rows = {
        form: tuple(row for row in found if (form, row.key) in known)
        for form, found in last.rows.items()
    }
    return replace(last, id=f"before-{place.id}", purpose="before", rows=rows), forms


def _compare(
    plan: Plan,
    run: RunFolder,
    target: Target,
    forms: Mapping[str, Form],
    before: Observation,
    earlier: Mapping[str, Form],
) -> tuple[list[Symptom], dict[str, int]]:
    """Every planted row against two reads; a difference that both show was nobody's doing."""
    write_observation(run.observations, before)
    there: dict[str, Form] = {name: form for name, form in forms.items() if before.rows.get(name)}
    keys: dict[str, tuple[Key, ...]] = {
        name: tuple(row.key for row in before.rows[name]) for name in there
    }
    looker = _looker(plan, run, target, there)
    reads = [looker.look("final", keys)]
    time.sleep(CONFIRM_AFTER_S)
    reads.append(looker.look("confirm", keys))
    judged = CollateralCheck("candidate", there, earlier).judge(History(), [before, *reads])
    return list(judged.symptoms), {name: len(found) for name, found in keys.items()}
