"""Removes what a probe wrote, through the application or by the plan's statement, and counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import psycopg

from harness.canary.collecting import Probes
from harness.canary.looking import Looker, keys_of
from harness.canary.recognising import Recognised, recognise
from harness.checks.history import History, read_history
from harness.drive.child import Run
from harness.drive.scenarios import drive
from harness.drive.spec import Spec
from harness.errors import EvidenceError, RecordUnreadable
from harness.journal.reader import read_journal
from harness.model import Form, Key, Role
from harness.plan import Plan, scrub
from harness.plan.schema import CleanTable
from harness.runs import RunFolder
from harness.runs.disk import make_private, write_whole
from harness.storage.connection import told

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
    """What cleaning one run needs: its record, who reads, and how scenarios remove."""

    plan: Plan
    run: RunFolder
    driven: Run
    forms: Mapping[Role, Mapping[str, Form]]
    lookers: Mapping[Role, Looker]
    spec: Spec
    probes: Probes

    def sweep(self) -> Cleaned:
        """Remove what is proved to be the run's own, look again, and keep what came of it."""
        history = read_history(read_journal(self.run.journal))
        written_n = sum(
            len(keys) for role in self.lookers for keys in keys_of(history, role).values()
        )
        try:
            before = self._recognised(history)
            why = self._remove(before)
            after = self._recognised(history)
            left = [*why, *self._told(after)]
            cleaned_n = len(set(before.mine) - set(after.mine))
            cleaned = Cleaned(written_n, cleaned_n, after.rows_n, tuple(left[:LEFT_MAX]))
        except EvidenceError as error:
            # Nobody knows how much of it is there: all of it, until somebody has looked.
            sentence = scrub(str(error), self.plan.secrets)
            cleaned = Cleaned(written_n, 0, written_n, (sentence,))
        keep_cleaned(self.run, cleaned)
        return cleaned

    def _recognised(self, history: History) -> Recognised:
        """What storage holds of the run now; raises StorageUnreadable."""
        found = Recognised(())
        for role, looker in self.lookers.items():
            read = looker.look("confirm", keys_of(history, role), keep=False)
            tables = self.plan.canaries.clean
            here = recognise(history, role, self.run.tag, self.forms, read.rows, tables)
            found = Recognised(
                tuple(dict.fromkeys((*found.mine, *here.mine))),
                tuple(dict.fromkeys((*found.strange, *here.strange))),
                tuple(dict.fromkeys((*found.copies, *here.copies))),
            )
        return found

    def _remove(self, found: Recognised) -> list[str]:
        """Through the application first, then by statements; why something stays."""
        removals = tuple(place for place in found.mine if place[0] in self.probes.removable)
        said: list[str] = []
        if removals:
            said += self._through_application(removals)
        for form, key in found.mine:
            table = self.plan.canaries.clean.get(form)
            if (
                table is not None
                and table.statement is not None
                and form not in self.probes.removable
            ):
                said += by_statement(table, form, key)
        return said

    def _through_application(self, removals: tuple[tuple[str, Key], ...]) -> list[str]:
        folder = self.run.path / REMOVAL
        if not folder.is_dir():
            make_private(folder)
        spec = replace(self.spec, removals=removals, journal=folder, round=REMOVAL, readers=False)
        try:
            drive(spec, self.driven, workers=1, timeout_s_max=REMOVE_S_MAX)
        except EvidenceError as error:
            return [f"nothing could be removed: {scrub(str(error), self.plan.secrets)}"]
        ended = [t.ended for t in read_history(read_journal(folder)).trials.values() if t.ended]
        return [e.message for e in ended[-1:] if e.outcome != "completed"]

    def _told(self, found: Recognised) -> list[str]:
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


def by_statement(table: CleanTable, form: str, key: Key) -> list[str]:
    """Run the plan's statement for one record; one that touches several rows is undone."""
    where = f"{form} {'/'.join(key)}"
    if table.statement is None or table.url is None:
        return []
    try:
        with psycopg.connect(
            table.url, connect_timeout=5, cursor_factory=psycopg.RawCursor
        ) as connection:
            connection.execute("SET LOCAL statement_timeout = '10s'")
            touched_n = connection.execute(table.statement.encode(), list(key)).rowcount
            if touched_n > 1:
                connection.rollback()
                return [f"{where}: the plan's statement touched {touched_n} rows, and was undone"]
    except psycopg.Error as error:
        return [f"{where}: the plan's statement failed: {told(error, table.url)}"]
    return []


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
