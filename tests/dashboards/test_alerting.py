"""From a release's first answer to the page, through the real Prometheus and Alertmanager."""

from __future__ import annotations

import pytest

from bench.alerting import INTERVAL_S, PROBE_S, told_after

REACH_S = 90.0
# All intervals a thirtieth of those that are shipped.
SHORTER = 30

pytestmark = pytest.mark.prometheus


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
