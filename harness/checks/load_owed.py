"""What was promised of a load and is not there, a sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.checks.course import Course
from harness.checks.history import History
from harness.checks.pace import REACHED, Figures, said
from harness.checks.sentences import plural
from harness.checks.sifted import Sifted
from harness.checks.suspects import Looked
from harness.journal.acts_files import ActsFile
from harness.journal.events import LoadBegan
from harness.model import Finding, Severity
from harness.prints import Prints
from harness.promise import LOAD


@dataclass(frozen=True, slots=True)
class LoadRecord:
    """What a run holds of one load, by its name: acts, and the reads before and after it.

    unreadable are sentences on what is there and cannot be read. slices are what was found in
    parts of it, each with what it has to be of, () where all of it is still to be sifted; missing
    are sentences on slices that are not there.
    """

    files: tuple[ActsFile, ...] = ()
    before: Prints | None = None
    final: Prints | None = None
    unreadable: tuple[str, ...] = ()
    name: str = LOAD
    slices: tuple[tuple[Path, Mapping[str, object]], ...] = ()
    missing: tuple[str, ...] = ()


def unmeasured(
    record: LoadRecord,
    course: Course,
    sifted: Sifted,
    looked: Looked,
    figures: Figures,
    findings: Sequence[Finding],
    history: History,
) -> list[str]:
    """Every sentence; what cannot be read is said already, and nothing is made of what it left."""
    if record.unreadable:
        return []
    if record.name not in history.loads_ended:
        known = any(t.stage == record.name and t.verdict != "warn" for t in history.troubles)
        return [] if known else ["the load never ended by itself"]
    owed = [*_cut(record.files), *absent(course, history.loads_began.get(record.name))]
    owed += _unjournaled(record.files, course, figures, history.loads_began.get(record.name))
    if not course.records_n:
        return owed
    if record.before is None:
        owed.append("storage was not read before the load")
    if record.final is None:
        return [*owed, "storage was not read after the load"]
    owed += _uncompared(sifted, figures)
    if not any(finding.severity is Severity.BLOCK for finding in findings):
        owed += _unlooked(looked)
    return owed


def absent(course: Course, began: LoadBegan | None) -> list[str]:
    """That the journals there are not those of every process, once each: nothing adds up then."""
    there = sorted((schedule.nth, schedule.of_n) for schedule in course.schedules)
    if began is None or not there:
        return []
    if there == [(nth, began.processes) for nth in range(began.processes)]:
        return []
    numbers = ", ".join(f"{nth + 1} of {of_n}" for nth, of_n in there)
    shares = plural(began.processes, "share")
    head = f"the load was driven in {shares}, and the journals there are of {numbers}"
    return [f"{head}: bring each process's own journal, once, and judge again"]


def _cut(files: Sequence[ActsFile]) -> list[str]:
    """Journals that may have had more lines, as the load ended and they did not."""
    return [
        f"the load's journal {file.path.name} does not end as its process ends one: it was cut, or "
        "its process was killed; drive the load again, or judge a copy that is whole"
        for file in files
        if not file.closed
    ]


def _unjournaled(
    files: Sequence[ActsFile], course: Course, figures: Figures, began: LoadBegan | None
) -> list[str]:
    """What the load's own journal does not have."""
    owed = []
    if course.orphans_n:
        lines = plural(course.orphans_n, "line")
        owed.append(
            f"{lines} of the load's journal belong to nothing that was begun: it has lost lines"
        )
    if not files:
        gone = "no journal of the load is there, and it had one when it ended"
        return [f"{gone}: bring each process's load-*.acts back, or drive the load again"]
    if not course.records_n:
        return [*owed, "the load journaled nothing: its file has to save through harness.load"]
    if not figures.saves_acknowledged:
        owed.append(
            f"no save was acknowledged under load, {figures.refused_n} were refused and "
            f"{figures.unknown_n} are unknown{figures.told}"
        )
    return [*owed, *_never_kept(course, figures, began), *_held_too_short(figures, began)]


def _never_kept(course: Course, figures: Figures, began: LoadBegan | None) -> list[str]:
    """Forms that the load saved and of which it was never told that one is stored.

    Of each user's saves the last may have been under way when the load ended.
    """
    if not figures.saves_acknowledged:
        return []
    under_way_n = began.users if began is not None else 0
    return [
        f"no save of form {name} was acknowledged under load, of {form.tried_n:,} that were tried"
        f"{said(form.told)}"
        for name, form in course.forms.items()
        if not form.states["acknowledged"]
        and (form.tried_n > under_way_n or form.states["refused"])
    ]


def _held_too_short(figures: Figures, began: LoadBegan | None) -> list[str]:
    """That the journal has no schedule, or a shorter one than was asked for."""
    if began is None or figures.hold_s >= began.hold_s * REACHED:
        return []
    held = f"the load's journal has {figures.hold_s:g} s at the full rate"
    return [f"{held}, and {began.hold_s:g} s were asked for"]


def _uncompared(sifted: Sifted, figures: Figures) -> list[str]:
    """Saves of which storage was not asked, or could not have told."""
    owed = []
    missing_n = figures.saves_acknowledged - sifted.acknowledged_n + sifted.unread_n
    if missing_n:
        owed.append(
            f"{plural(missing_n, 'save')} acknowledged under load were never compared with storage"
        )
    if sifted.hidden_n and not sifted.verified_n and not sifted.suspects:
        owed.append(
            "no save of the load can be told from one that never was: each was written over, or "
            "wrote what stood there before; have the load file save new texts"
        )
    if sifted.unsought_n:
        rows = plural(sifted.unsought_n, "row")
        owed.append(
            f"{rows} of the load are no record's or have changed, and nobody looked whether they "
            "hold what is another record's: too many; have the load journal what it makes"
        )
    return owed


def _unlooked(looked: Looked) -> list[str]:
    """What did not look whole and was not read twice more."""
    owed = []
    if looked.unlooked:
        saves = plural(sum(c.told_n for c in looked.unlooked.values()), "save")
        owed.append(f"{saves} under load did not look whole, and nobody looked at them twice")
    if looked.unlooked_changes_n:
        rows = plural(looked.unlooked_changes_n, "row")
        owed.append(f"{rows} changed under load that it did not save, and nobody looked at them")
    return owed
