"""From a release's first answer to the page, through the real Prometheus and Alertmanager.

The canary is a stand-in, which says what a real one would once its probe is over.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dashboards.local import Stack, exposing, stack
from harness.errors import DriveFailed

INTERVAL_S = 30.0
# A probe of the clinic and the second look that a loss needs, on a busy machine.
PROBE_S = 15.0
TOLD_S_MAX = 180.0
SCRAPED_S_MAX = 60.0
REACH_S = 90.0
# All intervals a thirtieth of those that are shipped.
SHORTER = 30

pytestmark = pytest.mark.prometheus


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


@pytest.mark.e2e
def test_losses_page_one_after_the_other() -> None:
    """Each of three losing releases is paged after its probe, and none stands for another."""
    probe_s = PROBE_S / SHORTER

    found = list(told_after(3, INTERVAL_S / SHORTER, probe_s, every_s=15 / SHORTER))

    assert 3 == len(found)
    assert all(probe_s < took_s < REACH_S / 3 for took_s in found)


@pytest.mark.e2e
@pytest.mark.slow
def test_a_loss_pages_in_time_at_the_shipped_intervals() -> None:
    """With a probe each 30 s and a scrape each 15 s the page comes within 90 s."""
    (took_s,) = told_after(1, INTERVAL_S, PROBE_S)

    assert took_s <= REACH_S
