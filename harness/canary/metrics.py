"""What a canary measures, for Prometheus: each label set is there at 0 before it can rise.

A counter that is born at 1 has not risen for whoever looks at its increase, so the first loss of
all would page nobody. Ids of runs are no labels: they go to the exemplars.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics import MetricWrapperBase

from harness import __version__
from harness.model import Anomaly

PREFIX = "harness"
TRACE = "trace_id"

# A column that is no field of the plan: what it is called stands in the report, for a label that
# nobody knew before would not be there at 0.
OTHER_COLUMN = "(other column)"

# What a probe can find of a field; the others of the catalogue are of journeys, not of values.
ANOMALIES = tuple(
    anomaly
    for anomaly in Anomaly
    if anomaly not in (Anomaly.JOURNEY_BROKEN, Anomaly.UNACKNOWLEDGED, Anomaly.UNVERIFIED)
)
_PROBE_S = (0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 45, 60, 90, 120)
_SAVE_S = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30)


class Result(StrEnum):
    """How a probe ended for one form; only the first says that all is well."""

    PASS = "pass"  # noqa: S105 - a result, not a password
    LOSS = "loss"
    ERROR = "error"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"


class Unread(StrEnum):
    """Why storage could not be read."""

    UNREACHABLE = "unreachable"
    DENIED = "denied"
    MISSING = "missing"
    TIMEOUT = "timeout"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """One probe as one form saw it.

    ended_at_s is Unix time; trace is the run that holds the proof; checked are fields compared,
    and bad those that were lost or damaged, by field and anomaly; saves_s are seconds from an
    acknowledgement until the save was read back.
    """

    form: str
    release: str
    result: Result
    seconds: float
    ended_at_s: float
    trace: str
    checked: Mapping[str, int] = field(default_factory=dict)
    bad: Mapping[tuple[str, Anomaly], int] = field(default_factory=dict)
    saves_s: Sequence[float] = ()
    planted: bool = False


class Metrics:
    """Every series of a canary process, in a registry of its own."""

    def __init__(self) -> None:
        # They would double what every scrape carries.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._forms: dict[str, Mapping[str, Sequence[str]]] = {}
        self._judged: dict[str, dict[str, Sequence[str]]] = {}
        self._planted: dict[tuple[str, str, str], Mapping[tuple[str, Anomaly], int]] = {}
        self._releases: dict[str, set[str]] = {}
        # Unix times, by the series that says them and its labels.
        self._times: dict[tuple[Gauge, tuple[str, str]], float] = {}
        self._gauge("build_info", "The harness that runs here", "version").labels(__version__).set(
            1
        )
        self._check = self._gauge("check_info", "A canary that is configured", "app form interval")
        self._release = self._gauge("release_info", "The release that answers now", "app release")
        self._first_seen = self._gauge(
            "release_first_seen_timestamp_seconds",
            "When the canary first saw a release",
            "app release",
        )
        self._probes = self._counter(
            "probes", "Probes that ended, by what came of them", "app form release result"
        )
        self._seconds = self._histogram(
            "probe_duration_seconds", "How long a whole probe took", "app form", _PROBE_S
        )
        self._saves = self._histogram(
            "save_to_storage_seconds",
            "From the acknowledgement of a save until it was read back",
            "app form release",
            _SAVE_S,
        )
        self._slow = self._gauge(
            "save_slow_limit_seconds",
            "How late one save in twenty may be read back",
            "app form",
        )
        self._checked = self._counter(
            "fields_checked", "Fields compared with storage", "app form release field"
        )
        self._bad = self._counter(
            "fields_bad", "Fields lost or damaged", "app form release field anomaly"
        )
        self._last_bad = self._gauge(
            "last_probe_fields_bad",
            "Fields lost or damaged in the newest probe of a release that answers",
            "app form release field anomaly",
        )
        self._last_probe = self._gauge(
            "last_probe_timestamp_seconds", "When the newest probe ended", "app form"
        )
        self._last_pass = self._gauge(
            "last_pass_timestamp_seconds",
            "When the newest good probe ended; until there is one, when the canary began",
            "app form",
        )
        self._interval = self._gauge(
            "probe_interval_seconds", "The period that was asked for", "app form"
        )
        self._lag = self._gauge(
            "schedule_lag_seconds", "How late the newest probe began", "app form"
        )
        self._written = self._counter("records_written", "Synthetic records written", "app")
        self._cleaned = self._counter("records_cleaned", "Synthetic records removed again", "app")
        self._residue = self._gauge(
            "residue_records", "Synthetic records that are still in storage", "app"
        )
        self._unread = self._counter(
            "storage_read_errors", "Reads of storage that failed: no loss", "app reason"
        )

    # --- what there is -----------------------------------------------------------------------

    def register(
        self,
        app: str,
        forms: Mapping[str, Sequence[str]],
        interval_s: float,
        at_s: float,
        save_slow_s_max: float,
        others: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Begin to watch an application: its forms with their fields, from at_s (Unix time).

        A save that is readable later than save_slow_s_max is slow. others are never probed, and
        can be judged: they are planted, or stand beside what is.
        """
        self._forms[app] = {form: tuple(names) for form, names in forms.items()}
        self._judged[app] = {**(others or {}), **self._forms[app]}
        self._releases.setdefault(app, set())
        for form in self._judged[app]:
            self._slow.labels(app, form).set(save_slow_s_max)
        for form in forms:
            self._check.labels(app, form, f"{interval_s:g}s").set(1)
            self._interval.labels(app, form).set(interval_s)
            self._seconds.labels(app, form)
            self._last_probe.labels(app, form)
            self._say_time(self._last_pass, app, form, at_s)
            self._lag.labels(app, form)
        for one in (self._written, self._cleaned, self._residue):
            one.labels(app)
        for reason in Unread:
            self._unread.labels(app, str(reason))

    def release_answers(self, app: str, release: str, at_s: float) -> None:
        """A release answers now; all that can be said of it is there from now on, at 0."""
        self._release.labels(app, release).set(1)
        if release not in self._releases[app]:
            self._releases[app].add(release)
            self._say_time(self._first_seen, app, release, at_s)
        for form in self._judged[app]:
            self._bear(app, form, release)

    def judge_also(self, app: str, form: str, names: Sequence[str]) -> None:
        """A form that nobody had registered was judged: it is counted from now on."""
        self._judged[app][form] = tuple(names)
        for release in self._releases[app]:
            self._bear(app, form, release)

    def _bear(self, app: str, form: str, release: str) -> None:
        self._saves.labels(app, form, release)
        for result in Result:
            self._probes.labels(app, form, release, str(result))
        for name in self._judged[app][form]:
            self._checked.labels(app, form, release, name)
        for name, anomaly in self._spots(app, form):
            self._bad.labels(app, form, release, name, str(anomaly))
            self._last_bad.labels(app, form, release, name, str(anomaly))

    def _spots(self, app: str, form: str) -> list[tuple[str, Anomaly]]:
        """All that can be wrong with a form; of a column that is no field, that it has changed."""
        names = self._judged[app][form]
        found = [(name, anomaly) for name in names for anomaly in ANOMALIES]
        return [*found, (OTHER_COLUMN, Anomaly.COLLATERAL)]

    def release_gone(self, app: str, release: str) -> None:
        """A release answers no longer: what stands of its newest probe ends, its counts stay."""
        self._end([self._release, self._last_bad], app, release)

    def forget_release(self, app: str, release: str) -> None:
        """Let every series of a release end: releases come daily, and a canary runs for years."""
        series: list[MetricWrapperBase] = [
            self._release, self._first_seen, self._last_bad,
            self._probes, self._saves, self._checked, self._bad,
        ]  # fmt: skip
        self._end(series, app, release)
        self._releases[app].discard(release)

    def _end(self, series: Iterable[MetricWrapperBase], app: str, release: str) -> None:
        for one in series:
            one.remove_by_labels({"app": app, "release": release})
            if isinstance(one, Gauge):
                self._times.pop((one, (app, release)), None)
        for place in [p for p in self._planted if (p[0], p[2]) == (app, release)]:
            del self._planted[place]

    # --- what happens ------------------------------------------------------------------------

    def probe_ended(self, app: str, probe: Probed) -> None:
        """Count a probe for one form of an application that was registered or judged.

        A check of what was planted is no probe: it counts where it finds something, or cannot.
        """
        form, release, exemplar = probe.form, probe.release, {TRACE: probe.trace}
        bad = self._by_label(app, probe)
        if not probe.planted or probe.result is not Result.PASS:
            self._probes.labels(app, form, release, str(probe.result)).inc(exemplar=exemplar)
        if form in self._forms[app] and not probe.planted:
            self._ended(app, probe)
        for seconds in probe.saves_s:
            self._saves.labels(app, form, release).observe(seconds, exemplar)
        for name, count in probe.checked.items():
            self._checked.labels(app, form, release, name).inc(count)
        for (name, anomaly), count in bad.items():
            self._bad.labels(app, form, release, name, str(anomaly)).inc(count, exemplar)
        # One that measured nothing takes back no loss.
        if probe.result in (Result.PASS, Result.LOSS):
            if probe.planted:
                self._newest_check(app, form, release, bad)
            else:
                self._newest(app, form, release, bad)

    def _by_label(self, app: str, probe: Probed) -> Mapping[tuple[str, Anomaly], int]:
        known = self._judged[app][probe.form]
        bad: Tally[tuple[str, Anomaly]] = Tally()
        for (name, anomaly), count in probe.bad.items():
            bad[name if name in known else OTHER_COLUMN, anomaly] += count
        return bad

    def _ended(self, app: str, probe: Probed) -> None:
        """When it ended, and how long it took where that is known; one left out did neither."""
        if probe.result is Result.SKIPPED:
            return
        if probe.seconds > 0:
            self._seconds.labels(app, probe.form).observe(probe.seconds, {TRACE: probe.trace})
        self._say_time(self._last_probe, app, probe.form, probe.ended_at_s)
        if probe.result is Result.PASS:
            self._say_time(self._last_pass, app, probe.form, probe.ended_at_s)

    def _say_time(self, gauge: Gauge, app: str, other: str, at_s: float) -> None:
        self._times[gauge, (app, other)] = at_s
        gauge.labels(app, other).set(at_s)

    def clock_was_set_back(self, by_s: float) -> None:
        """Move every time that was said: none of them lies ahead, and each is as long ago."""
        for (gauge, labels), at_s in list(self._times.items()):
            self._say_time(gauge, *labels, at_s - by_s)

    def _newest(
        self, app: str, form: str, release: str, bad: Mapping[tuple[str, Anomaly], int]
    ) -> None:
        """What the newest probe says; it knows nothing of what was planted."""
        planted = self._planted.get((app, form, release), {})
        for spot in dict.fromkeys([*self._spots(app, form), *bad]):
            name, anomaly = spot
            worse = max(bad.get(spot, 0), planted.get(spot, 0))
            self._last_bad.labels(app, form, release, name, str(anomaly)).set(worse)

    def _newest_check(
        self, app: str, form: str, release: str, bad: Mapping[tuple[str, Anomaly], int]
    ) -> None:
        """What the newest check of planted records says, in place of what the last one said."""
        for name, anomaly in self._planted.pop((app, form, release), {}):
            self._last_bad.labels(app, form, release, name, str(anomaly)).set(0)
        if bad:
            self._planted[app, form, release] = bad
        for (name, anomaly), count in bad.items():
            self._last_bad.labels(app, form, release, name, str(anomaly)).set(count)

    def nothing_planted(self, app: str) -> None:
        """Take back what checks of planted records said: there are none any longer."""
        for place in [place for place in self._planted if place[0] == app]:
            self._newest_check(*place, {})

    def began_late(self, app: str, lag_s: float) -> None:
        """How late the newest probes of an application began."""
        for form in self._forms[app]:
            self._lag.labels(app, form).set(lag_s)

    def records(self, app: str, *, written_n: int, cleaned_n: int, residue_n: int) -> None:
        """Synthetic records written and removed since the last call, and those that are left."""
        self._written.labels(app).inc(written_n)
        self._cleaned.labels(app).inc(cleaned_n)
        self._residue.labels(app).set(residue_n)

    def storage_unread(self, app: str, reason: Unread) -> None:
        """Storage could not be read: nothing is known, which is no loss."""
        self._unread.labels(app, str(reason)).inc()

    # --- the kinds of series -------------------------------------------------------------------

    def _gauge(self, name: str, meaning: str, labels: str) -> Gauge:
        return Gauge(name, meaning, labels.split(), namespace=PREFIX, registry=self.registry)

    def _counter(self, name: str, meaning: str, labels: str) -> Counter:
        return Counter(name, meaning, labels.split(), namespace=PREFIX, registry=self.registry)

    def _histogram(
        self, name: str, meaning: str, labels: str, buckets: Sequence[float]
    ) -> Histogram:
        return Histogram(
            name,
            meaning,
            labels.split(),
            namespace=PREFIX,
            registry=self.registry,
            buckets=buckets,
        )
