"""What one pytest process of a round knows: its spec, its journal, and who it is."""

from __future__ import annotations

import os
import secrets
import shutil
import string
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from harness import corpus
from harness.drive.spec import Spec, read_spec
from harness.errors import HarnessError
from harness.journal import events as ev
from harness.journal.reader import read_journal
from harness.journal.writer import JournalWriter
from harness.plugin import readers, removers
from harness.plugin.calls import Calls


@dataclass(slots=True)
class Session:
    """One process's share of a round; by_author is True without a gate."""

    spec: Spec
    by_author: bool
    worker: str
    numbers: dict[str, int] = field(default_factory=dict)
    calls: Calls = field(default_factory=Calls)
    _writer: JournalWriter | None = None

    @property
    def writer(self) -> JournalWriter:
        """The journal of this process, opened when the first trial begins."""
        if self._writer is None:
            self._writer = JournalWriter(self.spec.journal, f"scenarios-{self.worker}")
        return self._writer

    def close(self) -> None:
        """Close the journal, if it was opened."""
        if self._writer is not None:
            self._writer.close()


SESSION = pytest.StashKey[Session]()


def of(config: pytest.Config) -> Session:
    """The session of this process; only there once the plugin is awake."""
    return config.stash[SESSION]


def wake(config: pytest.Config) -> None:
    """Make the session and register the hooks and fixtures that do the work."""
    from harness.plugin import collection, fixtures, trials

    try:
        config.stash[SESSION] = _session(config)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error
    # pytest-playwright empties this folder when it starts, so it must be nobody else's.
    output = tempfile.TemporaryDirectory(prefix="output-", dir=config.stash[SESSION].spec.files)
    config.option.output = output.name
    config.add_cleanup(output.cleanup)
    plugins = {
        "collection": collection.Collecting(of(config)),
        "fixtures": fixtures,
        "trials": trials.Trials(of(config)),
        "session": _Ends(),
    }
    if of(config).spec.trace:
        of(config).calls.listen()
    for name, plugin in plugins.items():
        config.pluginmanager.register(plugin, f"harness-{name}")


def _session(config: pytest.Config) -> Session:
    handed: dict[str, Any] = getattr(config, "workerinput", {})
    worker = str(handed.get("workerid", "main"))
    path = config.getoption("--harness-spec")
    if path:
        spec = read_spec(Path(path))
        if spec.urls:
            spec = replace(spec, url=spec.urls[address_of(worker, spec)])
        return Session(spec, by_author=False, worker=worker)
    folder = handed.get("harness_folder") or _authors_folder(config)
    tag = str(handed.get("harness_tag") or _tag())
    return Session(_authors_spec(config, Path(folder), tag), by_author=True, worker=worker)


def _authors_folder(config: pytest.Config) -> str:
    """A folder of the author's own; where nothing comes to be journaled it is gone at the end."""
    folder = tempfile.mkdtemp(prefix="harness-scenarios-")

    def forget() -> None:
        if not _journaled(Path(folder, "journal")):
            shutil.rmtree(folder, ignore_errors=True)

    config.add_cleanup(forget)
    return folder


def _journaled(journal: Path) -> bool:
    return any(journal.glob("*"))


def _authors_spec(config: pytest.Config, folder: Path, tag: str) -> Spec:
    # A round of a gate is handed its forms: only an author pays for what validates a plan.
    from harness.plan import load_plan, nearest_plan

    named = [config.invocation_params.dir / arg.split("::")[0] for arg in config.args]
    starts = (*named, config.rootpath, config.invocation_params.dir)
    path = nearest_plan(starts, "--url needs one, for the forms it describes")
    plan = load_plan(path, os.environ, secrets_required=False)
    for name in ("journal", "evidence", "files"):
        (folder / name).mkdir(exist_ok=True)
    return Spec(
        run=tag,
        role="candidate",
        release="",
        url=str(config.getoption("--url")).rstrip("/"),
        scenarios=plan.folder / plan.scenarios.path,
        root=plan.folder,
        journal=folder / "journal",
        evidence=folder / "evidence",
        files=folder / "files",
        forms=plan.forms(""),
        texts=corpus.COMMIT,
        case_timeout_s_max=None,
    )


def number_of(worker: str) -> int:
    """The number of a pytest worker, from 0; without any there is one."""
    return int(worker.removeprefix("gw")) if worker.startswith("gw") else 0


def address_of(worker: str, spec: Spec) -> int:
    """Which of the spec's addresses a worker has; one that replaces a dead one is numbered on."""
    return number_of(worker) % max(1, len(spec.urls))


def _tag() -> str:
    letters = string.digits + string.ascii_lowercase
    return "".join(secrets.choice(letters) for _ in range(4))


class _Ends:
    """Hands the author's folder to xdist's workers, and says at the end what was not looked at."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        session = of(node.config)
        if session.by_author:
            node.workerinput["harness_folder"] = str(session.spec.journal.parent)
            node.workerinput["harness_tag"] = session.spec.run

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        session = of(config)
        if not session.by_author or config.option.collectonly:
            return
        events = read_journal(session.spec.journal)
        told_n = sum(isinstance(event, ev.SaveAcknowledged) for event in events)
        intended_n = sum(isinstance(event, ev.SaveIntended) for event in events)
        # Without a journal its folder is gone by the time that somebody looks.
        where = f" Journal: {session.spec.journal}" if _journaled(session.spec.journal) else ""
        terminalreporter.write_line(
            f"{told_n} of {intended_n} saves were acknowledged. Storage was not looked at: "
            f"`harness gate` does.{where}"
        )

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        of(config).calls.stop()
        of(config).close()
        readers.forget()
        removers.forget()
