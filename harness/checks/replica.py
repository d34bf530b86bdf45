"""What a replica shows: storage is right, and whoever is shown the copy sees something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harness.checks import clock
from harness.checks.decided import unconfirmed
from harness.checks.oracle import Oracle
from harness.checks.rows import Rows
from harness.checks.targets import Target
from harness.model import Anomaly, Judgement, Layer, Severity, Symptom
from harness.observations import Observation

CHECK = "replica"


@dataclass(frozen=True, slots=True)
class ReplicaCheck:
    """Compares reads of a replica with what is due, where storage itself is right.

    A read counts once settle time and what may be late are over; what the last one shows old
    blocks where the one before it showed it as well.
    """

    oracle: Oracle
    reads: Sequence[Observation]
    stored_wrong: frozenset[tuple[str, str]] = frozenset()

    def judge(self) -> Judgement:
        """Every record against the last reads of each form's replica."""
        rows = [Rows(read, self.oracle.tag) for read in self.reads if not read.trouble]
        symptoms: list[Symptom] = []
        fields_read = 0
        for target in self.oracle.targets.all:
            valid = [read for read in rows if self._counts(target, read)]
            if not valid:
                continue
            last = self.oracle.look(target, valid[-1])
            fields_read += last.fields_read
            before = self.oracle.look(target, valid[-2]) if len(valid) > 1 else None
            earlier = {s.field for s in before.symptoms} if before else set()
            for symptom in self._stale(last.symptoms):
                confirmed = symptom.field in earlier
                symptoms.append(symptom if confirmed else unconfirmed(symptom))
        return Judgement(CHECK, tuple(symptoms), fields_read)

    def _counts(self, target: Target, rows: Rows) -> bool:
        limit_s = target.form.settle_s_max + target.form.late_s_max
        return rows.reads(target.form.name) and clock.counts(
            rows.observation.began_s, target.due.ready_s, limit_s, target.faults
        )

    def _stale(self, symptoms: Sequence[Symptom]) -> Iterator[Symptom]:
        for symptom in symptoms:
            wrong = (symptom.record, symptom.field) in self.stored_wrong
            if not wrong and symptom.severity is Severity.BLOCK:
                yield replace(
                    symptom,
                    check=CHECK,
                    anomaly=Anomaly.STALE,
                    layer=Layer.READ,
                    note=f"storage is right, its replica is not: {symptom.anomaly}",
                    breach=False,
                )


def unread(replicas: Sequence[str], observations: Sequence[Observation]) -> Iterator[str]:
    """A sentence on each promised replica that was not read, or not once to its end."""
    for name in replicas:
        reads = [o for o in observations if o.id.endswith(f"-replica-{name}")]
        if not reads:
            yield f"the replica of storage {name} was never read"
        elif reads[-1].trouble:
            yield reads[-1].trouble
