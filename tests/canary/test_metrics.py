"""The series of a canary: born at 0, ended in time, and with the names that alerts count on."""

from __future__ import annotations

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as open_metrics
from prometheus_client.parser import text_string_to_metric_families

from harness.canary.metrics import ANOMALIES, Metrics, Probed, Result, Unread
from harness.model import Anomaly

FORMS = {"note": ["title", "body"], "share": ["title"]}
BEGAN_S = 1_000.0


@pytest.fixture
def metrics() -> Metrics:
    made = Metrics()
    made.register("app", FORMS, 30, BEGAN_S, 3.0)
    made.release_answers("app", "1.0", BEGAN_S + 1)
    return made


def series(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample of the text format, without buckets."""
    text = generate_latest(metrics.registry).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return series(metrics).get((f"harness_{name}", frozenset(labels.items())))


def named(metrics: Metrics, name: str, **labels: str) -> list[float]:
    """Every value of that name whose labels hold these."""
    return [
        found
        for (own, held), found in series(metrics).items()
        if own == f"harness_{name}" and set(labels.items()) <= held
    ]


def probed(result: Result = Result.PASS, **told: object) -> Probed:
    given = {"form": "note", "release": "1.0", "seconds": 3.0, "ended_at_s": 2_000.0}
    return Probed(**{**given, "result": result, "trace": "run-1", **told})  # type: ignore[arg-type]


def loss(*names: str, release: str = "1.0") -> Probed:
    bad = {(name, Anomaly.LOST): 1 for name in names}
    return probed(Result.LOSS, checked=dict.fromkeys(names, 1), bad=bad, release=release)


def test_every_result_is_born_at_zero(metrics: Metrics) -> None:
    """A release's first loss is a rise: every result of every form stood at 0 before."""
    for form in FORMS:
        for result in Result:
            told = value(
                metrics, "probes_total", app="app", form=form, release="1.0", result=str(result)
            )
            assert 0.0 == told


def test_every_field_and_anomaly_is_born_at_zero(metrics: Metrics) -> None:
    """Counter and gauge of each field and anomaly are there before anything is lost."""
    fields_n = sum(len(names) for names in FORMS.values())

    others_n = len(FORMS)  # of each form the columns that are no field, which can only change
    for name in ("fields_bad_total", "last_probe_fields_bad"):
        assert [0.0] * (fields_n * len(ANOMALIES) + others_n) == named(metrics, name)
    assert [0.0] * fields_n == named(metrics, "fields_checked_total")


def test_reads_and_records_are_born_at_zero(metrics: Metrics) -> None:
    """Errors of storage, and what is written and cleaned, are there before the first probe."""
    assert [0.0] * len(Unread) == named(metrics, "storage_read_errors_total", app="app")
    for name in ("records_written_total", "records_cleaned_total", "residue_records"):
        assert 0.0 == value(metrics, name, app="app")


def test_a_form_that_never_passed_is_as_old_as_the_canary(metrics: Metrics) -> None:
    """The clock of staleness starts when a form is registered, not in 1970."""
    assert BEGAN_S == value(metrics, "last_pass_timestamp_seconds", app="app", form="share")


def test_a_pass_is_counted_and_moves_the_clock(metrics: Metrics) -> None:
    """A good probe is one pass, its fields are compared, and it is the newest good one."""
    metrics.probe_ended("app", probed(checked={"title": 2}, saves_s=[0.4]))

    labels = {"app": "app", "form": "note", "release": "1.0"}
    assert 1.0 == value(metrics, "probes_total", result="pass", **labels)
    assert 2.0 == value(metrics, "fields_checked_total", field="title", **labels)
    assert 1.0 == value(metrics, "save_to_storage_seconds_count", **labels)
    assert 2_000.0 == value(metrics, "last_pass_timestamp_seconds", app="app", form="note")
    assert 0.0 == sum(named(metrics, "fields_bad_total"))


def test_a_loss_names_form_field_release_and_anomaly(metrics: Metrics) -> None:
    """Lost fields rise in counter and gauge, those and no others, and nothing has passed."""
    metrics.probe_ended("app", loss("body"))

    labels = {"app": "app", "form": "note", "release": "1.0", "field": "body", "anomaly": "lost"}
    for name in ("fields_bad_total", "last_probe_fields_bad"):
        assert 1.0 == value(metrics, name, **labels)
        assert 1.0 == sum(named(metrics, name))
    assert BEGAN_S == value(metrics, "last_pass_timestamp_seconds", app="app", form="note")


def test_the_gauge_is_the_newest_probe_alone(metrics: Metrics) -> None:
    """After a good probe nothing is bad in the newest, while the counter remembers."""
    metrics.probe_ended("app", loss("body"))
    metrics.probe_ended("app", probed(checked={"body": 1}))

    assert 0.0 == sum(named(metrics, "last_probe_fields_bad"))
    assert 1.0 == sum(named(metrics, "fields_bad_total"))


@pytest.mark.parametrize("result", [Result.ERROR, Result.TIMEOUT, Result.SKIPPED])
def test_what_measured_nothing_takes_back_no_loss(metrics: Metrics, result: Result) -> None:
    """A probe that could not look says nothing of the loss before it."""
    metrics.probe_ended("app", loss("body"))
    metrics.probe_ended("app", probed(result))

    assert 1.0 == sum(named(metrics, "last_probe_fields_bad"))


def test_a_release_that_is_gone_pages_no_more(metrics: Metrics) -> None:
    """After a rollback the bad release's newest probe ends, and its counts are kept."""
    metrics.release_answers("app", "1.1", 1_500.0)
    metrics.probe_ended("app", loss("body", release="1.1"))
    metrics.release_gone("app", "1.1")

    assert [] == named(metrics, "last_probe_fields_bad", release="1.1")
    assert [] == named(metrics, "release_info", release="1.1")
    assert 1.0 == sum(named(metrics, "fields_bad_total", release="1.1"))
    assert named(metrics, "last_probe_fields_bad", release="1.0")


def test_a_release_that_comes_back_is_seen_at_zero(metrics: Metrics) -> None:
    """A release that is rolled out once more begins anew, and was first seen long ago."""
    metrics.release_gone("app", "1.0")
    metrics.release_answers("app", "1.0", 9_000.0)

    assert named(metrics, "last_probe_fields_bad", release="1.0")
    first = value(metrics, "release_first_seen_timestamp_seconds", app="app", release="1.0")
    assert BEGAN_S + 1 == first


def test_forgotten_releases_leave_nothing(metrics: Metrics) -> None:
    """Releases that come and go for years do not make the scrape grow."""
    before = len(series(metrics))
    for number in range(20):
        metrics.release_answers("app", f"2.{number}", 3_000.0)
        metrics.probe_ended("app", loss("body", release=f"2.{number}"))
        metrics.forget_release("app", f"2.{number}")

    assert before == len(series(metrics))


def test_the_proof_of_a_count_is_its_exemplar(metrics: Metrics) -> None:
    """The run that saw a loss is named beside the count, and in no label."""
    metrics.probe_ended("app", loss("body"))

    text = open_metrics(metrics.registry).decode()  # type: ignore[no-untyped-call]
    assert 'trace_id="run-1"' in text
    assert "run-1" not in generate_latest(metrics.registry).decode()


def test_hostile_names_are_labels_like_any_other(metrics: Metrics) -> None:
    """A release with quotes, newlines and braces in its name is one label."""
    hostile = 'x"} 1\nharness_probes_total{result="pass'
    metrics.release_answers("app", hostile, 1.0)

    assert named(metrics, "release_info", release=hostile) == [1.0]
