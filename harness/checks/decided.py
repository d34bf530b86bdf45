"""What several reads of one record say together: lost, late, or not known yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.checks import clock
from harness.checks.rows import Rows
from harness.checks.targets import Target
from harness.model import Anomaly, Severity, Symptom


@dataclass(frozen=True, slots=True)
class Seen:
    """One record against one observation; shown are the saves that it tells something of."""

    rows: Rows
    symptoms: tuple[Symptom, ...]
    fields_read: int
    shown: frozenset[str] = frozenset()


def decided(seen: Sequence[Seen], target: Target, earlier: Sequence[Seen] = ()) -> list[Symptom]:
    """What the last read says, confirmed by the one before it; what healed meanwhile was late.

    seen are the last two reads that count, earlier those before them. While what is wrong may
    still come, within what the form allows to be late, it is no loss and no evidence either.
    """
    last, previous = seen[-1], seen[0] if len(seen) > 1 else None
    was_wrong = {
        s.field for s in (previous.symptoms if previous else ()) if s.severity is not Severity.WARN
    }
    found = [s if s.field in was_wrong else unconfirmed(s) for s in last.symptoms]
    if _late_s(last, target) < target.form.late_s_max:
        found = [_awaited(symptom, target) for symptom in found]
    return [*found, *_late([*earlier, *seen[:-1]], last, target)]


def unconfirmed(symptom: Symptom) -> Symptom:
    """A symptom that only one read has shown is no verdict."""
    return _doubted(symptom, "no second read has confirmed it")


def _awaited(symptom: Symptom, target: Target) -> Symptom:
    limit_s = target.form.late_s_max
    return _doubted(symptom, f"it may still come: {limit_s:g} s late are allowed")


def _doubted(symptom: Symptom, why: str) -> Symptom:
    if symptom.severity is not Severity.BLOCK:
        return symptom
    note = f"{symptom.note}; " if symptom.note else ""
    return replace(symptom, severity=Severity.INCONCLUSIVE, note=f"{note}{why}")


def _late_s(seen: Seen, target: Target) -> float:
    """How long after the settle time the read began."""
    read_s = seen.rows.observation.began_s
    ready_s = clock.still_s(target.due.ready_s, target.faults, read_s)
    return read_s - ready_s - target.form.settle_s_max


def _late(before: Sequence[Seen], last: Seen, target: Target) -> list[Symptom]:
    """Fields that were wrong and are right now: late, as long as the last read that missed them.

    How late is not known more exactly than that.
    """
    is_wrong = {symptom.field for symptom in last.symptoms}
    late: dict[str, Symptom] = {}
    for seen in before:
        late_s = _late_s(seen, target)
        severity = Severity.BLOCK if late_s >= target.form.late_s_max else Severity.WARN
        after_s = late_s + target.form.settle_s_max
        for symptom in seen.symptoms:
            if symptom.field in is_wrong or symptom.severity is Severity.WARN:
                continue
            note = f"{symptom.anomaly} {after_s:.1f} s after it was acknowledged, right later"
            late[symptom.field] = replace(
                symptom, anomaly=Anomaly.LATE, severity=severity, note=note, breach=False
            )
    return list(late.values())
