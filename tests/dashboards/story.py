"""Half an hour of a clinic's canary with a known course, as metrics of the past.

Release 1.1.0 answers until 10 minutes before the end, then 1.2.0, which loses a field. Everything
rises evenly, so that what a rate has to be is plain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

EVERY_S = 15
LASTS_S = 2400
SWITCHED_S = LASTS_S - 600
OLD, NEW = "1.1.0", "1.2.0"
FORMS = {"consultation": ("reason", "history"), "share": ("title",)}
INTERVAL_S = 30
# A minute, by form: what came of its probes. Every probe compares each field once.
PROBES_A_MINUTE = {
    "consultation": {"pass": 1.5, "loss": 0.0, "error": 0.3, "timeout": 0.2, "skipped": 0.5},
    "share": {"pass": 2.0, "loss": 0.0, "error": 0.0, "timeout": 0.0, "skipped": 0.0},
}
LOST_A_MINUTE = 1.5
BAD_FIELD = ("consultation", "reason", "lost")
ANOMALIES = ("lost", "truncated")
UNREAD_A_MINUTE = {"denied": 0.25, "timeout": 0.0}
WRITTEN_A_MINUTE, CLEANED_A_MINUTE = 4.0, 3.9
RESIDUE_N = 4
LAST_PASS_AGO_S = {"consultation": 600, "share": 20}
LAST_PROBE_AGO_S = {"consultation": 25, "share": 20}
LAG_S = 1.5
SLOW_S = 3.0
GATE_AGO_S = 3600
GATE_TOOK_S = 181.5
# Of the saves: the share that was readable within 1 s, 2 s and 3 s; of the probes: 5 s and 10 s.
SAVES = {"1": 0.5, "2": 0.9, "3": 1.0, "+Inf": 1.0}
DURATIONS = {"5": 0.9, "10": 1.0, "+Inf": 1.0}


@dataclass(frozen=True)
class Series:
    """One series: what it is at a second of the story, and when there is none."""

    name: str
    labels: dict[str, str]
    at: Callable[[float], float]
    from_s: float = 0
    until_s: float = LASTS_S


def results_a_minute(form: str, release: str) -> dict[str, float]:
    """What comes of a form's probes each minute while that release answers."""
    found = dict(PROBES_A_MINUTE[form])
    if release == NEW and form == BAD_FIELD[0]:
        found["loss"], found["pass"] = found["pass"], 0.0
    return found


def rising(a_minute: float, release: str) -> Callable[[float], float]:
    """A counter that rises while that release answers, from 0."""

    def at(second: float) -> float:
        answered_s = min(second, SWITCHED_S) if release == OLD else max(0, second - SWITCHED_S)
        return a_minute / 60 * answered_s

    return at


def steady(a_second: float) -> Callable[[float], float]:
    """A counter that rises all the time, from 0."""
    return lambda second: a_second * second


def always(value: float) -> Callable[[float], float]:
    """A value that does not change."""
    return lambda _: value


def whole(end_s: float) -> Iterator[Series]:
    """Every series of the story, which ends at end_s (Unix time)."""
    yield Series("harness_build_info", {"version": "9.9", "instance": "canary:9477"}, always(1))
    yield Series("up", {"job": "harness-canary", "instance": "canary:9477"}, always(1))
    yield from _of_app(end_s)
    for form in FORMS:
        yield from _of_form(form, end_s)
        for release in (OLD, NEW):
            yield from _of_release(form, release)
            yield from _saves(form, release)


