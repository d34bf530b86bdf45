"""Promised evidence that is missing, a sentence each: with one of them nothing passes."""

from __future__ import annotations

from harness.checks.checked import checked
from harness.checks.grounds import Grounds
from harness.checks.journeys import HIDDEN, why_no_evidence
from harness.checks.obligations import never_happened
from harness.checks.sentences import listed, plural, say
from harness.contracts import is_nothing
from harness.model import Anomaly, Finding, Severity
from harness.promise import ACROSS
from harness.verdict import Stage

NEVER_RAN_LISTED_MAX = 3


def owed(grounds: Grounds) -> list[str]:
    """Every piece of promised evidence that is missing, as a sentence."""
    promise, history = grounds.promise, grounds.history
    owed = [t.sentence for t in history.troubles if t.verdict == "inconclusive"]
    owed += grounds.crashed
    owed += _cases(grounds)
    owed += promise.missing
    owed += grounds.unread
    owed += _unproved_reading(grounds)
    owed += [
        _say_unproved(grounds, finding)
        for finding in grounds.findings
        if finding.severity is Severity.INCONCLUSIVE
    ]
    owed += _unmeasured(grounds)
    owed += grounds.uncovered
    for load in grounds.loads:
        owed += load.owed
    if history.orphans_n:
        lines = plural(history.orphans_n, "line")
        owed.append(f"{lines} of the journal belong to nothing that was begun: it has lost lines")
    if not history.closed:
        owed.append("the run was cut short before its end")
    return list(dict.fromkeys(owed))


def _cases(grounds: Grounds) -> list[str]:
    """Each case that is owed, with its reason; those that never ran in one sentence."""
    ran = {trial.began.number for trial in grounds.history.of_role("candidate")}
    owed = grounds.journeys.owed
    never = [number for number in owed if number not in ran]
    if len(never) <= NEVER_RAN_LISTED_MAX:
        return list(owed.values())
    sentences = [sentence for number, sentence in owed.items() if number in ran]
    return [*sentences, f"{len(never)} of {plural(len(grounds.promise.cases), 'case')} never ran"]


def _say_unproved(grounds: Grounds, finding: Finding) -> str:
    if finding.anomaly is Anomaly.UNVERIFIED:
        saves = plural(finding.saves_n, "save")
        return (
            f"{finding.form}: no read that counts began after {saves} of {listed(finding.fields)}"
        )
    return f"{say(finding)}; {why_unproved(grounds)}"


def why_unproved(grounds: Grounds) -> str:
    """Why what reads showed to be wrong is no loss yet."""
    return "no second read has confirmed it" if grounds.right_storage else _WRONG_STORAGE


_WRONG_STORAGE = "storage holds nothing at all of this run: is it the right storage?"


def _unproved_reading(grounds: Grounds) -> list[str]:
    """What shows that the oracle looked, at the right storage, and can see a loss."""
    promise, controls = grounds.promise, grounds.controls
    if promise.load_alone:
        # It says itself what is missing of it.
        return []
    if not promise.cases:
        return ["no case was promised, so nothing could be measured"]
    acknowledged = _acknowledged(grounds)
    owed = [
        f"no save of form {form} was acknowledged"
        for form in promise.forms["candidate"]
        if not acknowledged.get(form) and promise.whole
    ]
    owed += _never_written(grounds)
    owed += _never_looked(grounds)
    owed += never_happened(promise, grounds.history)
    if not grounds.journeys.measured:
        owed.append("no case was measured")
    if not any(o.role == "candidate" and o.purpose != "before" for o in grounds.observations):
        return [*owed, "storage was never read after the scenarios"]
    if any(acknowledged.values()) and not grounds.right_storage:
        owed.append(_WRONG_STORAGE)
    owed += [f"the oracle missed a control: {missed}" for missed in controls.missed]
    failing = {
        finding.form for finding in grounds.findings if finding.severity is not Severity.WARN
    }
    owed += [
        f"no record of form {form} was whole enough to plant a control in"
        for form, saves in acknowledged.items()
        if form not in controls.forms and form not in failing and not saves <= {"delete", "discard"}
    ]
    return owed


def _never_written(grounds: Grounds) -> list[str]:
    """Fields of the plan that nobody was told are stored: whether they are, nobody knows."""
    written: dict[str, set[str]] = {}
    for trial in grounds.history.promised("candidate"):
        for record in trial.records:
            for save in record.saves:
                if save.state == "acknowledged" and save.intended.operation == "save":
                    filled = {n for n in save.intended.values if not is_nothing(save.due(n))}
                    written.setdefault(record.form, set()).update(filled)
    if not grounds.promise.whole:
        return []
    forms = grounds.promise.forms["candidate"].values()
    never = {
        f.name: [s.name for s in f.fields if s.name not in written[f.name]]
        for f in forms
        if f.name in written
    }
    return [
        f"no acknowledged save filled {listed(names)} of form {form}; drive it, or take it out of "
        "the plan"
        for form, names in never.items()
        if names
    ]


