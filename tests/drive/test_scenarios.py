"""Driving scenarios as a child process: what is promised, and what each ending means."""

from __future__ import annotations

import os
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from harness.drive.scenarios import (
    EXIT_CODES,
    DriveProgress,
    collect,
    default_workers,
    drive,
)
from harness.drive.spec import Spec, read_spec, write_spec
from harness.errors import DriveFailed, RecordUnreadable, ScenarioError, UsageError
from harness.journal import events as ev
from harness.journal.reader import read_journal
from harness.model import Probe
from harness.runs.processes import is_gone
from tests.plugin.conftest import Folder, spec_in

OPEN = "test_two.py::TestNote::test_open"
TWO = """
    import os, time
    from harness.plugin import absent_in, factors

    def sensible(case):
        return case.shares or case.moment == "after"

    @factors(shares=[0, 1], moment=["before", "after"], where=sensible)
    def test_share(journal, case):
        with journal.record("note", key=1).save(title="plain") as save:
            save.typed(title=save.title)
            save.acknowledged("204", level="transport")

    class TestNote:
        def test_open(self, journal):
            pass

    @absent_in("1.*", reason="came with 2.0")
    @factors(text=["plain", "astral"])
    def test_new(case):
        pass
"""


def write(folder: Path, name: str, text: str) -> None:
    (folder / "scenarios").mkdir(exist_ok=True)
    (folder / "scenarios" / name).write_text(textwrap.dedent(text), encoding="utf-8")


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    """A spec whose scenarios are below a folder of this test."""
    return spec_in(tmp_path)[0]


ORDERS = """
from harness.plugin import Actions, obliged, orders

note = Actions(unfinished="unsaved")

@note.action(unless="unsaved", gives="unsaved")
def types(journal):
    journal.happened("types")

@note.action(needs="unsaved", takes="unsaved")
def saves(journal):
    journal.happened("saves")

@note.action()
def shares(journal):
    journal.happened("shares")

@orders(note)
@obliged("shares after types")
def test_orders(journal, case):
    for act in case.order:
        act(journal)
"""


@pytest.fixture
def run(tmp_path: Path) -> Folder:
    """The folder of the run."""
    return Folder(tmp_path / "run")


def drive_all(spec: Spec, run: Folder, *cases: str, timeout_s_max: float = 60) -> list[ev.Event]:
    numbers = {case: number for number, case in enumerate(cases)}
    drive(replace(spec, cases=numbers), run, workers=1, timeout_s_max=timeout_s_max)
    return list(read_journal(spec.journal))


