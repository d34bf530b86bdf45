"""Removes what a probe wrote, through the application or by the plan's statement, and counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

from harness.canary.collecting import Probes
from harness.canary.looking import Looker, keys_of
from harness.canary.recognising import Recognised, recognise
from harness.canary.removing import Place, Remover
from harness.checks.history import History, Record, read_history
from harness.drive.child import Run
from harness.drive.scenarios import drive
from harness.drive.spec import Spec
from harness.errors import EvidenceError, RecordUnreadable
from harness.journal.reader import read_journal
from harness.model import Role
from harness.observations import read_observations
from harness.plan import Plan, scrub
from harness.runs import RunFolder
from harness.runs.disk import make_private, write_whole

FILE = "clean.json"
REMOVAL = "removal"
REMOVE_S_MAX = 60.0
LEFT_MAX = 10


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of the records of one probe; left are sentences on those that are still there."""

    written_n: int
    cleaned_n: int
    residue_n: int
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Broom:
    """What cleaning one run needs: its record, and by role who reads and how scenarios remove.

    Each deployment has its own: the same key may be a probe's in one, and a patient's in the
    other. begin is called once it is known what there is, and before the first of it goes.
    """

    plan: Plan
    run: RunFolder
    driven: Run
    specs: Mapping[Role, Spec]
    lookers: Mapping[Role, Looker]
    probes: Probes
    begin: Callable[[], None] = lambda: None

    def sweep(self) -> Cleaned:
        """Remove what is proved to be the run's own, look again, and keep what came of it."""
        history = read_history(read_journal(self.run.journal))
        written_n = sum(
            len(keys) for role in self.lookers for keys in keys_of(history, role).values()
        )
        try:
            before = self._recognised(history)
            self.begin()
            why = [why for role in before for why in self._remove(history, role, before[role].mine)]
            after = self._recognised(history)
            never = self._never_seen(history, before, after)
            left = [*why, *(told for found in after.values() for told in _told(found))]
            left += [
                f"{form} {'/'.join(key)} was never there when the API was asked for it; an API "
                "that has moved, or a gateway, answers so as well"
                for form, key in never
            ]
            cleaned_n = sum(len(set(before[role].mine) - set(after[role].mine)) for role in before)
            left = list(dict.fromkeys(left))[:LEFT_MAX]
            cleaned = Cleaned(written_n, cleaned_n, _rows_n(after) + len(never), tuple(left))
        except EvidenceError as error:
            # Nobody knows how much of it is there: all of it, until somebody has looked.
            sentence = scrub(str(error), self.plan.secrets)
            cleaned = Cleaned(written_n, 0, written_n, (sentence,))
        keep_cleaned(self.run, cleaned)
        return cleaned

    def _recognised(self, history: History) -> dict[Role, Recognised]:
        """What each deployment's storage holds of the run now; raises StorageUnreadable."""
        forms = {role: spec.forms for role, spec in self.specs.items()}
        tables = self.plan.canaries.clean
        found = {}
        for role, looker in self.lookers.items():
            rows = looker.look("confirm", keys_of(history, role), keep=False).rows
            found[role] = recognise(history, role, self.run.tag, forms, rows, tables)
        return found

    def _never_seen(self, history: History, *looks: Mapping[Role, Recognised]) -> tuple[Place, ...]:
        """What an API showed neither to these looks nor to any read of the run: it may be there.

        What it has shown once and shows no longer is gone, as far as anybody can ask it.
        """
        reads = read_observations(self.run.observations)
        never: dict[Place, None] = {}
        for role, looker in self.lookers.items():
            forms = looker.by_key_alone
            seen = {
                (form, row.key)
                for read in reads
                if read.role == role
                for form, rows in read.rows.items()
                for row in rows
            }
            seen |= {place for look in looks for place in (*look[role].mine, *look[role].strange)}
            for record in (record for trial in history.of_role(role) for record in trial.records):
                if record.form in forms and record.key is not None and _may_stand(record):
                    place = (record.form, record.key)
                    never |= {} if place in seen else {place: None}
        return tuple(never)

    def _remove(self, history: History, role: Role, mine: tuple[Place, ...]) -> list[str]:
        """Through the application first, then by statements; why something stays."""
        tables = self.plan.canaries.clean
        removals = tuple(place for place in mine if place[0] in self.probes.removable)
        stated = [
            place
            for place in mine
            if place not in removals
            and (table := tables.get(place[0])) is not None
            and table.statement is not None
            and table.url is not None
        ]
        forms = {role: spec.forms for role, spec in self.specs.items()}
        remover = Remover(history, role, self.run.tag, forms, tables, self.plan.folder)
        proved, said = remover.prove(stated)
        if removals:
            said += self._through_application(role, removals)
        for place, proof in proved.items():
            said += remover.remove(place, proof)
        return said

    def _through_application(self, role: Role, removals: tuple[Place, ...]) -> list[str]:
        """Where this deployment answers, and nowhere else."""
        folder = self.run.path / f"{REMOVAL}-{role}"
        if not folder.is_dir():
            make_private(folder)
        spec = replace(
            self.specs[role], removals=removals, journal=folder, round=REMOVAL, readers=False
        )
        try:
            drive(spec, self.driven, workers=1, timeout_s_max=REMOVE_S_MAX)
        except EvidenceError as error:
            return [f"nothing could be removed: {scrub(str(error), self.plan.secrets)}"]
        ended = [t.ended for t in read_history(read_journal(folder)).trials.values() if t.ended]
        return [e.message for e in ended[-1:] if e.outcome != "completed"]


def _may_stand(record: Record) -> bool:
    """Whether a save may have stored it, and nobody was told that it is deleted."""
    stored = any(
        save.intended.operation in ("save", "clear") and save.state != "refused"
        for save in record.saves
    )
    return stored and not any(
        save.intended.operation == "delete" and save.state == "acknowledged"
        for save in record.saves
    )


def _rows_n(found: Mapping[Role, Recognised]) -> int:
    """How many rows that is; a copy in a database that both deployments share is one."""
    copies = {place for one in found.values() for place in one.copies}
    return sum(len(one.mine) + len(one.strange) for one in found.values()) + len(copies)


def _told(found: Recognised) -> list[str]:
    return [
        *(f"{form} {'/'.join(key)} is still there" for form, key in found.mine),
        *(
            f"{form} {'/'.join(key)} holds nothing that proves it to be the probe's own, and "
            "is left alone"
            for form, key in found.strange
        ),
        *(
            f"{form} {'/'.join(key)} holds a probe's words under a key that it never had, and "
            "is left alone"
            for form, key in found.copies
        ),
    ]


def keep_cleaned(run: RunFolder, cleaned: Cleaned) -> None:
    """Keep what became of a run's records in its folder; raises EnvironmentBroken."""
    write_whole(run.path / FILE, json.dumps(asdict(cleaned), indent=2).encode("ascii"))


def cleaned_of(run: RunFolder) -> Cleaned | None:
    """What became of a run's records; None where nobody has cleaned it yet."""
    path = run.path / FILE
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text(encoding="ascii"))
        return Cleaned(**{**data, "left": tuple(data["left"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordUnreadable(f"{path} cannot be read: {error!r}") from error
