"""Gates as child processes: what comes of them, what is kept, and that nothing is left."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from harness.catalogue.entries import Entry
from harness.catalogue.results import Result, done_before, fingerprint, keep, open_record
from harness.catalogue.running import Gating, gate_all
from harness.errors import UsageError
from harness.verdict import Answer
from tests.catalogue.saying import expectation, finding, verdict
from tests.plan.writing import load

LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Pretended(Gating):
    """Gates that are a line of Python each, by release."""

    codes: dict[str, str] = field(default_factory=dict)

    def command(self, entry: Entry, folder: Path) -> list[str]:
        return [sys.executable, "-c", self.codes[entry.name]]


def says(said: object, code: int) -> str:
    return f"print({json.dumps(said)!r}); raise SystemExit({code})"


BLOCKS = says(verdict("block", finding()), 1)
SLEEPS = "import time; time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"


def entry(folder: Path, name: str) -> Entry:
    own = folder / "releases" / name
    own.mkdir(parents=True, exist_ok=True)
    return Entry(name, own, expectation(), "1.0")


def pretended(jobs_n: int = 1, limit_s: float = LIMIT_S, **codes: str) -> Pretended:
    return Pretended(Path("harness.toml"), None, jobs_n, limit_s, os.environ, codes=codes)


def gated(folder: Path, gating: Pretended) -> dict[str, Result]:
    entries = [entry(folder, name) for name in gating.codes]
    found = gate_all(entries, gating, folder / "run", lambda _: None)
    return {result.name: result for result in found}


def test_what_a_gate_prints_is_compared(tmp_path: Path) -> None:
    """The verdict on its standard output is what the release is judged by."""
    found = gated(tmp_path, pretended(a=BLOCKS, b=says(verdict("pass"), 0)))

    assert found["a"].comparison.right
    assert (found["b"].comparison.said, found["b"].comparison.right) == (Answer.PASS, False)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (says(verdict("block", finding()), 70), "it ended with 70"),
        ("import sys; sys.stderr.write('no plan'); sys.exit(2)", "it ended with 2: no plan"),
        ("raise SystemExit(1)", "what it said cannot be read"),
        (says({"verdict": "perhaps"}, 0), "what it said cannot be read"),
        (says([], 0), "what it said cannot be read"),
    ],
    ids=["a crash", "usage", "nothing", "another word", "no verdict"],
)
def test_a_gate_without_a_verdict(tmp_path: Path, code: str, why: str) -> None:
    """Whatever a gate says that is no verdict, it is no answer, and it is said why."""
    found = gated(tmp_path, pretended(a=code))["a"].comparison

    assert (found.said, found.right) == (None, False)
    assert why in found.why


def test_a_gate_that_takes_too_long(tmp_path: Path) -> None:
    """Past its limit a gate is ended, the others go on."""
    found = gated(tmp_path, pretended(2, 3.0, a=SLEEPS, b=BLOCKS))

    assert "took longer than 3 s and was ended" in found["a"].comparison.why
    assert found["b"].comparison.right


def test_as_many_side_by_side_as_asked(tmp_path: Path) -> None:
    """Never more gates at once than jobs, and as many as that where there are enough."""
    seen: list[Sequence[str]] = []
    gating = pretended(2, a=BLOCKS, b=BLOCKS, c=BLOCKS)
    entries = [entry(tmp_path, name) for name in gating.codes]

    results = list(gate_all(entries, gating, tmp_path / "run", seen.append))

    assert len(results) == 3
    assert max(len(names) for names in seen) == 2


def test_whoever_stops_waiting_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends every gate that is under way, also one that does not listen."""
    monkeypatch.setattr("harness.catalogue.running.STOP_S_MAX", 1.0)
    gating = pretended(2, a=SLEEPS, b=DEAF)
    entries = [entry(tmp_path, name) for name in gating.codes]
    began_s = time.monotonic()

    def interrupt(_names: Sequence[str]) -> None:
        if time.monotonic() - began_s > 1.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(gate_all(entries, gating, tmp_path / "run", interrupt))

    assert [child for child in psutil.Process().children() if child.status() != "zombie"] == []


def test_a_summary_is_not_each_gates(tmp_path: Path) -> None:
    """A gate of the catalogue does not write into the job's summary."""
    code = "import os; print([k for k in os.environ if k.startswith('GITHUB_')]); exit(1)"
    gating = Pretended(
        Path("p"), None, 1, LIMIT_S, {**os.environ, "GITHUB_ACTIONS": "true"}, codes={"a": code}
    )
    gated(tmp_path, gating)

    assert (tmp_path / "run" / "a" / "said.json").read_text(encoding="utf-8") == "[]\n"


def test_the_call_of_a_gate(tmp_path: Path) -> None:
    """Everything that a release says of how it is gated stands in the call."""
    told = expectation(scenarios=["a*", "b*"], profile="release", plan="p.toml", stages=["load"])
    one = Entry("2.0", tmp_path, told, "1.0")
    words = Gating(Path("harness.toml"), "process", 1, 1.0, {}).command(one, Path("runs/2.0"))

    assert " ".join(words[4:]) == (
        "gate 2.0 --json --plan harness.toml --baseline 1.0 --profile release --runs runs/2.0 "
        f"--stages load --deployer process --merge {tmp_path / 'p.toml'} --only a* --only b*"
    )


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    """A kept result is found again for the same bytes, and for no others."""
    plan = load(tmp_path)
    result = gated(tmp_path, pretended(a=BLOCKS))["a"]
    before = fingerprint(result.entry, plan, b"shared", None)
    keep(result, before)

    found = done_before(result.entry, result.folder, before)
    assert found is not None
    assert (found.comparison, found.again) == (result.comparison, True)

    (result.entry.folder / "page.js").write_text("another", encoding="utf-8")
    others = [
        fingerprint(result.entry, plan, b"shared", None),
        fingerprint(result.entry, plan, b"shared", "docker"),
        fingerprint(result.entry, plan, b"other scenarios", None),
        fingerprint(result.entry, load(tmp_path, "[limits]\nsave_p95_ms_max = 9\n"), b"shared"),
    ]
    assert [done_before(result.entry, result.folder, other) for other in others] == [None] * 4
    assert len({before, *others}) == 5


def test_what_got_no_verdict_is_done_again(tmp_path: Path) -> None:
    """A gate that crashed or was interrupted is not done."""
    result = gated(tmp_path, pretended(a="raise SystemExit(70)"))["a"]
    keep(result, "same")

    assert done_before(result.entry, result.folder, "same") is None


def test_the_newest_record_is_taken_up(tmp_path: Path) -> None:
    """With resume it is the newest folder, by one harness at a time; without any it says so."""
    with (
        pytest.raises(UsageError, match="there is no catalogue run"),
        open_record(tmp_path, resume=True),
    ):
        pass
    with (
        open_record(tmp_path, resume=False) as first,
        pytest.raises(UsageError, match="another harness is at work"),
        open_record(tmp_path, resume=True),
    ):
        pass
    with open_record(tmp_path, resume=True) as again:
        assert again == first
