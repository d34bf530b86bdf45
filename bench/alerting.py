"""How long after a release's first answer somebody is told that it loses a field."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from dashboards.local import Stack, exposing, stack
from harness.errors import DriveFailed

INTERVAL_S = 30.0
# A probe of the clinic and the second look that a loss needs, on a busy machine.
PROBE_S = 15.0
TOLD_S_MAX = 180.0
SCRAPED_S_MAX = 60.0


def seconds(losses_n: int) -> Iterator[float]:
    """One figure a loss, at the intervals that are shipped."""
    yield from told_after(losses_n, INTERVAL_S, PROBE_S)


def told_after(
    losses_n: int, interval_s: float, probe_s: float, every_s: float | None = None
) -> Iterator[float]:
    """Seconds from a release's first answer until the page has come, loss by loss.

    The releases come at moments spread over the interval between two probes; every_s is in place
    of all intervals of Prometheus and Alertmanager. Raises DriveFailed where no page comes.
    """
    with (
        TemporaryDirectory(prefix="bench-") as folder,
        exposing(_metrics("1.1.0", 0)) as canary,
        stack(Path(folder), canary.address, every_s) as running,
    ):
        _wait_until_scraped(running)
        for number in range(losses_n):
            release = f"1.2.{number}"
            answered_s = time.monotonic()
            time.sleep(interval_s * (1 - (number + 0.5) / losses_n) + probe_s)
            canary.text = _metrics(release, 1)
            call = running.told.wait("/page", "DataLoss", TOLD_S_MAX, release=release)
            if call is None:
                raise DriveFailed(f"no page for {release} came within {TOLD_S_MAX:g} s")
            yield call.at_s - answered_s


def _metrics(release: str, bad: int) -> str:
    labels = f'app="clinic",form="consultation",release="{release}",field="reason",anomaly="lost"'
    return (
        f"harness_last_probe_fields_bad{{{labels}}} {bad}\n"
        f"harness_fields_bad_total{{{labels}}} {bad}\n"
    )


def _wait_until_scraped(running: Stack) -> None:
    deadline_s = time.monotonic() + SCRAPED_S_MAX
    while not running.prometheus.ask("query", query="harness_last_probe_fields_bad")["result"]:
        if time.monotonic() > deadline_s:
            raise DriveFailed(f"nothing was scraped within {SCRAPED_S_MAX:g} s")
        time.sleep(0.2)
