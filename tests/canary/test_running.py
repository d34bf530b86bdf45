"""The canary that runs for ever: whatever becomes of a child, it goes on and says so."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.canary import keeping, running
from harness.canary.asked import Asked
from harness.canary.book import Book
from harness.canary.metrics import Metrics, Result
from harness.canary.running import Canary, Watch
from harness.canary.schedule import Schedule
from harness.canary.signalling import Signaller
from harness.canary.targets import UNKNOWN, Target, named, targets_of, trouble_of
from harness.canary.telling import probe_to_json
from harness.deploy.health import Answer
from harness.drive.child import Child
from harness.errors import HarnessError, UsageError
from harness.model import Anomaly
from harness.plan import Plan
from harness.plan.schema import SignalTable
from tests.canary.test_book import FORMS, probe, scraped, told
from tests.plan.writing import load
from tests.processes import runs

CANARIES = """
[canaries]
probes = "probes"
interval_s = 1
timeout_s_max = 1

[[canaries.target]]
name = "production"
url = "http://127.0.0.1:9"
storage = { main = "postgresql://reader@db/notes" }
"""
DAY_S = 86_400
INTERVAL_S = 30


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan of which nobody else on this host holds the identity."""
    monkeypatch.setattr(keeping, "lease_base", lambda: tmp_path)
    (tmp_path / "probes").mkdir()
    return load(tmp_path, CANARIES)


class Wrong(Watch):
    """A target whose child is a line of Python."""

    code = ""

    def _child(self, *words: str) -> Child:
        log = self.canary.asked.runs / "child.log"
        return Child(
            runner="the probe", what="the probe of a test",
            command=[sys.executable, "-c", self.code], cwd=Path.cwd(), env={}, log=log,
            exit_codes=running.EXIT_CODES,
        )  # fmt: skip


def watching(plan: Plan, folder: Path, code: str, signaller: Signaller | None = None) -> Wrong:
    book = Book(Metrics(), 1.0, 3.0)
    book.register("notes", FORMS, 0.0)
    said: list[str] = []
    canary = Canary(plan, Asked(plan.path, folder), book, said.append, signaller)
    one = Wrong(canary, targets_of(plan)[0])
    one.code = code
    return one


def told_line(moment: str, *of: object) -> str:
    whole = probe(*of)  # type: ignore[arg-type]
    whole.told = {"notes": whole.told["app"]}
    return json.dumps({"moment": moment, **probe_to_json(whole)})


def counted(one: Wrong) -> dict[str, float]:
    """Probes of the form note, by result."""
    return {
        str(result): sum(
            scraped(one.canary.book, "probes_total", 'form="note"', f'result="{result}"')
        )
        for result in Result
    }


def results(**given: int) -> dict[str, float]:
    return {str(result): float(given.get(str(result), 0)) for result in Result}


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.exit(70)",
        "import os; os.abort()",
        "raise MemoryError",
        "print('no JSON at all')",
        "pass",
        'import sys; print(\'{"moment": "judged", "schema": "other"}\'); sys.exit(2)',
    ],
)
def test_a_child_that_tells_nothing_is_an_error(plan: Plan, tmp_path: Path, code: str) -> None:
    """A crash, a signal, garbage or silence: every form has measured nothing."""
    one = watching(plan, tmp_path, code)
    one._probe()

    assert results(error=1) == counted(one)


