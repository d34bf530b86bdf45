"""The service's own process over as many probes as weeks bring: it grows no further."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.source import ROOT

PROBES_N = 2_000
ENDS_N = 200
GROWTH_MAX = 1.05
# A process of its own: what the tests have loaded before would hide what a canary grows to.
SERVICE = """
import json, os, sys
from pathlib import Path
import psutil
from prometheus_client.exposition import generate_latest
from harness.canary.page import page
from harness.canary.metrics import Result
from harness.drive.child import Child
from harness.model import Anomaly
from harness.canary import running
from tests.canary.test_running import CANARIES, load, told, told_line, watching

folder, probes_n = Path(sys.argv[1]), int(sys.argv[2])
(folder / "probes").mkdir()
one = watching(load(folder, CANARIES), folder, "")

def lines(number):
    release = f"1.{number // 50}"
    lost = {"body": Anomaly.LOST} if number % 97 == 0 else {}
    first = told(Result.LOSS if lost else Result.PASS, release, **lost)
    return "\\n".join(told_line(moment, first) for moment in ("judged", "cleaned")) + "\\n"

def child(*words):
    text = folder / "told.txt"
    text.write_text(lines(child.number))
    return Child(runner="the probe", what="the probe of a test", command=["cat", str(text)],
                 cwd=folder, env={}, log=folder / "child.log", exit_codes=running.EXIT_CODES)

one._child = child
process, rss = psutil.Process(), []
for child.number in range(probes_n):
    one._probe()
    one._next()
    if child.number % 10 == 0:
        generate_latest(one.canary.book.metrics.registry)
        page(one.canary.book, 1_800_000_000.0)
    rss.append(process.memory_info().rss)
    one.canary.say.__self__.clear()
print(json.dumps(rss))
"""


@pytest.mark.slow
def test_the_service_is_no_larger_after_two_thousand_probes(tmp_path: Path) -> None:
    """Forty releases, losses among them, a child each: the last 200 need what the first 200 did.

    The first are counted once as many releases have come as are remembered.
    """
    done = subprocess.run(
        [sys.executable, "-c", SERVICE, str(tmp_path), str(PROBES_N)],
        cwd=ROOT, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rss = json.loads(done.stdout.splitlines()[-1])
    first, last = rss[2 * ENDS_N : 3 * ENDS_N], rss[-ENDS_N:]
    ratio = statistics.median(last) / statistics.median(first)

    assert PROBES_N == len(rss)
    assert ratio <= GROWTH_MAX
