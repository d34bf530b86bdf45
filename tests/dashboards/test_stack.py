"""The shipped configuration in the real Prometheus, Alertmanager and Pushgateway."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from dashboards.local import Exposed, Stack, exposing, stack
from dashboards.programs import HERE
from tests.dashboards.programs import run
from tests.dashboards.runbooks import RUNBOOKS, commands
from tests.dashboards.saying import exposition, field_bad

EVERY_S = 0.5
TOLD_S_MAX = 30.0
ALERTMANAGER = HERE / "alertmanager" / "alertmanager.yml"

pytestmark = pytest.mark.prometheus


@pytest.fixture(scope="module")
def canary() -> Iterator[Exposed]:
    with exposing(exposition(field_bad(0))) as found:
        yield found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, canary: Exposed) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("stack"), canary.address, EVERY_S) as found:
        yield found


def push(running: Stack, release: str, verdict: str, at_s: float) -> None:
    """Push a gate's verdict as a gate in CI does."""
    labels = {"app": release, "release": release}
    body = exposition(
        [
            *(
                ("harness_gate_verdict", {**labels, "verdict": one}, float(one == verdict))
                for one in ("pass", "block", "inconclusive")
            ),
            ("harness_gate_last_run_timestamp_seconds", labels, at_s),
        ]
    )
    url = f"{running.pushgateway}/metrics/job/harness_gate/app/{release}"
    request = urllib.request.Request(url, body.encode(), method="PUT")  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        assert answer.status == 200