def test_a_child_that_hangs_is_ended_with_all_it_started(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs its limit and no more, and nothing of it is left."""
    monkeypatch.setattr(running, "SPARE_S", 1.0)
    begun = tmp_path / "pid"
    code = (
        "import pathlib, subprocess, sys, time\n"
        "one = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(begun)!r}).write_text(str(one.pid))\n"
        "time.sleep(600)"
    )
    one = watching(plan, tmp_path, code)
    one._probe()

    assert results(timeout=1) == counted(one)
    assert not runs(int(begun.read_text()))


def test_what_a_child_tells_is_counted_once(plan: Plan, tmp_path: Path) -> None:
    """A probe that is judged, and then cleaned, is one probe."""
    lines = [told_line(moment, told(Result.PASS)) for moment in ("judged", "cleaned")]
    one = watching(plan, tmp_path, f"print({lines[0]!r}); print({lines[1]!r})")
    one._probe()

    assert results(**{"pass": 1}) == counted(one)
    assert [4.0] == scraped(one.canary.book, "records_written_total")


def test_a_loss_is_known_before_the_records_are_removed(plan: Plan, tmp_path: Path) -> None:
    """Cleaning may take its time: nobody waits for it to be told of a loss."""
    line = told_line("judged", told(Result.LOSS, "1.2", body=Anomaly.LOST))
    one = watching(plan, tmp_path, f"import time; print({line!r}, flush=True); time.sleep(600)")
    thread = threading.Thread(target=one.work)
    thread.start()
    end_s = time.monotonic() + 20
    while not sum(scraped(one.canary.book, "fields_bad_total")) and time.monotonic() < end_s:
        time.sleep(0.05)
    seen = sum(scraped(one.canary.book, "fields_bad_total"))
    one.canary.stop.set()
    thread.join(20)

    assert 1.0 == seen
    assert not thread.is_alive()


def test_a_loss_is_told_once_and_one_of_both_releases_never(plan: Plan, tmp_path: Path) -> None:
    """A pre-existing loss is a loss, and no reason to roll this release back."""
    told_of: list[str] = []

    class Counting(Signaller):
        def _deliver(self, loss: object, *_: object) -> None:
            told_of.append(loss.release)  # type: ignore[attr-defined]

    table = SignalTable.model_validate({"command": ["true"]})
    both = told(Result.LOSS, "1.1", body=Anomaly.LOST)
    both.preexisting = True
    lines = [
        told_line("judged", told(Result.LOSS, "1.2", body=Anomaly.LOST)),
        told_line("judged", told(Result.LOSS, "1.2", title=Anomaly.LOST)),
        told_line("judged", both),
    ]
    code = "\n".join(f"print({line!r})" for line in lines)
    signaller = Counting(table, tmp_path)
    one = watching(plan, tmp_path, code, signaller)
    one._probe()
    signaller.wait(10)

    assert ["1.2"] == told_of


def test_what_was_planted_counts_where_it_is_not_whole(plan: Plan, tmp_path: Path) -> None:
    """Planted records that stand whole are no probe; one that changed is bad."""
    lines = [
        told_line("checked", told(Result.PASS, "1.2")),
        told_line("checked", told(Result.LOSS, "1.2", body=Anomaly.COLLATERAL)),
    ]
    one = watching(plan, tmp_path, "\n".join(f"print({line!r})" for line in lines))
    one._probe()

    assert results(loss=1) == counted(one)
    bad = scraped(one.canary.book, "fields_bad_total", 'anomaly="collateral"', 'field="body"')
    assert [1.0] == bad


def test_a_defect_of_the_harness_costs_one_probe(plan: Plan, tmp_path: Path) -> None:
    """What a child tells of an application that nobody knows is told, and the next probe comes."""
    line = told_line("judged", told(Result.PASS)).replace('"notes"', '"nobody"')
    one = watching(plan, tmp_path, f"print({line!r})")
    thread = threading.Thread(target=one.work)
    thread.start()
    end_s = time.monotonic() + 20
    while counted(one)["error"] < 2 and time.monotonic() < end_s:
        time.sleep(0.05)
    alive = thread.is_alive()
    one.canary.stop.set()
    thread.join(20)

    assert alive
    assert 2 <= counted(one)["error"]


def test_a_thread_that_ends_ends_the_canary(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is left probing while health says that all is well."""

    def dying(_: Watch) -> None:
        raise SystemError("of the interpreter")

    monkeypatch.setattr(Watch, "work", dying)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr(running, "read_plan", lambda *_: plan)
    monkeypatch.setattr(running, "_register", lambda book, _, side: book.register(side.app, {}, 0))
    monkeypatch.setattr(running, "LOOK_S", 0.01)

    with pytest.raises(HarnessError, match="what probes production has ended"):
        running.run(Asked(plan.path, tmp_path), {}, ("127.0.0.1", 0), lambda _: None)


class Planted(Wrong):
    """A target whose probe passes on a release, and whose check ends as it is told."""

    checks: list[Result]
    checked_n = 0

    def _child(self, *words: str) -> Child:
        if words[0] == "check":
            self.checked_n += 1
            result = self.checks.pop(0)
            changed = {"body": Anomaly.COLLATERAL} if result is Result.LOSS else {}
            self.code = f"print({told_line('checked', told(result, '1.2', **changed))!r})"
        else:
            self.code = f"print({told_line('judged', told(Result.PASS, '1.2'))!r})"
        return super()._child(*words)


def planted(plan: Plan, folder: Path, monkeypatch: pytest.MonkeyPatch, *checks: Result) -> Planted:
    monkeypatch.setattr(running, "planted_at", lambda *_: [folder])
    one = Planted(watching(plan, folder, "").canary, targets_of(plan)[0])
    one.checks = list(checks)
    return one


def test_a_release_that_only_a_save_has_named_is_checked(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Health did not answer yet: what was planted is compared all the same, and once."""
    one = planted(plan, tmp_path, monkeypatch, Result.PASS)
    one._probe()
    one._probe()

    assert 1 == one.checked_n


@pytest.mark.parametrize(
    ("first", "error_n", "loss_n"), [(Result.ERROR, 1.0, 0.0), (Result.LOSS, 0.0, 1.0)]
)
def test_a_check_that_did_not_pass_is_counted_and_repeated(
    plan: Plan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    first: Result,
    error_n: float,
    loss_n: float,
) -> None:
    """One that could not compare is owed still; damage stands until a check finds none."""
    one = planted(plan, tmp_path, monkeypatch, first, Result.PASS)
    for _ in range(3):
        one._probe()

    assert (2, error_n, loss_n) == (one.checked_n, counted(one)["error"], counted(one)["loss"])


def test_a_release_that_nobody_names_is_probed_as_any(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its loss counts and is told under the one name it has, and it is none to go back to."""
    told_of: list[tuple[str, str | None]] = []

    class Telling(Signaller):
        def _deliver(self, loss: object, *_: object) -> None:
            told_of.append((loss.release, loss.last_good_release))  # type: ignore[attr-defined]

    monkeypatch.setattr(running, "ask", lambda *_: Answer(200))
    lines = [
        told_line("judged", told(Result.PASS, UNKNOWN)),
        told_line("judged", told(Result.LOSS, UNKNOWN, body=Anomaly.LOST)),
        told_line("judged", told(Result.LOSS, "1.3", body=Anomaly.LOST)),
    ]
    signaller = Telling(SignalTable.model_validate({"command": ["true"]}), tmp_path)
    one = watching(plan, tmp_path, "\n".join(f"print({line!r})" for line in lines), signaller)
    one._probe()
    signaller.wait(10)

    assert results(**{"pass": 1}, loss=2) == counted(one)
    assert 2.0 == sum(scraped(one.canary.book, "fields_bad_total"))
    assert [(UNKNOWN, None), ("1.3", None)] == told_of


def test_a_release_with_a_new_name_each_time_hurries_nobody(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first new name is probed at once; the next ones wait for their interval."""
    names = iter(range(1_000))
    monkeypatch.setattr(running, "ask", lambda *_: Answer(200, f"build-{next(names)}"))
    monkeypatch.setattr(running, "WATCH_S", 0.01)
    one = watching(plan, tmp_path, "")
    one.schedule.due_s = time.monotonic() + 60
    one._await_turn()
    hurried_s = one.schedule.wait_s(time.monotonic())
    one.schedule.due_s = time.monotonic() + 0.3
    began_s = time.monotonic()
    one._await_turn()

    assert 0 == hurried_s
    assert 0.3 <= time.monotonic() - began_s + 0.01


def test_a_day_of_good_probes_pages_nobody() -> None:
    """Jitter, slow probes and a deploy: never stale, never bad, never an error."""
    chance = random.Random(3)
    schedule = Schedule(INTERVAL_S, 0.1, 0.0, chance)
    book = Book(Metrics(), INTERVAL_S, 3.0)
    book.register("app", FORMS, 0.0)
    now_s, ended_s, longest_s, probes_n = 0.0, 0.0, 0.0, 0
    while now_s < DAY_S:
        now_s += schedule.wait_s(now_s) + chance.uniform(4, 24)
        release = "1.1" if now_s > DAY_S / 2 else "1.0"
        both = [told(Result.PASS, release, form) for form in FORMS]
        book.judged(probe(*both, at_s=now_s), now_s)
        probes_n += 1
        longest_s, ended_s = max(longest_s, now_s - ended_s), now_s
        schedule.ended(now_s)

    assert longest_s < 3 * INTERVAL_S
    assert 0.0 == sum(scraped(book, "fields_bad_total") + scraped(book, "last_probe_fields_bad"))
    passed = sum(scraped(book, "probes_total", 'form="note"', 'result="pass"'))
    assert DAY_S / INTERVAL_S == pytest.approx(probes_n, rel=0.01)
    assert (probes_n, probes_n * len(FORMS)) == (passed, sum(scraped(book, "probes_total")))


# --- targets -----------------------------------------------------------------------------------


def test_a_target_that_leads_to_a_sign_in_is_told(plan: Plan) -> None:
    """A redirect of health is no health, and its sentence says what it may be."""
    (target,) = targets_of(plan)

    assert "is a sign-in before it?" in trouble_of(plan, target, Answer(302))
    assert "HTTP 503" in trouble_of(plan, target, Answer(503))
    assert "" == trouble_of(plan, target, Answer(200, "1.0"))


def test_one_target_is_the_application_and_several_have_names(tmp_path: Path) -> None:
    """What metrics call it; one that another is compared with is probed beside it alone."""
    (tmp_path / "probes").mkdir()
    second = CANARIES[CANARIES.index("[[") :].replace("production", "fresh")
    both = load(tmp_path, f'{CANARIES}{second}stable = "production"\n')

    (target,) = targets_of(both)
    assert ("notes/fresh", "notes/production") == (target.app, target.stable and target.stable.app)
    assert ["notes"] == [one.app for one in targets_of(load(tmp_path, CANARIES))]


def test_a_target_keeps_its_password_to_itself() -> None:
    """What is printed of a target holds no address of its storages."""
    target = Target("a", "a", "http://me:hidden@a:1/b", {"main": "postgresql://u:secret@h/d"})

    assert "secret" not in repr(target)
    assert "http://a:1/b" == target.address


def test_a_plan_without_targets_says_what_is_missing(tmp_path: Path, plan: Plan) -> None:
    """And a target that is not there is named with the nearest that is."""
    with pytest.raises(UsageError, match="says nothing of a canary"):
        targets_of(load(tmp_path))
    with pytest.raises(UsageError, match="production"):
        targets_of(plan, ["prodction"])


@pytest.mark.parametrize(
    ("release", "name"),
    [("1.2", "1.2"), (" 1.2\n", "1.2"), ("\x1b[2J", "[2J"), ("", None), ("\n", None), (None, None)],
)
def test_a_release_is_named_in_one_short_line(release: str | None, name: str | None) -> None:
    """Whatever an address answers, a label holds."""
    assert name == named(release)
