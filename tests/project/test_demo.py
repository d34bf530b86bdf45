"""The demonstration is right only if both answers are, and says so otherwise."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tools import demo

LOSS = {
    "anomaly": "lost",
    "form": "consultation",
    "fields": ["reason", "history", "examination", "conclusion"],
    "layer": "page",
    "trigger": {"text": "shares is 1 or more", "conditions": {"shares": ["1", "2"]}},
}
PASS = {"verdict": "pass", "deployer": "docker", "sentence": "Nothing was lost.", "findings": []}
BLOCK = {"verdict": "block", "sentence": "Four fields were lost.", "findings": [LOSS]}

FAKE = """
import json, os, pathlib, sys
assert os.environ["CLINIC_SECRET"]
answer = json.loads(pathlib.Path(__file__).with_name(sys.argv[2] + ".json").read_text())
print(answer["stdout"] if "stdout" in answer else json.dumps(answer["verdict"]))
print("the gate's own words", file=sys.stderr)
sys.exit(answer["exit"])
"""


def run(folder: Path, good: dict[str, Any], bad: dict[str, Any]) -> int:
    """Run the demonstration with a gate that answers as told."""
    (folder / "fake.py").write_text(FAKE, encoding="utf-8")
    (folder / "1.1.0.json").write_text(json.dumps(good), encoding="utf-8")
    (folder / "1.2.0.json").write_text(json.dumps(bad), encoding="utf-8")
    return demo.main([sys.executable, str(folder / "fake.py")])


def test_both_answers_right(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With both answers right it lets the gate speak for itself, once each, and ends well."""
    code = run(tmp_path, {"verdict": PASS, "exit": 0}, {"verdict": BLOCK, "exit": 1})

    out, err = capfd.readouterr()
    assert code == 0
    assert "Releases ran as containers." in out
    assert out.splitlines()[-1].startswith("Both answers are right")
    assert err.count("the gate's own words") == 2


@pytest.mark.parametrize(
    "good",
    [
        {"verdict": PASS, "exit": 3},
        {"verdict": {**PASS, "verdict": "inconclusive"}, "exit": 0},
        {"verdict": {}, "exit": 0},
        {"stdout": "", "exit": 0},
        {"stdout": "[]", "exit": 0},
    ],
)
def test_the_good_release_not_passed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], good: dict[str, Any]
) -> None:
    """Anything but a pass with exit 0 for the good release fails the demonstration."""
    code = run(tmp_path, good, {"verdict": BLOCK, "exit": 1})

    assert code == 1
    assert "The demonstration failed" in capfd.readouterr().err


@pytest.mark.parametrize(
    "finding",
    [
        {**LOSS, "anomaly": "altered"},
        {**LOSS, "layer": "unknown"},
        {**LOSS, "fields": ["reason", "history", "examination"]},
        {**LOSS, "trigger": None},
        {**LOSS, "trigger": {"text": "always", "conditions": {}}},
        {**LOSS, "trigger": {"text": "by shortcut", "conditions": {"save": ["shortcut"]}}},
    ],
)
def test_the_bad_release_blocked_for_another_reason(
    tmp_path: Path, finding: dict[str, Any]
) -> None:
    """A block that does not name the loss and its trigger fails the demonstration."""
    code = run(
        tmp_path,
        {"verdict": PASS, "exit": 0},
        {"verdict": {**BLOCK, "findings": [finding]}, "exit": 1},
    )

    assert code == 1


@pytest.mark.parametrize(
    "bad",
    [{"verdict": PASS, "exit": 0}, {"verdict": BLOCK, "exit": 0}, {"verdict": BLOCK, "exit": 70}],
)
def test_the_bad_release_not_blocked(tmp_path: Path, bad: dict[str, Any]) -> None:
    """Anything but a block with exit 1 for the bad release fails the demonstration."""
    code = run(tmp_path, {"verdict": PASS, "exit": 0}, bad)

    assert code == 1
