"""The end of a run: judge what its folder holds, write the reports, and the verdict last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from harness.account import account
from harness.errors import EnvironmentBroken
from harness.exhibits import STEPS, Account, Exhibit
from harness.gate.recorded import weigh_run
from harness.promise import Promise
from harness.report.html import html
from harness.report.junit import junit
from harness.report.reproduction import read_steps, script
from harness.runs import RunFolder
from harness.verdict import verdict_to_json

REPORTS = ("report.html", "junit.xml")


def account_of(run: RunFolder, promise: Promise | None = None) -> Account:
    """What the folder's record says, offline; raises RecordUnreadable."""
    return account(weigh_run(run, promise))


def settle(run: RunFolder, promise: Promise, hide: Callable[[str], str]) -> Account:
    """Judge the run and write the answer into its folder, ``verdict.json`` last.

    Whoever finds the verdict finds the reports as well. A report that cannot be written is a
    warning of the verdict, and one that crashes takes the verdict with it nowhere: the verdict is
    written in any case. hide keeps the plan's secrets out of scripts. Raises EnvironmentBroken
    where there is no room even for that.
    """
    whole = account_of(run, promise)
    unwritten: list[str] = []
    try:
        unwritten += write_reproductions(run, whole, promise, hide)
        unwritten += write_reports(run, whole)
    finally:
        warnings = (*whole.verdict.warnings, *unwritten)
        whole = replace(whole, verdict=replace(whole.verdict, warnings=warnings))
        _write_verdict(run, whole)
    return whole


def write_reports(
    run: RunFolder, whole: Account, names: tuple[str, ...] = REPORTS
) -> Iterator[str]:
    """Write each report into the folder; yields why one could not be."""
    for name in names:
        text = html(whole, run.path) if name == "report.html" else junit(whole.verdict, whole.cells)
        try:
            run.write_text(name, text)
        except EnvironmentBroken as error:
            yield f"{name} is missing: {error}"


def write_reproductions(
    run: RunFolder, whole: Account, promise: Promise, hide: Callable[[str], str]
) -> Iterator[str]:
    """Write the script of each recorded finding; yields why one could not be."""
    by_script: dict[str, list[Exhibit]] = {}
    for exhibit in whole.exhibits:
        if exhibit.finding.reproduction is not None:
            by_script.setdefault(exhibit.finding.reproduction, []).append(exhibit)
    for name, exhibits in by_script.items():
        steps = (run.path / name).with_name(STEPS)
        try:
            kept = hide(steps.read_text(encoding="ascii"))
            text = script(exhibits, read_steps(kept), promise.forms["candidate"])
            run.write_text(str(steps.relative_to(run.path)), kept)
            run.write_text(name, hide(text))
        except (OSError, ValueError, KeyError, TypeError, EnvironmentBroken) as error:
            yield f"{name} is missing: {error}"


def _write_verdict(run: RunFolder, whole: Account) -> None:
    """The verdict is worth more than the reports: they give way where the disk is full."""
    try:
        run.write_json("verdict.json", verdict_to_json(whole.verdict))
    except EnvironmentBroken as error:
        for name in REPORTS:
            (run.path / name).unlink(missing_ok=True)
        gone = f"the reports gave way to the verdict: {error}"
        verdict = replace(whole.verdict, warnings=(*whole.verdict.warnings, gone))
        run.write_json("verdict.json", verdict_to_json(verdict))