def _never_looked(grounds: Grounds) -> list[str]:
    """Readers that were promised and were shown no record: what people see, nobody knows."""
    seen = {
        (record.form, view.reader)
        for trial in grounds.history.promised("candidate")
        for record in trial.records
        for view in record.shown
    }
    if not grounds.promise.whole:
        return []
    return [
        f"the reader {reader} of form {form} was shown no record; give its records a key"
        for form, readers in grounds.promise.readers.items()
        for reader in readers
        if (form, reader) not in seen
    ]


def hidden_saves(grounds: Grounds) -> list[str]:
    """A sentence on acknowledged saves that were not compared, if there are any."""
    hidden_n = len(grounds.storage.saves_hidden)
    if not hidden_n:
        return []
    return [f"not compared: {plural(hidden_n, 'acknowledged save')}; {HIDDEN}"]


def _acknowledged(grounds: Grounds) -> dict[str, set[str]]:
    """The operations that were acknowledged, by form."""
    found: dict[str, set[str]] = {}
    for trial in grounds.history.promised("candidate"):
        for record in trial.records:
            for save in record.saves:
                if save.state == "acknowledged":
                    found.setdefault(record.form, set()).add(save.intended.operation)
    return found


def _unmeasured(grounds: Grounds) -> list[str]:
    """Stages that did less than they promised, and saves that no check has looked at."""
    # A trouble that ended the run early says more than each stage that was not reached for it.
    troubled = any(trouble.verdict == "inconclusive" for trouble in grounds.history.troubles)
    owed = [] if troubled else _unmeasured_stages(grounds)
    storage = grounds.storage
    judged = storage.saves_verified | storage.saves_failed | storage.saves_hidden
    unjudged = {
        save.id
        for trial in grounds.history.of_role("candidate")
        for save in trial.saves
        if save.state == "acknowledged" and save.id not in judged
    }
    if unjudged:
        owed.append(f"{len(unjudged)} acknowledged saves were never compared with storage")
    return owed


def _unmeasured_stages(grounds: Grounds) -> list[str]:
    # Cases and loads say themselves what is missing of them.
    spoken = {"scenarios", *(load.name for load in grounds.loads if load.owed)}
    owed = {
        stage.name: f"stage {stage.name} was promised and {stage.skipped}"
        if stage.skipped
        else f"stage {stage.name} measured {stage.measured} of {stage.promised} promised"
        + grounds.across.why.get(stage.name, "")
        for stage in stages(grounds)
        if stage.name not in spoken
        and stage.measured < stage.promised
        # That no case fits a stage is said by its name.
        and not (stage.skipped and stage.name in ACROSS)
    }
    for name, promised in grounds.promise.stages.items():
        if promised and grounds.history.stages.get(name, (0.0, None, None))[1] is None:
            owed.setdefault(name, f"stage {name} was not entered, or never ended")
    return list(owed.values())


def stages(grounds: Grounds) -> tuple[Stage, ...]:
    """Each promised stage: when it was, what it measured of what it promised, what it looked at.

    A stage that nothing here knows to count has measured nothing.
    """
    promise, history = grounds.promise, grounds.history
    measured = {
        "deploy": len({o.role for o in grounds.observations if o.purpose == "before"}),
        "scenarios": len(grounds.journeys.measured),
        "baseline": len(_sampled(grounds)),
        "observe": len(_observed(grounds)),
        **grounds.across.measured,
        **{load.name: int(load.fields_read > 0) for load in grounds.loads},
    }
    found = []
    for name, promised in promise.stages.items():
        if name not in history.stages:
            found.append(Stage(name, 0.0, "never reached", promised, measured.get(name, 0)))
            continue
        began_s, ended_s, skipped = history.stages[name]
        last_s = history.ended_s if ended_s is None else ended_s
        found.append(
            Stage(
                name,
                round(last_s - began_s, 3),
                skipped,
                min(promised, grounds.across.promised.get(name, promised)),
                measured.get(name, 0),
                began_s=round(began_s - history.began_s, 3),
                checked=checked(grounds, name),
            )
        )
    return tuple(found)


def _sampled(grounds: Grounds) -> set[int]:
    """The cases of the baseline's sample that it measured, or is excused from."""
    excused = {c.number for c in grounds.promise.cases if c.scenario in grounds.promise.quarantine}
    measured = {
        trial.began.number
        for trial in grounds.history.promised("baseline")
        if why_no_evidence(trial) is None
    }
    return (measured | excused) & set(grounds.promise.sample)


def _observed(grounds: Grounds) -> set[str]:
    """The forms that were read after the scenarios."""
    return {
        form
        for o in grounds.observations
        if o.role == "candidate" and o.purpose != "before"
        for form in o.rows
        if form in grounds.promise.forms["candidate"]
    }