def _of_app(end_s: float) -> Iterator[Series]:
    app = {"app": "clinic"}
    yield Series("harness_release_info", app | {"release": OLD}, always(1), until_s=SWITCHED_S)
    yield Series("harness_release_info", app | {"release": NEW}, always(1), SWITCHED_S)
    for release, second in ((OLD, 0), (NEW, SWITCHED_S)):
        seen = always(end_s - LASTS_S + second)
        labels = app | {"release": release}
        yield Series("harness_release_first_seen_timestamp_seconds", labels, seen, second)
    for reason, a_minute in UNREAD_A_MINUTE.items():
        labels = app | {"reason": reason}
        yield Series("harness_storage_read_errors_total", labels, steady(a_minute / 60))
    yield Series("harness_records_written_total", app, steady(WRITTEN_A_MINUTE / 60))
    yield Series("harness_records_cleaned_total", app, steady(CLEANED_A_MINUTE / 60))
    yield Series("harness_residue_records", app, always(RESIDUE_N))
    gated = app | {"release": NEW, "job": "harness_gate"}
    for verdict in ("pass", "block", "inconclusive"):
        one = always(float(verdict == "block"))
        yield Series("harness_gate_verdict", gated | {"verdict": verdict}, one)
    ended = always(end_s - GATE_AGO_S)
    yield Series("harness_gate_last_run_timestamp_seconds", gated, ended)
    yield Series("harness_gate_duration_seconds", gated, always(GATE_TOOK_S))
    for name, severity, state in (
        ("DataLoss", "critical", "firing"),
        ("Residue", "warning", "pending"),
        ("Watchdog", "none", "firing"),
    ):
        labels = {"alertname": name, "severity": severity, "alertstate": state}
        yield Series("ALERTS", labels | app, always(1))


def _of_form(form: str, end_s: float) -> Iterator[Series]:
    labels = {"app": "clinic", "form": form}
    yield Series("harness_check_info", labels | {"interval": f"{INTERVAL_S}s"}, always(1))
    yield Series("harness_probe_interval_seconds", labels, always(INTERVAL_S))
    yield Series("harness_schedule_lag_seconds", labels, always(LAG_S))
    yield Series("harness_save_slow_limit_seconds", labels, always(SLOW_S))
    passed, probed = end_s - LAST_PASS_AGO_S[form], end_s - LAST_PROBE_AGO_S[form]
    yield Series("harness_last_pass_timestamp_seconds", labels, always(passed))
    yield Series("harness_last_probe_timestamp_seconds", labels, always(probed))
    for le, share in DURATIONS.items():
        name = "harness_probe_duration_seconds_bucket"
        yield Series(name, labels | {"le": le}, steady(share))
    tried = sum(n for result, n in PROBES_A_MINUTE[form].items() if result != "skipped")
    failed = sum(PROBES_A_MINUTE[form][result] for result in ("error", "timeout"))
    for window in ("5m", "30m", "1h", "6h"):
        name = f"app_form:harness_probes_failed:ratio_rate{window}"
        yield Series(name, labels, always(failed / tried))


def _of_release(form: str, release: str) -> Iterator[Series]:
    labels = {"app": "clinic", "form": form, "release": release}
    came = 0 if release == OLD else SWITCHED_S
    results = results_a_minute(form, release)
    for result, a_minute in results.items():
        at = rising(a_minute, release)
        yield Series("harness_probes_total", labels | {"result": result}, at, came)
    looked = results["pass"] + results["loss"]
    for field in FORMS[form]:
        one = labels | {"field": field}
        yield Series("harness_fields_checked_total", one, rising(looked, release), came)
        for anomaly in ANOMALIES:
            bad = release == NEW and (form, field, anomaly) == BAD_FIELD
            two = one | {"anomaly": anomaly}
            lost = rising(LOST_A_MINUTE if bad else 0, release)
            yield Series("harness_fields_bad_total", two, lost, came)
            ends = SWITCHED_S if release == OLD else LASTS_S
            yield Series("harness_last_probe_fields_bad", two, always(float(bad)), came, ends)


def _saves(form: str, release: str) -> Iterator[Series]:
    came = 0 if release == OLD else SWITCHED_S
    for le, share in SAVES.items():
        labels = {"app": "clinic", "form": form, "release": release, "le": le}
        yield Series("harness_save_to_storage_seconds_bucket", labels, rising(share, release), came)


def open_metrics(end_s: int) -> str:
    """The story as text that promtool makes history of."""
    lines = []
    for series in whole(end_s):
        said = ",".join(f'{label}="{text}"' for label, text in series.labels.items())
        lines += [
            f"{series.name}{{{said}}} {series.at(second)} {end_s - LASTS_S + second}"
            for second in range(0, LASTS_S + 1, EVERY_S)
            if series.from_s <= second <= series.until_s
        ]
    return "\n".join([*lines, "# EOF", ""])