def raise_alerts(running: Stack, *labels: dict[str, str]) -> None:
    """Tell Alertmanager of alerts as Prometheus does."""
    ends = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    body = json.dumps([{"labels": each, "endsAt": ends} for each in labels]).encode()
    request = urllib.request.Request(  # noqa: S310
        f"{running.alertmanager}/api/v2/alerts", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        assert answer.status == 200


def test_a_lost_field_pages_until_its_release_is_gone(running: Stack, canary: Exposed) -> None:
    """A canary that sees a loss pages, all fields in one message, and it resolves."""
    wait_until_scraped(running, "harness_fields_bad_total == 0")
    assert running.told.wait("/page", "DataLoss", 0) is None

    canary.text = exposition([*field_bad(1, "reason"), *field_bad(1, "history")])
    call = running.told.wait("/page", "DataLoss", TOLD_S_MAX)

    assert call
    alerts = call.alerts("DataLoss")
    assert {"reason", "history"} == {alert["labels"]["field"] for alert in alerts}
    assert all("grafana" not in alert["labels"] for alert in alerts)
    told = alerts[0]["annotations"]
    assert "1.2.0" in told["summary"]
    assert told["dashboard"].startswith("http://127.0.0.1:3000/d/harness-form?viewPanel=1&")

    # The release went, and so did its series; the counter of one of them had been seen to rise.
    canary.text = exposition(field_bad(0, release="1.1.0"))
    ended = running.told.wait("/page", "DataLoss", TOLD_S_MAX, "resolved")

    assert ended
    assert ["history"] == [each["labels"]["field"] for each in ended.alerts("DataLoss", "resolved")]


def test_the_runbook_of_a_page_is_one_click_away(running: Stack) -> None:
    """The link of an alert opens its runbook, served by Prometheus itself."""
    call = running.told.wait("/alive", "Watchdog", TOLD_S_MAX)
    assert call

    url = call.alerts("Watchdog")[0]["annotations"]["runbook_url"]
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        text = answer.read().decode()

    assert (HERE / "runbooks" / "Watchdog.md").read_text(encoding="utf-8") == text


def test_the_dead_mans_switch_is_called_again_and_again(running: Stack) -> None:
    """Watchdog goes to the dead man's switch alone."""
    assert running.told.wait("/alive", "Watchdog", TOLD_S_MAX)

    paths = {call.path for call in running.told.calls if call.alerts("Watchdog")}
    assert {"/alive"} == paths


def test_a_blocked_gate_is_told_for_a_day(running: Stack) -> None:
    """What CI pushed is told to the team; a verdict of two days ago is not, though it is kept."""
    now_s = time.time()
    push(running, "2.0.0", "block", now_s - 2 * 86400)
    push(running, "2.1.0", "pass", now_s)
    push(running, "2.2.0", "block", now_s)

    call = running.told.wait("/team", "GateBlocked", TOLD_S_MAX)

    assert call
    told = [
        alert["labels"]["release"]
        for each in running.told.calls
        for alert in each.alerts("GateBlocked")
    ]
    assert {"2.2.0"} == set(told)
    kept = running.prometheus.ask("query", query='harness_gate_verdict{verdict="block"} == 1')
    assert {"2.0.0", "2.2.0"} == {each["metric"]["release"] for each in kept["result"]}
    assert {"harness_gate"} == {each["metric"]["job"] for each in kept["result"]}


def test_one_cause_is_one_page(running: Stack) -> None:
    """A form that loses fields is not paged as stale as well; another form's staleness is."""
    raise_alerts(
        running,
        {"alertname": "DataLoss", "app": "b", "form": "x", "severity": "critical"},
    )
    assert wait_for(running, "DataLoss", "x")
    raise_alerts(
        running,
        {"alertname": "Stale", "app": "b", "form": "x", "severity": "critical"},
        {"alertname": "Stale", "app": "b", "form": "y", "severity": "critical"},
    )

    assert wait_for(running, "Stale", "y")
    assert not forms_told(running, "Stale") & {"x"}


def wait_until_scraped(running: Stack, query: str) -> None:
    deadline_s = time.monotonic() + TOLD_S_MAX
    while not running.prometheus.ask("query", query=query)["result"]:
        assert time.monotonic() < deadline_s, f"nothing is found by {query}"
        time.sleep(0.1)


def wait_for(running: Stack, name: str, form: str) -> bool:
    deadline_s = time.monotonic() + TOLD_S_MAX
    while form not in forms_told(running, name) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    return form in forms_told(running, name)


def forms_told(running: Stack, name: str) -> set[str]:
    return {
        alert["labels"].get("form", "")
        for call in running.told.calls
        for alert in call.alerts(name)
    }


def here(word: str, addresses: dict[str, str]) -> str:
    """A word with the addresses of what runs here in place of those that are shipped."""
    for shipped, running in addresses.items():
        word = word.replace(shipped, running)
    return word


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_what_a_runbook_tells_to_ask_is_answered(running: Stack, path: Path) -> None:
    """Every query and silence of a runbook is taken by the real Prometheus and Alertmanager."""
    addresses = {
        "http://127.0.0.1:9090": running.prometheus.url,
        "http://127.0.0.1:9093": running.alertmanager,
    }
    told = [words for words in commands(path.stem) if words[0] in ("promtool", "amtool")]

    assert told
    for name, *words in told:
        code, said = run(name, *(here(word, addresses) for word in words))
        assert code == 0, said


def test_alertmanagers_own_checker_takes_the_example() -> None:
    """The shipped file is valid as it stands."""
    code, told = run("amtool", "check-config", ALERTMANAGER)

    assert code == 0, told


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=DataLoss", "severity=critical"], "page"),
        (["alertname=Stale", "severity=critical"], "page"),
        (["alertname=Residue", "severity=warning"], "team"),
        (["alertname=Watchdog", "severity=none"], "dead-mans-switch"),
        (["alertname=SomethingNew"], "team"),
    ],
)
def test_every_alert_has_its_receiver(labels: list[str], receiver: str) -> None:
    """What is critical wakes somebody, the rest is read in the morning, and silence is noticed."""
    code, told = run("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)

    assert (0, receiver) == (code, told.splitlines()[0])


def test_prometheus_own_checker_takes_the_configuration() -> None:
    """The shipped file is valid with its rules, and keeps the intervals that 90 s need."""
    path = HERE / "prometheus" / "prometheus.yml"
    code, told = run("promtool", "check", "config", path)
    intervals = yaml.safe_load(path.read_text(encoding="utf-8"))["global"]

    assert code == 0, told
    assert ("15s", "15s") == (intervals["scrape_interval"], intervals["evaluation_interval"])
