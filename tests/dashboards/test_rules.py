"""Every alert fires when it has to and stays quiet when it has to, and its figures are proved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.programs import HERE, RULES
from tests.dashboards.mutants import alerts, alone, mutants, seconds, without_alerts
from tests.dashboards.programs import run

PROVED = sorted((HERE / "prometheus" / "tests").glob("*.yml"))
LOADED: dict[str, Any] = yaml.safe_load(RULES.read_text(encoding="utf-8"))
ALERTS = alerts(LOADED)
SEVERITIES = {
    "DataLoss": "critical",
    "ProbeBudgetBurn": "critical",
    "Stale": "critical",
    "Down": "critical",
    "CannotRead": "warning",
    "SaveSlow": "warning",
    "Residue": "warning",
    "GateBlocked": "warning",
    "Watchdog": "none",
}
WAITS_S = {
    "DataLoss": 0,
    "ProbeBudgetBurn": 120,
    "Stale": 60,
    "Down": 120,
    "CannotRead": 300,
    "SaveSlow": 600,
    "Residue": 3600,
    "GateBlocked": 0,
    "Watchdog": 0,
}


def proof(name: str) -> str:
    """The promtool test file of an alert."""
    path = HERE / "prometheus" / "tests" / f"{name}.yml"
    return path.read_text(encoding="utf-8")


def proofs(name: str) -> list[dict[str, Any]]:
    """Its tests; every scalar is text, because series like 0x20 would be read as numbers."""
    found: list[dict[str, Any]] = yaml.load(proof(name), yaml.BaseLoader)["tests"]  # noqa: S506
    return found


def judged(
    folder: Path, rules: dict[str, Any], name: str, told: str | None = None
) -> tuple[int, str]:
    """What promtool says of an alert's test file, or of another one, when the rules are these."""
    (folder / "rules.yml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    own = (told or proof(name)).replace("../rules.yml", "rules.yml")
    (folder / "test.yml").write_text(own, encoding="utf-8")
    return run("promtool", "test", "rules", folder / "test.yml")


def test_the_alerts_are_those_that_were_promised() -> None:
    """Each alert is there, with its severity and with the time that it waits."""
    assert SEVERITIES == {name: rule["labels"]["severity"] for name, rule in ALERTS.items()}
    assert WAITS_S == {name: seconds(rule["for"]) for name, rule in ALERTS.items()}


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_tells_what_to_do(name: str) -> None:
    """An alert says one sentence, names its own runbook, and leads to a dashboard."""
    told = ALERTS[name]["annotations"]

    assert {"summary", "runbook_url", "dashboard"} == set(told)
    assert "\n" not in told["summary"].strip()
    assert told["summary"].strip().endswith(".")
    assert told["runbook_url"].endswith(f"/user/{name}.md")
    assert told["dashboard"].startswith("{{ $externalLabels.grafana }}/d/harness-")


@pytest.mark.parametrize("name", sorted(set(ALERTS) - {"Down", "Watchdog"}))
def test_a_sentence_names_what_is_meant(name: str) -> None:
    """Whatever labels an alert has that name an application, form, field or release, it says."""
    expected = [
        alert["exp_labels"] | alert["exp_annotations"]
        for test in proofs(name)
        for case in test.get("alert_rule_test", [])
        for alert in case["exp_alerts"]
    ]

    assert expected
    for one in expected:
        for label in ("app", "form", "field", "release", "anomaly"):
            assert one.get(label, "") in one["summary"]


def test_no_count_is_printed_that_was_extrapolated() -> None:
    """increase() makes 13.33 out of 13, so no sentence prints the value of such an expression."""
    printing = [
        name
        for name, rule in ALERTS.items()
        if "increase(" in rule["expr"] and "$value" in str(rule["annotations"])
    ]

    assert [] == printing


def test_a_recorded_share_is_of_the_window_that_its_name_says() -> None:
    """Each recorded ratio looks back as far as its name has it, in both of its parts."""
    recorded = [
        (rule["record"], re.findall(r"\[(\w+)\]", rule["expr"]))
        for group in LOADED["groups"]
        for rule in group["rules"]
        if "record" in rule
    ]

    assert [name for name, _ in recorded]
    assert [] == [name for name, windows in recorded if windows != [name.rpartition("rate")[2]] * 2]


@pytest.mark.prometheus
def test_the_rules_are_valid() -> None:
    """Prometheus's own checker takes the rules, and finds no fault with their names."""
    code, told = run("promtool", "check", "rules", "--lint=all", "--lint-fatal", RULES)

    assert code == 0, told


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_is_proved_both_ways(name: str) -> None:
    """A test file has a moment at which its alert fires, and one at which it is quiet."""
    fires = [
        bool(case["exp_alerts"])
        for test in proofs(name)
        for case in test.get("alert_rule_test", [])
        if case["alertname"] == name
    ]

    assert ({True} if name == "Watchdog" else {True, False}) == set(fires)


def test_no_test_file_is_of_an_alert_that_is_gone() -> None:
    """Test files are named after alerts."""
    assert sorted(ALERTS) == [path.stem for path in PROVED]


@pytest.mark.prometheus
@pytest.mark.parametrize("path", PROVED, ids=lambda path: path.stem)
def test_every_alert_does_what_its_file_says(path: Path) -> None:
    """Its test file finds each alert firing and quiet at the moments that it names."""
    code, told = run("promtool", "test", "rules", path)

    assert code == 0, told


@pytest.mark.prometheus
@pytest.mark.parametrize("name", ALERTS)
def test_a_figure_that_is_wrong_is_noticed(name: str, tmp_path: Path) -> None:
    """A threshold a little off, another wait, half of the condition gone: its test file fails."""
    right = alone(LOADED, name)
    tried = [("without the alert", without_alerts(LOADED)), *mutants(right, name)]
    unnoticed = [what for what, rules in tried if judged(tmp_path, rules, name)[0] != 1]

    assert [] == unnoticed
    # What is written to a folder as it stands is found right, so that failing means something.
    assert judged(tmp_path, right, name)[0] == 0


@pytest.mark.prometheus
@pytest.mark.parametrize("times", [1.25, 0.8])
def test_a_limit_of_the_plan_is_what_decides(times: float, tmp_path: Path) -> None:
    """Other limits than those that a canary exports, and the same saves are judged otherwise."""
    limit = re.compile(r"(harness_save_slow_limit_seconds.*\n +values: )([\d.]+)(?=x)")
    right = proof("SaveSlow")
    wrong = limit.sub(lambda found: f"{found[1]}{float(found[2]) * times:g}", right)

    assert 5 == len(limit.findall(right))
    assert judged(tmp_path, LOADED, "SaveSlow")[0] == 0
    assert judged(tmp_path, LOADED, "SaveSlow", wrong)[0] == 1


def test_a_mutant_differs_where_it_says() -> None:
    """Mutants of an alert are all different, and cover each figure and each alternative."""
    found = [what for what, _ in mutants(LOADED, "DataLoss")]

    assert len(found) == len(set(found))
    assert {"for 0s is 1m"} <= set(found)
    assert 2 == sum(what.startswith("without ") for what in found)
    assert 4 == sum(re.match(r"0 at \d+ is -?2$", what) is not None for what in found)