class TestCollect:
    """What the scenarios promise."""

    def test_every_row_is_a_case(self, spec: Spec, run: Folder) -> None:
        """Cases have ids below the scenarios' folder, numbers from 0, places and levels."""
        write(spec.root, "test_two.py", TWO)

        cases = collect(spec, run).cases

        assert [0, 1, 2, 3] == [case.number for case in cases]
        assert {
            "test_two.py::test_share[shares=0,moment=after]",
            "test_two.py::test_share[shares=1,moment=before]",
            "test_two.py::test_share[shares=1,moment=after]",
            "test_two.py::TestNote::test_open",
        } == {case.id for case in cases}
        first = cases[0]
        assert "test_two.py::test_share" == first.scenario
        assert ("scenarios/test_two.py", 8) == (first.file, first.line)
        assert {"shares", "moment"} == set(first.levels)

    def test_what_a_release_does_not_have_is_listed(self, spec: Spec, run: Folder) -> None:
        """An absent scenario is no case of that release, and stands there with its reason."""
        write(spec.root, "test_two.py", TWO)

        assert {"test_two.py::test_new": "came with 2.0"} == collect(spec, run).absent
        newer = collect(replace(spec, release="2.1"), run)
        assert ({}, 6) == (newer.absent, len(newer.cases))

    def test_cases_do_not_depend_on_the_process(
        self, spec: Spec, run: Folder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same scenarios promise the same cases in the same order."""
        write(spec.root, "test_two.py", TWO)
        monkeypatch.setenv("PYTHONHASHSEED", "1")
        one = collect(spec, run)
        monkeypatch.setenv("PYTHONHASHSEED", "2")

        assert one == collect(spec, run)

    def test_orders_are_cases(self, spec: Spec, run: Folder) -> None:
        """Generated orders are promised with their model, and what has to happen in them."""
        write(spec.root, "test_orders.py", ORDERS)

        found = collect(replace(spec, sequences_n=3, sequence_length_max=5), run)

        assert 3 == len(found.cases)
        for case in found.cases:
            assert f"test_orders.py::test_orders[order={case.levels['order']}]" == case.id
            assert found.models[case.scenario].allows(case.levels["order"].split(">"))
        assert {"test_orders.py::test_orders": ("shares after types",)} == found.obligations

    def test_a_seed_draws_other_cases(self, spec: Spec, run: Folder) -> None:
        """With a seed rows by chance stand in place of the promised ones, always the same."""
        write(spec.root, "test_orders.py", ORDERS)
        write(spec.root, "test_two.py", TWO)
        promised = collect(spec, run)
        seeded = replace(spec, seed=11, random_n=20)

        drawn = collect(seeded, run)

        orders = {case.id for case in drawn.cases if "order" in case.levels}
        assert orders - {case.id for case in promised.cases}
        assert any("test_share" in case.id for case in drawn.cases)
        assert drawn == collect(seeded, run)

    def test_orders_that_nobody_generated_are_driven(self, spec: Spec, run: Folder) -> None:
        """A case is driven by its levels alone, in its own order, and no other is."""
        write(spec.root, "test_orders.py", ORDERS)
        order = "shares>types>saves>types>saves>types>saves"
        case = f"test_orders.py::test_orders[order={order}]"

        events = drive_all(replace(spec, rows={case: {"order": order}}), run, case)

        (began,) = [e for e in events if isinstance(e, ev.TrialBegan)]
        assert (case, {"order": order}) == (began.case, began.levels)
        done = [e.what for e in events if isinstance(e, ev.Happened)]
        assert order.split(">") == done

    def test_the_applications_own_options_select_nothing(
        self, spec: Spec, run: Folder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Options in the application's pytest.ini or the environment do not thin the promise."""
        write(spec.root, "test_two.py", TWO)
        (spec.root / "pytest.ini").write_text("[pytest]\naddopts = -k nothing\n", encoding="ascii")
        monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")

        assert 4 == len(collect(spec, run).cases)

    def test_what_pytest_leaves_out_is_told(self, spec: Spec, run: Folder) -> None:
        """A file skipped as a whole, and what hooks deselect or drop, was there to be driven."""
        write(spec.root, "test_two.py", TWO)
        write(spec.root, "test_fax.py", "import pytest\npytest.importorskip('no_fax_here')\n")
        write(
            spec.root,
            "conftest.py",
            """
            def pytest_collection_modifyitems(config, items):
                items[:] = [item for item in items if "test_open" not in item.name]
            """,
        )

        found = collect(spec, run)

        assert 3 == len(found.cases)
        assert {"test_fax.py", OPEN} == {name.split("scenarios/")[-1] for name in found.left_out}
        assert "deselected by the application's own pytest configuration" in found.left_out[OPEN]
        assert any("no_fax_here" in reason for reason in found.left_out.values())

    def test_readers_are_promised(self, spec: Spec, run: Folder) -> None:
        """Who looks at which form is known before anything is driven."""
        write(spec.root, "test_two.py", TWO)
        write(
            spec.root,
            "conftest.py",
            """
            from harness.plugin import reader

            @reader("note")
            def colleague(key):
                return None
            """,
        )

        assert {"note": ("colleague",)} == collect(spec, run).readers

    def test_a_file_that_cannot_be_imported_is_named(self, spec: Spec, run: Folder) -> None:
        """An import that fails is the author's to mend: the error names file and reason."""
        write(spec.root, "test_two.py", TWO)
        write(spec.root, "test_wrong.py", "import nowhere_to_be_found\n")

        with pytest.raises(ScenarioError, match=r"test_wrong\.py: .*nowhere_to_be_found"):
            collect(spec, run)

    def test_factors_that_allow_no_row_are_named(self, spec: Spec, run: Folder) -> None:
        """Impossible constraints are found at collection."""
        write(
            spec.root,
            "test_wrong.py",
            """
            from harness.plugin import factors

            @factors(shares=[0, 1], where=lambda c: c.shares > 1)
            def test_share(case):
                pass
            """,
        )

        with pytest.raises(ScenarioError, match=r"test_wrong\.py: .*no row of shares"):
            collect(spec, run)

    def test_a_factor_of_one_level_is_named(self, spec: Spec, run: Folder) -> None:
        """What never varies is found at collection, before anything is deployed."""
        write(
            spec.root,
            "test_wrong.py",
            """
            from harness.plugin import factors

            @factors(shares=[1])
            def test_share(case):
                pass
            """,
        )

        with pytest.raises(ScenarioError, match=r"test_wrong\.py: .*'shares' has one level"):
            collect(spec, run)

    def test_factors_that_nobody_asks_for_are_named(self, spec: Spec, run: Folder) -> None:
        """A scenario whose factors change nothing would promise what it does not measure."""
        write(
            spec.root,
            "test_wrong.py",
            """
            from harness.plugin import factors

            @factors(shares=[0, 1])
            def test_share():
                pass
            """,
        )

        with pytest.raises(ScenarioError, match="take the argument `case`"):
            collect(spec, run)

    def test_a_conftest_that_fails_is_shown(self, spec: Spec, run: Folder) -> None:
        """A conftest.py that cannot be imported is a wrong call, shown as pytest says it."""
        write(spec.root, "conftest.py", "raise RuntimeError('not today')\n")
        write(spec.root, "test_two.py", TWO)

        with pytest.raises(UsageError, match="not today"):
            collect(spec, run)

    def test_no_scenario_is_an_error(self, spec: Spec, run: Folder) -> None:
        """A folder without scenarios promises nothing, and that is no promise."""
        write(spec.root, "test_empty.py", "")

        with pytest.raises(ScenarioError, match="no scenario was collected"):
            collect(spec, run)

    def test_no_folder_is_an_error(self, spec: Spec, run: Folder) -> None:
        """A folder that is not there is named."""
        with pytest.raises(ScenarioError, match="there are no scenarios in"):
            collect(replace(spec, scenarios=spec.root / "nowhere"), run)


class TestDrive:
    """What a round does, and how it may end."""

    def test_only_the_rounds_cases_are_driven(self, spec: Spec, run: Folder) -> None:
        """A round drives the cases it was given, under their numbers, and no other."""
        write(spec.root, "test_two.py", TWO)
        chosen = "test_two.py::test_share[shares=1,moment=before]"
        asked = replace(spec, attempt=2, round="rerun", cases={chosen: 17})

        drive(asked, run, timeout_s_max=60)

        (began,) = [e for e in read_journal(spec.journal) if isinstance(e, ev.TrialBegan)]
        assert (chosen, 17, "rerun") == (began.case, began.number, began.round)
        assert "candidate/17/2" == began.trial
        assert {"shares": "1", "moment": "before"} == began.levels

    def test_progress_is_what_the_journal_gained(self, spec: Spec, run: Folder) -> None:
        """Cases and saves of an earlier round do not count again."""
        write(spec.root, "test_two.py", TWO)
        seen: list[DriveProgress] = []
        cases = {"test_two.py::test_share[shares=1,moment=after]": 0, OPEN: 1}
        for attempt in (1, 2):
            asked = replace(spec, cases=cases, attempt=attempt)
            drive(asked, run, timeout_s_max=60, on_progress=seen.append)

        assert DriveProgress(done_n=2, total_n=2, saves_n=1) == seen[-1]

    def test_a_scenario_that_vanished_is_no_result(self, spec: Spec, run: Folder) -> None:
        """A round of which nothing is collected any more is no result."""
        write(spec.root, "test_two.py", TWO)

        with pytest.raises(DriveFailed, match="ended with 5: no scenario was collected"):
            drive(replace(spec, cases={"test_gone.py::test_x": 0}), run, timeout_s_max=60)

    def test_a_file_that_broke_since_is_no_result(self, spec: Spec, run: Folder) -> None:
        """A file that cannot be imported any more makes the round no result, and says why."""
        write(spec.root, "test_two.py", "raise RuntimeError('edited meanwhile')\n")

        with pytest.raises(DriveFailed, match="edited meanwhile"):
            drive_all(spec, run, OPEN)

    def test_a_round_has_a_limit(self, spec: Spec, run: Folder) -> None:
        """A round that takes too long is ended with all its processes; what was done is kept."""
        write(
            spec.root,
            "test_slow.py",
            """
            import subprocess, time
            def test_quick(journal):
                pass
            def test_slow(journal):
                subprocess.Popen(["sleep", "47.11"], start_new_session=True)
                time.sleep(60)
            """,
        )
        began_s = time.monotonic()
        cases = ("test_slow.py::test_quick", "test_slow.py::test_slow")

        with pytest.raises(DriveFailed, match="took longer than 12 s"):
            drive_all(spec, run, *cases, timeout_s_max=12)

        assert time.monotonic() - began_s < 40
        assert 1 == sum(isinstance(e, ev.TrialEnded) for e in read_journal(spec.journal))
        left = [
            p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "47.11"]
        ]
        assert [] == left

    def test_an_interrupt_ends_everything(self, spec: Spec, run: Folder) -> None:
        """Ctrl-C ends the child at once and goes on."""
        write(
            spec.root, "test_slow.py", "import time\ndef test_slow(journal):\n    time.sleep(60)\n"
        )

        def interrupt(_: DriveProgress) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            drive(
                replace(spec, cases={"test_slow.py::test_slow": 0}),
                run,
                timeout_s_max=60,
                on_progress=interrupt,
            )

        mine = psutil.Process(os.getpid()).children(recursive=True)
        left = [child for child in mine if not is_gone(child)]
        assert [] == [child for child in left if "--harness-spec" in child.cmdline()]

    def test_a_trial_has_a_limit(self, spec: Spec, run: Folder) -> None:
        """A trial that hangs is given up, with its stack as evidence; the others are driven."""
        write(
            spec.root,
            "test_hang.py",
            """
            import time
            def test_hang(journal):
                time.sleep(60)
            def test_after(journal):
                pass
            """,
        )
        cases = ("test_hang.py::test_hang", "test_hang.py::test_after")

        events = drive_all(replace(spec, case_timeout_s_max=1.0), run, *cases)

        ended = {e.trial: e for e in events if isinstance(e, ev.TrialEnded)}
        assert "completed" == ended["candidate/1/1"].outcome
        hung = ended["candidate/0/1"]
        assert ("broken", "it took longer than 1 s, and was given up") == (
            hung.outcome,
            hung.message,
        )
        assert "test_hang" in (run.path / hung.evidence[0]).read_text(encoding="utf-8")

    def test_a_worker_that_dies_leaves_its_case_owed(self, spec: Spec, run: Folder) -> None:
        """A case whose process died began and never ended; the others are driven."""
        write(
            spec.root,
            "test_die.py",
            """
            import os
            def test_die(journal):
                os._exit(9)
            def test_after(journal):
                pass
            """,
        )

        events = drive_all(spec, run, "test_die.py::test_die", "test_die.py::test_after")

        began = {e.trial for e in events if isinstance(e, ev.TrialBegan)}
        ended = {e.trial for e in events if isinstance(e, ev.TrialEnded)}
        assert {"candidate/0/1"} == began - ended
        assert {"candidate/1/1"} == ended

    def test_pytest_failing_inside_is_no_result(self, spec: Spec, run: Folder) -> None:
        """An error inside pytest is named from the table of exit codes."""
        write(spec.root, "conftest.py", "def pytest_sessionstart():\n    raise OSError('x')\n")
        write(spec.root, "test_two.py", TWO)

        with pytest.raises(DriveFailed, match="ended with 3: pytest failed inside"):
            drive_all(spec, run, OPEN)

    def test_a_round_without_cases_is_an_error(self, spec: Spec, run: Folder) -> None:
        """A round that drives nothing cannot say anything."""
        with pytest.raises(ScenarioError, match="was given no case"):
            drive(spec, run, timeout_s_max=60)


