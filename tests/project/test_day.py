"""A day of probes, as the bench measures it: a few of them, under the real Prometheus."""

from __future__ import annotations

import pytest

from bench.day import hours
from harness.canary.metrics import Result

pytestmark = [pytest.mark.e2e, pytest.mark.prometheus]


def test_a_few_probes_page_nobody() -> None:
    """The service's own loop probes on and on, every probe passes, and no alert fires."""
    first, second = hours(2, each_n=2)

    assert not first.alerts
    assert not second.alerts
    assert 4 <= first.results[Result.PASS] + second.results[Result.PASS]
    assert 0 < min(*first.rss_mb, *second.rss_mb)
