"""From the clinic's bad release to the page: canary, Prometheus and Alertmanager, all real."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from dashboards.local import stack
from tests.clinic.live import ROOT, free_port, started
from tests.clinic.test_canary import FIELDS, SEEN_S_MAX, Production, awaited, production

__all__ = ["production"]

pytestmark = [pytest.mark.e2e, pytest.mark.prometheus, pytest.mark.slow]


def passes(lines: list[str]) -> bool:
    """Whether a probe of the canary has passed."""
    return any('result="pass"' in one and not one.endswith(" 0.0") for one in lines)


def test_a_bad_deploy_pages_within_90_seconds(production: Production, tmp_path: Path) -> None:
    """At the shipped intervals the page names the release and its four texts, and no other."""
    port, canary_port = free_port(), free_port()
    serve = ("serve", "--port", str(port), "--release")
    with ExitStack() as running:
        watched = running.enter_context(stack(tmp_path / "stack", f"127.0.0.1:{canary_port}"))
        running.enter_context(started(production.owner, "worker"))
        with started(production.owner, *serve, "1.1.0"):
            canary = subprocess.Popen(
                [
                    sys.executable, "-m", "harness", "canary", "run", "--runs", tmp_path / "runs",
                    "--merge", "canaries/production.toml", "--listen", f"127.0.0.1:{canary_port}",
                ],
                cwd=ROOT, env=dict(production.at(f"http://127.0.0.1:{port}")),
            )  # fmt: skip
            running.callback(canary.wait, 60)
            running.callback(canary.send_signal, signal.SIGINT)
            awaited(canary_port, passes, SEEN_S_MAX)
        with started(production.owner, *serve, "1.2.0"):
            answered_s = time.monotonic()
            call = watched.told.wait("/page", "DataLoss", 2 * SEEN_S_MAX)

    assert call
    alerts = call.alerts("DataLoss")
    assert {("consultation", "1.2.0", field) for field in FIELDS} == {
        (one["labels"]["form"], one["labels"]["release"], one["labels"]["field"]) for one in alerts
    }
    assert call.at_s - answered_s <= SEEN_S_MAX
    assert {"DataLoss", "Down"} >= {
        one["labels"]["alertname"]
        for each in watched.told.calls
        if each.path == "/page"
        for one in each.told["alerts"]
    }