def test_every_exit_code_of_pytest_is_in_the_table() -> None:
    """No exit code of this pytest is missing in the table."""
    assert {int(code) for code in pytest.ExitCode} <= set(EXIT_CODES)


def test_workers_are_bounded() -> None:
    """There are at most four workers unless somebody says otherwise, and few for few cases."""
    assert 1 == default_workers(1) == default_workers(11)
    assert 2 == default_workers(12)
    assert 2 <= default_workers(1000) <= 4


def test_a_spec_survives_its_file(spec: Spec, tmp_path: Path) -> None:
    """What the child reads is what was asked for."""
    whole = replace(spec, cases={"a": 1}, cases_out=tmp_path / "out", trace=True)
    write_spec(tmp_path / "spec.json", whole)

    assert whole == read_spec(tmp_path / "spec.json")


def test_a_spec_of_another_kind_is_unreadable(tmp_path: Path) -> None:
    """A file that is no spec is refused with its name."""
    (tmp_path / "spec.json").write_text('{"schema": "other"}', encoding="ascii")

    with pytest.raises(RecordUnreadable, match=r"spec\.json cannot be read"):
        read_spec(tmp_path / "spec.json")


class TestProbes:
    """Rows that nobody promised."""

    def test_a_probe_runs_the_nearest_row(self, spec: Spec, run: Folder) -> None:
        """A probe runs as its own trial, with the levels that it really has and its name."""
        write(spec.root, "test_two.py", TWO)
        scenario = "test_two.py::test_share"
        probes = (
            Probe(7, scenario, "1/with", {"shares": "0"}, wanted={"moment": ("before",)}),
            Probe(8, scenario, "1/with", {"shares": "1"}, wanted={"moment": ("before",)}),
            Probe(9, OPEN, "2/again"),
            Probe(10, OPEN, "2/again"),
        )
        asked = replace(spec, round="trigger", probes=probes)
        drive(asked, run, workers=2, timeout_s_max=60)

        began = {e.trial: e for e in read_journal(spec.journal) if isinstance(e, ev.TrialBegan)}
        assert {f"candidate/{number}/1" for number in (7, 8, 9, 10)} == set(began)
        for number in (7, 8):
            assert {"shares": "1", "moment": "before"} == began[f"candidate/{number}/1"].levels
            assert "1/with" == began[f"candidate/{number}/1"].probe
        assert "2/again" == began["candidate/9/1"].probe

    def test_a_probe_without_a_row_is_left_out(self, spec: Spec, run: Folder) -> None:
        """What no row is there for does not run, and where nothing is left the round is empty."""
        write(spec.root, "test_two.py", TWO)
        scenario = "test_two.py::test_share"
        impossible = {"shares": ("0",), "moment": ("before",)}
        probe = Probe(7, scenario, "1/with", wanted=impossible)
        result = drive(replace(spec, probes=(probe,)), run, workers=1, timeout_s_max=60)

        assert 0 == result.progress.done_n
        assert [] == [e for e in read_journal(spec.journal) if isinstance(e, ev.TrialBegan)]
