"""A load within a gate, whole: real Locust, real PostgreSQL, an application that is not ours."""

import json
from pathlib import Path

import pytest

from tests.notebook.gating import Called, changed, gate, harness

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

# Few enough for a machine that has another gate to drive as well.
RATE, HOLD_S = 20, 4
LOAD = f"""[load]
file = "load.py"
peak_saves_per_s = {RATE}
users = 10

[profile.commit]
load_s = {HOLD_S}
load_share = 1
"""
FAULTS = ("--only", "test_write", "--stages", "load-faults")
ONE = '''
from harness.plugin import exact


def test_write(page, journal):
    """One note, written with everything in it and saved."""
    note = journal.record("note")
    page.goto("/new")
    with note.save(
        title="plain",
        summary="plain",
        body="plain",
        lines=["plain", "quotes"],
        effort=exact("12.25"),
        due=exact("2024-02-29"),
        kind=exact("task"),
        pinned=exact("true"),
        attachment=2048,
    ) as save:
        for name in save.names:
            save.enter(name, page.get_by_label(name.capitalize()))
        page.get_by_role("button", name="Save").click()
        save.acknowledged(page.get_by_role("status"))
    note.key = page.url.partition("?")[0].rpartition("/")[2]
'''


def loaded(folder: Path, *changes: tuple[str, str]) -> Path:
    """A copy of the notebook with one scenario, and a load."""
    return changed(folder, ("[profile.commit]\n", LOAD), *changes, scenarios=ONE)


def reasons(called: Called) -> str:
    """Why the verdict is what it is."""
    return "\n".join(called.verdict["reasons"])


def test_a_load_that_was_kept_passes(tmp_path: Path) -> None:
    """Every acknowledged save of a load is found, and an old run is judged the same offline."""
    called = gate("good", plan=loaded(tmp_path), runs=tmp_path / "runs")

    assert called.code == 0, called.out + called.err
    load = called.verdict["evidence"]["load"]
    assert load["saves_acknowledged"] == load["saves_verified"] >= RATE * HOLD_S
    assert load["reached_saves_per_s"] >= 0.95 * RATE
    assert f"load {RATE} saves/s" in called.out
    assert "all found in storage; p95" in called.out
    assert called.run is not None
    again = harness("judge", called.run, "--json")
    assert (again.code, json.loads(again.out)) == (0, called.verdict)
    assert called.left() == []


def test_a_loss_that_only_many_saves_show_is_blocked(tmp_path: Path) -> None:
    """Every twentieth summary is lost once there are many: fields, count and time are right."""
    called = gate("forgets", plan=loaded(tmp_path), runs=tmp_path / "runs")

    assert called.code == 1, called.out + called.err
    assert called.findings() == {"lost": (["summary"], "server")}
    (finding,) = (f for f in called.verdict["findings"] if f["severity"] == "block")
    load = called.verdict["evidence"]["load"]
    assert abs(finding["saves_n"] - load["saves_acknowledged"] / 20) <= 1
    assert load["saves_verified"] == load["saves_acknowledged"] - finding["saves_n"]
    assert f"under load of {RATE} saves/s: {finding['saves_n']} of" in reasons(called)
    assert called.run is not None
    again = harness("judge", called.run, "--json")
    assert (again.code, json.loads(again.out)) == (1, called.verdict)


def test_a_release_that_keeps_what_it_told_passes_under_faults(tmp_path: Path) -> None:
    """Killed, ended, cut off, delayed and paused at its peak, it holds all it acknowledged."""
    called = gate("good", *FAULTS, plan=loaded(tmp_path), runs=tmp_path / "runs")

    assert called.code == 0, called.out + called.err
    load = called.verdict["evidence"]["load_faults"]
    assert load["faults"] == 6
    assert load["saves_acknowledged"] == load["saves_verified"] > RATE * HOLD_S
    assert load["saves_unknown"] > 0
    (promised,) = (s for s in called.verdict["stages"] if s["name"] == "load-faults")
    assert (promised["promised"], promised["measured"]) == (1, 1)
    assert "load with 6 faults: " in called.out
    assert called.run is not None
    again = harness("judge", called.run, "--json")
    assert (again.code, json.loads(again.out)) == (0, called.verdict)
    assert called.left() == []


