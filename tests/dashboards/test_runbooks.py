"""A runbook can be followed at 3:00: it is complete, and whatever it tells to type there is."""

from __future__ import annotations

import pytest
import yaml

from dashboards.programs import NAMES, RULES
from tests.dashboards.calls import read_call
from tests.dashboards.mutants import alerts
from tests.dashboards.names import LABELS, OWN, RECORDED_LABELS
from tests.dashboards.reading import selectors
from tests.dashboards.runbooks import RUNBOOKS, SECTION, commands, of, text

ALERTS = alerts(yaml.safe_load(RULES.read_text(encoding="utf-8")))
SECTIONS = ["What it means", "Look", "Which records", "Roll back", "Silence"]
PROGRAMS = {"harness", "curl", *NAMES}


def test_every_alert_has_its_runbook() -> None:
    """There is one for each alert, and none for an alert that is gone."""
    assert sorted(ALERTS) == [path.stem for path in RUNBOOKS]


@pytest.mark.parametrize("name", ALERTS)
def test_a_runbook_has_every_section(name: str) -> None:
    """Each says what it means, where to look, which records, how to go back, how to silence."""
    told = text(name)

    assert told.startswith(f"# {name}\n")
    assert SECTIONS == SECTION.findall(told)
    assert all(part.strip() for part in SECTION.split(told)[2::2])


@pytest.mark.parametrize("name", ALERTS)
def test_a_runbook_names_only_programs_that_are_known(name: str) -> None:
    """Nothing has to be installed at 3:00 but Prometheus's tools, curl and the harness."""
    assert commands(name)
    assert {words[0] for words in commands(name)} <= PROGRAMS


@pytest.mark.parametrize("name", ALERTS)
def test_every_call_of_the_harness_is_one_that_there_is(name: str) -> None:
    """Commands, arguments and options are those of the command line."""
    for words in of(name, "harness"):
        read_call(words)


@pytest.mark.parametrize("name", ALERTS)
def test_every_call_of_a_canary_names_its_targets(name: str) -> None:
    """The plan has none of its own: without the file that holds them nothing would be asked."""
    for words in of(name, "harness", "canary"):
        assert "canaries/production.toml" == words[words.index("--merge") + 1]


@pytest.mark.parametrize("name", ALERTS)
def test_every_query_is_of_metrics_that_there_are(name: str) -> None:
    """Queries parse, and select metrics and labels that canaries, gates or Prometheus have."""
    for words in of(name, "promtool"):
        assert ["promtool", "query", "instant", "http://127.0.0.1:9090"] == words[:4]
        (query,) = words[4:]
        found = list(selectors(query))
        assert found
        for metric, labels in found:
            known = RECORDED_LABELS if ":" in metric else (LABELS | OWN)[metric]
            assert labels <= known, metric


@pytest.mark.parametrize("name", ALERTS)
def test_a_runbook_looks_at_what_its_alert_looks_at(name: str) -> None:
    """The queries of a runbook ask for a metric of its alert; the watchdog has none."""
    own = {metric for metric, _ in selectors(ALERTS[name]["expr"])} or {"ALERTS"}
    asked = {metric for words in of(name, "promtool") for metric, _ in selectors(words[4])}

    assert own & asked


@pytest.mark.parametrize("name", sorted(set(ALERTS) - {"Watchdog"}))
def test_a_silence_is_narrow(name: str) -> None:
    """A silence ends by itself, says who and why, and is of one alert of one thing."""
    (words,) = of(name, "amtool", "silence", "add")
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    matchers = [word for word in words[3:] if not word.startswith("--")]

    assert {"--alertmanager.url", "--author", "--duration", "--comment"} == options
    assert f"alertname={name}" == matchers[0]
    assert len(matchers) == 2
    assert matchers[1].partition("=")[0] in {"app", "form", "release", "job"}


def test_the_watchdog_is_never_silenced() -> None:
    """Its silence is what raises the alarm."""
    assert [] == of("Watchdog", "amtool", "silence")
