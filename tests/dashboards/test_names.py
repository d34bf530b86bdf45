"""Rules and dashboards are checked against a table of metrics; the table is what is exposed."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from harness.canary.metrics import Metrics
from harness.report.prometheus import gate_metrics
from tests.dashboards.names import LABELS
from tests.report.verdicts import verdict


def exposed(*registries: CollectorRegistry) -> dict[str, set[str]]:
    """Every sample's name with its labels; of a histogram its buckets."""
    return {
        sample.name: set(sample.labels)
        for registry in registries
        for family in registry.collect()
        for sample in family.samples
        if family.type != "histogram" or sample.name.endswith("_bucket")
    }


def test_the_table_of_metrics_is_what_canaries_and_gates_expose() -> None:
    """A canary with one form and one release, and one gate: the same names, the same labels."""
    metrics = Metrics()
    metrics.register("app", {"form": ["field"]}, 30, 1.0, 3.0)
    metrics.release_answers("app", "1.0", 1.0)

    assert LABELS == exposed(metrics.registry, gate_metrics(verdict(), 1.0))