def test_what_was_told_stored_too_early_is_lost_by_a_fault(tmp_path: Path) -> None:
    """A release that writes a moment later keeps all under load, and loses it in a crash."""
    called = gate("postpones", *FAULTS, plan=loaded(tmp_path), runs=tmp_path / "runs")

    assert called.code == 1, called.out + called.err
    (finding,) = (f for f in called.verdict["findings"] if f["severity"] == "block")
    assert (finding["check"], finding["anomaly"]) == ("load-faults", "lost")
    assert finding["fields"] == ["summary"]
    assert "at 'app killed'" in finding["trigger"]["text"]
    assert finding["trigger"]["conditions"] == {}, "each fault came once"
    plain = harness(
        "load", "postpones", "--profile", "commit", "--plan", loaded(tmp_path / "plain"),
        "--runs", tmp_path / "runs",
    )  # fmt: skip
    assert plain.code == 0, plain.out + plain.err


@pytest.mark.slow
def test_a_fault_that_loses_each_time_is_named(tmp_path: Path) -> None:
    """Each fault comes three times, and those that end the application are named."""
    thrice = ("load_share = 1\n", "load_share = 1\nload_faults = 3\n")
    plan = loaded(tmp_path, thrice)
    called = gate("postpones", *FAULTS, plan=plan, runs=tmp_path / "runs")

    assert called.code == 1, called.out + called.err
    (finding,) = (f for f in called.verdict["findings"] if f["severity"] == "block")
    named = finding["trigger"]["conditions"]["fault"]
    assert {"app killed"} <= set(named) <= {"app killed", "app asked to end", "storage main ended"}


@pytest.mark.slow
def test_what_is_lost_all_the_time_is_no_faults_work(tmp_path: Path) -> None:
    """A release that loses every twentieth summary does so at each fault, and none is named."""
    called = gate("forgets", *FAULTS, plan=loaded(tmp_path), runs=tmp_path / "runs")

    assert called.code == 1, called.out + called.err
    (finding,) = (f for f in called.verdict["findings"] if f["severity"] == "block")
    assert (finding["check"], finding["fields"]) == ("load-faults", ["summary"])
    assert finding["trigger"]["conditions"] == {}


@pytest.mark.slow
@pytest.mark.parametrize(("release", "code"), [("good", 0), ("drags", 1)])
def test_a_release_may_be_so_many_times_as_slow(tmp_path: Path, release: str, code: int) -> None:
    """The baseline is loaded first; beyond the plan's ratio to it the candidate is blocked."""
    limit = ("[profile.commit]\n", "[limits]\nsave_p95_ratio_max = 4\n\n[profile.commit]\n")
    called = gate(
        release, "--baseline", "good", "--only", "test_write", "--stages", "load",
        plan=loaded(tmp_path, ("users = 10", "users = 80"), limit), runs=tmp_path / "runs",
    )  # fmt: skip

    assert called.code == code, called.out + called.err
    load, there = (called.verdict["evidence"][name] for name in ("load", "load_baseline"))
    assert 0 < there["p50_ms"] <= there["p95_ms"] <= there["p99_ms"]
    assert (load["p95_ms"] > 4 * there["p95_ms"]) == bool(code)
    assert ("on good: " in reasons(called)) == bool(code)
    assert called.left() == []


def test_a_load_file_that_does_not_import_proves_nothing(tmp_path: Path) -> None:
    """What Locust cannot load is inconclusive, with its own words."""
    plan = loaded(tmp_path)
    (plan / "load.py").write_text("import nowhere_to_be_found\n")
    called = gate(
        "good", "--only", "test_write", "--stages", "load", plan=plan, runs=tmp_path / "runs"
    )

    assert called.code == 3, called.out + called.err
    assert "nowhere_to_be_found" in reasons(called)
    assert called.left() == []


