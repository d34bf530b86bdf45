"""What is kept of a trial that failed: its error, its pages, and a trace when it is run again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.drive.spec import Spec
from harness.errors import EnvironmentBroken

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

LINES_MAX = 4
# An error repeats what was typed, which may be a mebibyte.
LINE_CHARS_MAX = 2000
SHORT_CHARS_MAX = 400
SCREENSHOT_TIMEOUT_MS = 5000
PAGES_MAX = 3
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
    lines = [line[:LINE_CHARS_MAX] for line in _ANSI.sub("", text).splitlines()]
    try:
        path.write_text("\n".join(lines), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise EnvironmentBroken(f"the evidence {path} cannot be written: {error}") from error
    return relative(spec, path)


def screenshots(spec: Spec, trial: str, pages: Iterable[Page]) -> list[str]:
    """What each open page shows now, the whole of it on a rerun; a page that cannot is left out."""
    from playwright.sync_api import Error as PlaywrightError

    kept: list[str] = []
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
    """Stop recording and name the trace; nothing where the browser is gone."""
    from playwright.sync_api import Error as PlaywrightError

    path = path_of(spec, trial, f"trace-{number}.zip")
    try:
        context.tracing.stop(path=path)
    except PlaywrightError:
        return []
    return [relative(spec, path)]
