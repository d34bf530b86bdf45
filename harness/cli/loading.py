"""What ``harness load`` was asked for: to drive alone, to lead workers, or to be one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.actions import in_actions, shielded
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.gate import Outcome
    from harness.gate.loading import Away

WORKERS = Path(".harness/workers")
OF_MASTER = ("expect_workers", "journal_to")
OF_WORKER = ("master_host", "name")


def master(release: str | None, asked: Mapping[str, Any], as_json: bool) -> Outcome:
    """Drive a load from here, or have workers drive it; raises UsageError."""
    from harness.cli.progress import watcher
    from harness.gate.load_alone import LoadAsked, load_alone

    if release is None:
        raise UsageError("which release? write harness load RELEASE, or --worker to be a worker")
    _refuse(asked, OF_WORKER, "--worker")
    away = _away(asked)
    load = LoadAsked(
        release=release,
        plan=asked["plan"],
        runs=asked["runs"],
        profile=asked["profile"],
        deployer=asked["deployer"],
        url=asked["url"],
        merge=asked["merge"],
        away=away,
    )
    stream = sys.stdout if in_actions() and not as_json else sys.stderr
    with shielded(stream), watcher(stream) as watch:
        return load_alone(load, os.environ, watch)


def _away(asked: Mapping[str, Any]) -> Away | None:
    from harness.drive.load import Line
    from harness.gate.loading import Away

    if not asked["master"]:
        _refuse(asked, OF_MASTER, "--master")
        return None
    missing = [name for name in OF_MASTER if asked[name] is None]
    if missing:
        raise UsageError(f"a master needs {_option(missing[0])} as well; see harness load --help")
    line = Line(asked["master_port"], asked["bind_host"], away=True, workers_s_max=asked["wait_s"])
    return Away(asked["expect_workers"], line, asked["journal_to"])


def worker(release: str | None, asked: Mapping[str, Any], as_json: bool) -> int:
    """Drive a share and say where its journal is; raises UsageError and EvidenceError."""
    from harness.drive.load_spec import default_name
    from harness.drive.load_worker import WorkerSpec, drive_share
    from harness.plan import load_plan
    from harness.runs import open_lease

    if release is not None or asked["master"]:
        raise UsageError("a worker is told by its master what to drive; leave RELEASE and --master")
    if asked["master_host"] is None:
        raise UsageError("a worker needs --master-host as well, where its master is")
    plan = load_plan(asked["plan"], os.environ, asked["merge"], secrets_required=False)
    file = plan.load_file()
    if file is None or not file.is_file():
        raise UsageError(f"{plan.path} has no load file that is there; write [load] file = ...")
    with open_lease() as lease:
        folder = (WORKERS / lease.run_id).absolute()
        spec = WorkerSpec(
            host=asked["master_host"],
            port=asked["master_port"],
            file=file,
            root=plan.folder,
            folder=folder,
            name=asked["name"] or default_name(),
            master_s_max=asked["wait_s"],
        )
        done = drive_share(spec, WorkerRun(folder, lease.environment, lease.scratch("temporary")))
    told = {
        "worker": spec.name,
        "saves": done.progress.saves_n,
        "acknowledged": done.progress.acknowledged_n,
        "journal_to": done.sent_to,
        "journals": done.names,
    }
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo(
            f"{spec.name} drove {told['saves']} saves, {told['acknowledged']} of them "
            f"acknowledged; its journal is at {done.sent_to}"
        )
    return 0


class WorkerRun:
    """What a worker's child needs of a run: a folder for its log, a mark, a place for rubbish."""

    def __init__(self, folder: Path, environment: Mapping[str, str], temporary: Path) -> None:
        from harness.runs.disk import provide

        self.logs = folder
        self.environment = environment
        self.temporary = temporary
        provide(folder)


def _refuse(asked: Mapping[str, Any], names: tuple[str, ...], of: str) -> None:
    given = [name for name in names if asked[name] is not None]
    if given:
        raise UsageError(f"{_option(given[0])} is for {of}; write that as well, or leave it out")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
