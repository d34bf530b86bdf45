"""Whether a canary beside a good release pages anybody in a day, and what it grows to meanwhile."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from bench.loads import ROOT, SAVING, Side, standing
from bench.production import running, tail
from dashboards.local import Stack, stack
from harness.deploy.ports import HOST, reserve_port
from harness.errors import DriveFailed

# A release of the application of load-held, which any name is one of.
RELEASE = "1.1.0"
# An hour of probes, at one every 30 s.
HOUR_N = 120
TIMES = f"times {HOUR_N} probes"
# Probes follow each other as fast as they are done, with so much to spare.
SPARE = 1.3
PROBE_S_MAX = 120.0
LOOK_S = 0.5
END_S_MAX = 60.0
AT_WORK = ('ALERTS{alertname="Watchdog",alertstate="firing"}', 'up{job="harness-canary"} == 1')
FIRED = 'count_over_time(ALERTS{{alertname!="Watchdog",alertstate="firing"}}[{seconds:.0f}s])'

MERGED = """
[form.note]
settle_s_max = 0.2

[canaries]
probes     = "probes"
interval_s = {interval_s:.1f}
jitter     = 0
keep_n     = 20

[canaries.clean.note]
statement = "DELETE FROM note WHERE id = $1"
url       = "${{SAVING_DSN}}"

[[canaries.target]]
name    = "production"
url     = "${{SAVING_URL}}"
storage = {{ main = "${{SAVING_DSN}}" }}
"""


@dataclass
class Hour:
    """What one stretch of probes brought: alerts by name, results, and the service's memory."""

    alerts: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    rss_mb: list[float] = field(default_factory=list)


def alerts(hours_n: int) -> Iterator[float]:
    """One figure an hour's worth of probes: how many alerts fired, but for Watchdog.

    Raises DriveFailed where Watchdog did not fire, or a probe did not pass.
    """
    for hour in hours(hours_n):
        yield float(sum(hour.alerts.values()))


def growth(hours_n: int) -> Iterator[float]:
    """The memory of the service in each later hour, divided by that of its first one."""
    first_mb: float | None = None
    for hour in hours(hours_n):
        here_mb = statistics.median(hour.rss_mb)
        if first_mb is not None:
            yield here_mb / first_mb
        first_mb = first_mb or here_mb


def hours(hours_n: int, each_n: int = HOUR_N) -> Iterator[Hour]:
    """So many stretches of each_n probes, under a real Prometheus with the shipped rules."""
    with (
        TemporaryDirectory(prefix="bench-") as folder,
        standing(SAVING, RELEASE) as side,
        _canary(Path(folder), side) as service,
        stack(Path(folder) / "stack", service.address) as watched,
    ):
        _await_rules(watched)
        began_s = time.monotonic()
        for number in range(hours_n):
            hour = service.until((number + 1) * each_n)
            hour.alerts = _fired(watched, time.monotonic() - began_s)
            print(
                f"day: {dict(hour.results)} of {each_n} probes at least, alerts "
                f"{dict(hour.alerts)}, {statistics.median(hour.rss_mb):.1f} MB",
                flush=True,
            )
            if hour.results.total() != hour.results["pass"] + hour.results["skipped"]:
                raise DriveFailed(f"not every probe passed, so nothing is known: {hour.results}")
            yield hour
            began_s = time.monotonic()


def _await_rules(watched: Stack) -> None:
    """Wait until Prometheus has scraped the canary and raised Watchdog."""
    end_s = time.monotonic() + PROBE_S_MAX
    while not all(watched.prometheus.ask("query", query=one)["result"] for one in AT_WORK):
        if time.monotonic() > end_s:
            raise DriveFailed(f"Prometheus is not at work: nothing is found by {AT_WORK}")
        time.sleep(LOOK_S)


def _fired(watched: Stack, seconds: float) -> Counter[str]:
    """Alerts that fired in that time, by name; raises DriveFailed where rules do nothing."""
    if not all(watched.prometheus.ask("query", query=one)["result"] for one in AT_WORK):
        raise DriveFailed(f"no alert could have fired: nothing is found by {AT_WORK}")
    found = watched.prometheus.ask("query", query=FIRED.format(seconds=max(seconds, 1)))["result"]
    fired = Counter(_name(one["metric"]) for one in found)
    told = Counter(
        _name(alert["labels"])
        for call in watched.told.calls
        if call.path != "/alive"
        for alert in call.told["alerts"]
    )
    return fired | told


def _name(labels: dict[str, str]) -> str:
    return " ".join(labels[name] for name in ("alertname", "app", "release") if name in labels)


@dataclass
class Service:
    """The canary's process, and where it says what it measures."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path
    before: Counter[str] = field(default_factory=Counter)

    def until(self, probes_n: int) -> Hour:
        """Wait for as many probes in all; raises DriveFailed where they do not come."""
        hour, own = Hour(), psutil.Process(self.process.pid)
        newest_s, seen_n = time.monotonic(), -1
        while True:
            results = self._results()
            ended_n = results.total() - results["skipped"]
            if ended_n > seen_n:
                newest_s, seen_n = time.monotonic(), ended_n
                hour.rss_mb.append(own.memory_info().rss / 1e6)
            if ended_n >= probes_n:
                hour.results, self.before = results - self.before, results
                return hour
            if self.process.poll() is not None or time.monotonic() - newest_s > PROBE_S_MAX:
                raise DriveFailed(f"no probe came; the canary's log ends: {tail(self.log)}")
            time.sleep(LOOK_S)

    def _results(self) -> Counter[str]:
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        found: Counter[str] = Counter()
        for result, count in re.findall(
            r'^harness_probes_total\{[^}]*result="(\w+)"\} (\S+)', text, re.MULTILINE
        ):
            found[result] += int(float(count))
        return found


@contextmanager
def _canary(folder: Path, side: Side) -> Iterator[Service]:
    """The service itself, at an interval that its probes fill."""
    (dsn,) = side.deployment.storages.values()
    env = {**os.environ, "SAVING_URL": side.deployment.url, "SAVING_DSN": dsn}
    merge = folder / "day.toml"
    words = ["--plan", str(SAVING), "--merge", str(merge), "--runs", str(folder / "runs")]
    took_s = 0.0
    for _ in range(2):  # the first one collects what it will know from then on
        merge.write_text(MERGED.format(interval_s=30), encoding="utf-8")
        took_s = _once(words, env)
    merge.write_text(MERGED.format(interval_s=max(1.0, SPARE * took_s)), encoding="utf-8")
    print(f"day: a probe every {max(1.0, SPARE * took_s):.1f} s", flush=True)
    port, log = reserve_port(), folder / "canary.log"
    address = f"{HOST}:{port.number}"
    command = ["-m", "harness", "canary", "run", "--listen", address, *words]
    try:
        with running(command, env, log) as process:
            _await(address, process, log)
            yield Service(process, address, log)
    finally:
        port.free()


def _once(words: list[str], env: dict[str, str]) -> float:
    """How long one probe takes; raises DriveFailed where it does not pass."""
    began_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "harness", "canary", "once", *words],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=PROBE_S_MAX, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise DriveFailed(f"a probe did not pass: {(done.stdout + done.stderr)[-2000:]}")
    return time.monotonic() - began_s


def _await(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end_s = time.monotonic() + END_S_MAX
    while time.monotonic() < end_s and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{address}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise DriveFailed(f"the canary did not begin: {tail(log)}")
