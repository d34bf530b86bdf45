"""The releases of a catalogue, found and read; one with a mistake in it is refused whole."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.catalogue.expectation import FILE_NAME, Expectation, read_expectation
from harness.errors import UsageError
from harness.plan import Plan
from harness.plan.schema import CatalogueTable
from harness.suggest import advice

PROBLEMS_MAX = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """One release of the catalogue: its name, its folder, and what it says of itself."""

    name: str
    folder: Path
    expected: Expectation
    baseline: str

    @property
    def plan(self) -> Path | None:
        """The plan that is merged over the catalogue's; None where it has none of its own."""
        return self.folder / self.expected.plan if self.expected.plan else None


def catalogue_of(plan: Plan) -> CatalogueTable:
    """The plan's [catalogue]; raises UsageError where it has none."""
    if plan.catalogue is None:
        raise UsageError(
            f'{plan.path} has no catalogue; write [catalogue] with path = "releases", the folder '
            "that holds a folder per release"
        )
    return plan.catalogue


def find_entries(plan: Plan, names: Sequence[str] = ()) -> list[Entry]:
    """The releases of those names, in their order, or all of them by name.

    Only what is asked for is read. Raises UsageError on an unknown name and, all at once, on
    everything that is wrong with a release.
    """
    table = catalogue_of(plan)
    folder = plan.folder / table.path
    known = names_of(plan)
    for name in (*names, *(() if names else table.always)):
        if name not in known:
            raise UsageError(f"the catalogue has no release {name!r}; {advice(name, known)}")
    entries: list[Entry] = []
    problems: list[str] = []
    for name in dict.fromkeys(names) or known:
        entry, wrong = _read(folder / name, table, plan.folder)
        problems += [f"{name}: {sentence}" for sentence in wrong]
        if entry is not None:
            entries.append(entry)
    refuse(folder, problems)
    return entries


def refuse(folder: Path, problems: Sequence[str]) -> None:
    """Raise UsageError that names every problem; nothing where there is none."""
    if not problems:
        return
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"  {problem}" for problem in problems[:PROBLEMS_MAX]]
    if len(problems) > PROBLEMS_MAX:
        lines.append(f"  and {len(problems) - PROBLEMS_MAX} more")
    raise UsageError("\n".join([f"the catalogue {folder}: {count}", *lines]))


def names_of(plan: Plan) -> list[str]:
    """Every release of the catalogue, by name; raises UsageError where there is none."""
    folder = plan.folder / catalogue_of(plan).path
    try:
        found = sorted(path.name for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        raise UsageError(f"the catalogue {folder} cannot be read: {error.strerror}") from error
    names = [name for name in found if not name.startswith((".", "__"))]
    if not names:
        raise UsageError(f"the catalogue {folder} holds no release; make a folder for each")
    return names


def _read(folder: Path, table: CatalogueTable, root: Path) -> tuple[Entry | None, list[str]]:
    expected, problems = read_expectation(folder / FILE_NAME)
    if expected is None:
        return None, problems
    if expected.plan and not (folder / expected.plan).is_file():
        problems.append(f"plan = {expected.plan!r}: there is no such file in its folder")
    if table.overlays is not None:
        problems += _out_of_place(folder, expected, root / table.overlays)
    baseline = expected.baseline or table.baseline
    if baseline is None:
        problems.append("it names no baseline, and neither does [catalogue]; write one of them")
        return None, problems
    return Entry(folder.name, folder, expected, baseline), problems


def files_of(folder: Path) -> list[str]:
    """The files below the folder by their relative path, without what Python compiles."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def _out_of_place(folder: Path, expected: Expectation, shadowed: Path) -> Iterator[str]:
    """Files that stand in for nothing, and additions that add nothing."""
    files = [name for name in files_of(folder) if name not in (FILE_NAME, expected.plan)]
    for name in files:
        if not (shadowed / name).is_file() and not _is_one_of(name, expected.adds):
            yield (
                f"{name} stands in for nothing: there is no {shadowed / name}; "
                f'move it, or write adds = ["{name}"]'
            )
    for pattern in expected.adds:
        if not fnmatch.filter(files, pattern):
            yield f"adds = {pattern!r}: no file of the release fits it"


def _is_one_of(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
