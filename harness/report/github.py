"""What GitHub Actions reads: annotations on scenario files, and a job's outputs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from harness.exhibits import Account
from harness.report.clean import one_line
from harness.verdict import Answer, Cell

# GitHub shows so many of each kind for a step and drops the rest without a word.
ANNOTATIONS_MAX = 10


def annotate(account: Account, folder: str = "") -> list[str]:
    """Workflow commands, at most ten errors and ten warnings; folder is the plan's, in the repo.

    A field that is lost in several scenarios is one error, at the first of them.
    """
    verdict = account.verdict
    errors = list(_lost(account.cells, folder))
    owed = list(_owed(account.cells, folder))
    notes = [command("warning", text, title="Worth knowing") for text in verdict.warnings]
    if verdict.verdict is Answer.BLOCK and not errors:
        errors = [command("error", verdict.sentence, title="Blocked")]
    if verdict.verdict is Answer.INCONCLUSIVE:
        errors = [command("error", verdict.sentence, title="Not proved"), *errors]
    return [*_bounded(errors, "error"), *_bounded([*owed, *notes], "warning")]


def command(kind: str, message: str, **properties: object) -> str:
    """One workflow command on one line, message and properties escaped as the runner reads them."""
    told = ",".join(
        f"{name}={_of_property(str(value))}"
        for name, value in properties.items()
        if value not in ("", None)
    )
    return f"::{kind}{' ' if told else ''}{told}::{_of_message(one_line(message, 1000))}"


def outputs(account: Account) -> str:
    """Lines for the file that GITHUB_OUTPUT names."""
    verdict = account.verdict
    pairs = {"verdict": str(verdict.verdict), "run": verdict.run, "sentence": verdict.sentence}
    return "".join(f"{name}={one_line(value, 1000)}\n" for name, value in pairs.items())


def _lost(cells: Iterable[Cell], folder: str) -> Iterator[str]:
    by_field: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        if cell.failure is not None:
            by_field.setdefault((cell.form, cell.field), []).append(cell)
    for some in by_field.values():
        first = some[0]
        more = f"{len(some) - 1} more scenario{'s' if len(some) > 2 else ''}"
        rest = f" (and in {more})" if len(some) > 1 else ""
        yield _at("error", first, f"{first.failure}{rest}", "Data loss", folder)


def _owed(cells: Iterable[Cell], folder: str) -> Iterator[str]:
    by_scenario: dict[str, Cell] = {}
    for cell in cells:
        if cell.failure is None and cell.missing is not None:
            by_scenario.setdefault(cell.scenario, cell)
    for cell in by_scenario.values():
        yield _at("warning", cell, cell.missing or "", "No evidence", folder)


def _at(kind: str, cell: Cell, message: str, title: str, folder: str) -> str:
    file = posixpath.normpath(posixpath.join(folder, cell.file))
    return command(kind, message, file=file, line=cell.line, title=title)


def _bounded(commands: Sequence[str], kind: str) -> list[str]:
    if len(commands) <= ANNOTATIONS_MAX:
        return list(commands)
    shown = commands[: ANNOTATIONS_MAX - 1]
    rest = f"{len(commands) - len(shown)} more in report.html"
    return [*shown, command(kind, rest, title="And more")]


def _of_message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _of_property(text: str) -> str:
    escaped = _of_message(one_line(text))
    return escaped.replace(":", "%3A").replace(",", "%2C")