def test_a_load_that_can_be_none_starts_nothing(tmp_path: Path) -> None:
    """A peak of zero, legs that hold nothing and a file that is no Python are said beforehand."""
    for change, words in (
        ((f"peak_saves_per_s = {RATE}", "peak_saves_per_s = 0"), "load.peak_saves_per_s = 0: has"),
        (("users = 10", "leg = [{ to = 0.5, over_s = 9 }]"), "no leg holds the peak"),
    ):
        called = gate("good", plan=loaded(tmp_path / words[:6], change), runs=tmp_path / "runs")
        assert (called.code, called.run) == (2, None), called.out + called.err
        assert words in called.err
    plan = loaded(tmp_path / "no python")
    (plan / "load.py").write_text("class Writer(:\n")
    called = gate("good", plan=plan, runs=tmp_path / "runs")
    assert (called.code, called.run) == (2, None), called.out + called.err
    assert "is no Python: line 1" in called.err


def test_an_application_that_gives_up_is_blocked(tmp_path: Path) -> None:
    """An application that answers 500 for most at the peak is the limit, and blocked by it."""
    called = gate("gives_up", plan=loaded(tmp_path), runs=tmp_path / "runs")

    assert called.code == 1, called.out + called.err
    assert called.findings() == {}
    assert "the application was the limit" in reasons(called)
    assert "500 POST /new" in reasons(called)


# As long as a spike takes to be seen: three of them, and the calm around each.
SPIKES = (
    (f"load_s = {HOLD_S}", "load_s = 6"),
    ("users = 10", 'users = 10\nshape = "spike"'),
)
# What each save costs whoever makes it; in the calm there is time for it, at the peak there is not.
BURNS = """

def burn():
    end_s = time.perf_counter() + 0.1
    while time.perf_counter() < end_s:
        pass
"""


@pytest.mark.slow
@pytest.mark.parametrize("release", ["drags", "good"])
def test_who_was_the_limit_of_a_spike(tmp_path: Path, release: str) -> None:
    """Both keep up with the calm: a slow application is blocked, and a busy generator proves none.

    Ten users of whom each waits a second for a save make ten a second, and so does a generator
    that works a tenth of a second for each.
    """
    plan = loaded(tmp_path, *SPIKES)
    if release == "good":
        file = plan / "load.py"
        text = file.read_text().replace("        note.key =", "        burn()\n        note.key =")
        file.write_text(f"import time\n{text}{BURNS}")
    called = gate(
        release, "--only", "test_write", "--stages", "load", plan=plan, runs=tmp_path / "runs"
    )

    limit = "the generator was the limit" if release == "good" else "the application was the limit"
    assert called.code == (3 if release == "good" else 1), called.out + called.err
    assert called.findings() == {}
    assert f"of {RATE} saves/s: {limit}" in reasons(called)
    load = called.verdict["evidence"]["load"]
    assert load["saves_acknowledged"] == load["saves_verified"] > 0


def test_a_load_that_journals_nothing_proves_nothing(tmp_path: Path) -> None:
    """A load file that saves without its journal is inconclusive."""
    plan = loaded(tmp_path)
    (plan / "load.py").write_text(
        "from locust import FastHttpUser, task\n\n\n"
        "class Silent(FastHttpUser):\n"
        "    @task\n"
        "    def look(self):\n"
        '        self.client.get("/healthz")\n'
        "        self.environment.runner.quit()\n"
    )
    called = gate("good", plan=plan, runs=tmp_path / "runs")

    assert called.code == 3, called.out + called.err
    assert "journaled no save" in reasons(called)
    assert called.left() == []


def test_only_some_cases_and_no_load(tmp_path: Path) -> None:
    """--only is for mending one case: no load is driven, which is said."""
    called = gate("good", "--only", "test_write", plan=loaded(tmp_path), runs=tmp_path / "runs")

    assert called.code == 0, called.out + called.err
    assert called.verdict["evidence"]["load"] is None
    (stage,) = (s for s in called.verdict["stages"] if s["name"] == "load")
    assert stage["skipped"] == "--only test_write runs some cases, and no load"
    assert any("losses under load" in warning for warning in called.verdict["warnings"])
