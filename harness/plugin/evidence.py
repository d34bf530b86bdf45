"""What is kept of a trial that failed: its error, its pages, and a trace when it is run again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.drive.spec import Spec
from harness.errors import EnvironmentBroken
from harness.exhibits import STEPS

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

LINES_MAX = 4
# An error repeats what was typed, which may be a mebibyte.
LINE_CHARS_MAX = 2000
SHORT_CHARS_MAX = 400
SCREENSHOT_TIMEOUT_MS = 5000
PAGES_MAX = 3
# What a run in which everything fails may keep of it: the record has room of its own.
MB = 1_000_000
KEPT_BYTES_MAX = 200 * MB
TRACE_BYTES_MAX = 50 * MB
TEXT_LINES_MAX = 500
LEFT_OUT = "left-out.txt"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def short(error: BaseException) -> str:
    """The error as its author would say it: what went wrong, and what was awaited."""
    if isinstance(error, BaseExceptionGroup):
        return short(error.exceptions[0])
    lines = [line.strip() for line in _ANSI.sub("", str(error)).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    told = [line for line in lines[1:LINES_MAX] if not line.startswith(("Call log", "=", "-"))]
    awaited = [line.lstrip("- ") for line in lines if "waiting for" in line.lower()]
    chosen = list(dict.fromkeys([lines[0], *told, *awaited[:1]]))
    prefix = "" if lines[0].startswith(("Locator", "Page")) else f"{type(error).__name__}: "
    return (prefix + "; ".join(chosen))[:SHORT_CHARS_MAX]


def path_of(spec: Spec, trial: str, name: str) -> Path:
    """Where a file of a trial's evidence goes; its folder is made. Raises EnvironmentBroken."""
    folder = spec.evidence / trial.replace("/", "-")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentBroken(f"the folder {folder} cannot be made: {error}") from error
    return folder / name


def relative(spec: Spec, path: Path) -> str:
    """The path as the journal names it: below the run's folder."""
    return path.relative_to(spec.evidence.parent).as_posix()


def keep_text(spec: Spec, trial: str, name: str, text: str) -> str:
    """Write a text of evidence and name it; raises EnvironmentBroken."""
    path = path_of(spec, trial, name)
    lines = [line[:LINE_CHARS_MAX] for line in _ANSI.sub("", text).splitlines()[-TEXT_LINES_MAX:]]
    try:
        path.write_text("\n".join(lines), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise EnvironmentBroken(f"the evidence {path} cannot be written: {error}") from error
    return relative(spec, path)


def screenshots(spec: Spec, trial: str, pages: Iterable[Page]) -> list[str]:
    """What each open page shows now, the whole of it on a rerun; a page that cannot is left out.

    So is every page once the run has kept as much evidence as it may.
    """
    from playwright.sync_api import Error as PlaywrightError

    kept: list[str] = []
    if not has_room(spec, f"screenshots of {trial}"):
        return kept
    for number, page in enumerate(list(pages)[:PAGES_MAX], start=1):
        path = path_of(spec, trial, f"page-{number}.png")
        try:
            page.screenshot(path=path, full_page=spec.trace, timeout=SCREENSHOT_TIMEOUT_MS)
        except PlaywrightError:
            continue
        kept.append(relative(spec, path))
    return kept


def start_trace(context: BrowserContext) -> None:
    """Record everything in this context."""
    context.tracing.start(screenshots=True, snapshots=True)


def keep_trace(spec: Spec, trial: str, number: int, context: BrowserContext) -> list[str]:
    """Stop recording and name the trace; nothing where the browser is gone or it is too much."""
    from playwright.sync_api import Error as PlaywrightError

    path = path_of(spec, trial, f"trace-{number}.zip")
    try:
        context.tracing.stop(path=path)
    except PlaywrightError:
        return []
    if path.stat().st_size > TRACE_BYTES_MAX:
        _leave_out(spec, f"a trace of {trial}: it is more than {TRACE_BYTES_MAX // MB} MB")
    elif has_room(spec, f"a trace of {trial}"):
        return [relative(spec, path)]
    path.unlink()
    return []


def keep_steps(spec: Spec, trial: str, steps: object) -> list[str]:
    """What the trial did, for a reproduction, and its name; nothing where it is no plain data."""
    path = path_of(spec, trial, STEPS)
    try:
        path.write_text(json.dumps(steps, indent=1), encoding="ascii")
    except (OSError, TypeError, ValueError) as error:
        _leave_out(spec, f"the steps of {trial}: {error}")
        return []
    return [relative(spec, path)]


def has_room(spec: Spec, what: str) -> bool:
    """Whether the run may keep more evidence; where not, a file beside it says what is missing."""
    if sum(map(_size_bytes, spec.evidence.glob("*/*"))) < KEPT_BYTES_MAX:
        return True
    _leave_out(spec, f"{what}: {KEPT_BYTES_MAX // MB} MB of evidence are kept already")
    return False


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # another worker has left it out meanwhile
        return 0


def _leave_out(spec: Spec, sentence: str) -> None:
    """Say in a file beside the evidence what is missing from it; raises EnvironmentBroken."""
    path = spec.evidence / LEFT_OUT
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"{sentence}\n")
    except OSError as error:
        raise EnvironmentBroken(f"the evidence {path} cannot be written: {error}") from error
