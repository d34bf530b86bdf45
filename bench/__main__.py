"""Runs benches and writes their figures into docs/benchmarks.md, which nothing else may do."""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import alerting, day, faults, front, judging, loads, overhead, scenarios
from harness.checks.pace import REACHED
from harness.cli import EXIT_INTERRUPTED, interruptible
from harness.errors import HarnessError

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = "| bench | median | min | max | measured | target |\n|---|---|---|---|---|---|\n"
PAIRS_MIN = 5
MILLION = 1_000_000


@dataclass(frozen=True)
class Bench:
    """One row of the page: how often it is measured, in what, and what it is to be.

    The target is a maximum; where least is set it is the least that will do. It is asked of the
    median, or of every single figure. One that is long is measured where it is asked for by name.
    """

    measure: Callable[[int], Iterator[float]]
    unit: str
    times: str
    target: float
    least: bool = False
    digits: int = 1
    every: bool = False
    long: bool = False

    def within(self, found: Sequence[float]) -> bool:
        """Whether the figures are what they are to be."""
        worst = min if self.least else max
        figure = worst(found) if self.every else statistics.median(found)
        return figure >= self.target if self.least else figure <= self.target

    def row(self, name: str, found: Sequence[float]) -> str:
        """The figures as the page has them."""
        told = [self.told(f(found)) for f in (statistics.median, min, max)]
        target = f"at {'least' if self.least else 'most'} {self.told(self.target)}"
        cells = [name, *told, f"{len(found)} {self.times}", target]
        return f"| {' | '.join(cells)} |\n"

    def told(self, figure: float) -> str:
        """A figure with its unit."""
        return f"{figure:.2f}" if not self.unit else f"{figure:.{self.digits}f} {self.unit}"


# Another bench is another line here, and a section of the page that says what it measures.
BENCHES = {
    "scenarios": Bench(scenarios.ratios, "", "pairs", 1.10),
    "gate-overhead": Bench(overhead.seconds, "s", "gates", 30.0),
    "alert": Bench(alerting.seconds, "s", "losses", 90.0, every=True, long=True),
    "day": Bench(day.alerts, "alerts", day.TIMES, 0.0, digits=0, every=True, long=True),
    "day-memory": Bench(day.growth, "", day.TIMES, 1.05, every=True, long=True),
    "front-latency": Bench(front.added_ms, "ms", "pairs", 1.0, digits=2),
    "load-journal": Bench(loads.journal_ratios, "", "pairs", 0.95, least=True),
    "load-journal-alone": Bench(loads.generator_ratios, "", "pairs", 0.95, least=True, long=True),
    "load-held": Bench(
        loads.held, "saves/s", "loads", loads.HELD_RATE * REACHED, least=True, digits=0
    ),
    "load-clinic": Bench(
        loads.clinic,
        "saves/s",
        "loads",
        loads.CLINIC_RATE * REACHED,
        least=True,
        digits=0,
        long=True,
    ),
    "judge-100k": Bench(
        partial(judging.seconds, saves_n=100_000), "s", "loads", 3.0, digits=2, every=True
    ),
    "judge-mixed": Bench(
        partial(judging.seconds, saves_n=300_000, corrected=True),
        "s",
        "loads",
        4.0,
        digits=2,
        every=True,
    ),
    "judge-1m": Bench(partial(judging.ratios, saves_n=MILLION), "", "pairs", 2.0, long=True),
    "judge-10m": Bench(partial(judging.ratios, saves_n=10 * MILLION), "", "pairs", 2.0, long=True),
    "judge-1m-memory": Bench(
        partial(judging.peaks_mb, saves_n=MILLION), "MB", "loads", 150.0, digits=0, long=True
    ),
    "judge-10m-memory": Bench(
        partial(judging.peaks_mb, saves_n=10 * MILLION), "MB", "loads", 150.0, digits=0, long=True
    ),
    "front-saves": Bench(front.saves_per_s, "saves/s", "pairs", 1_500.0, least=True, digits=0),
    "faults": Bench(faults.blames, "saves", "repetitions", 0.0, digits=0, every=True),
}


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for; 1 where a figure is beyond its target, 2 where one failed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=BENCHES,
        help="one bench, or several; the others' figures stay",
    )
    parser.add_argument("--pairs", type=int, default=PAIRS_MIN, help="pairs of runs (at least 5)")
    parser.add_argument("--gates", type=int, default=3, help="whole gates for gate-overhead")
    parser.add_argument("--repetitions", type=int, default=20, help="how often every fault comes")
    parser.add_argument("--loads", type=int, default=1, help="whole loads for each load-...")
    parser.add_argument("--losses", type=int, default=5, help="how often a release loses")
    parser.add_argument(
        "--hours", type=int, default=24, help=f"times {day.HOUR_N} probes for each day (at least 2)"
    )
    asked = parser.parse_args(arguments)
    times = {
        "pairs": asked.pairs,
        "gates": asked.gates,
        "repetitions": asked.repetitions,
        "loads": asked.loads,
        "losses": asked.losses,
        day.TIMES: asked.hours,
    }
    if asked.pairs < PAIRS_MIN or min(times.values()) < 1:
        parser.error(f"{PAIRS_MIN} pairs, or 1 of the others, are the least that say anything")
    os.environ.setdefault("CLINIC_SECRET", secrets.token_hex(16))
    within = True
    usual = [name for name, bench in BENCHES.items() if not bench.long]
    for name in asked.only or usual:
        bench = BENCHES[name]
        found: list[float] = []
        try:
            for figure in bench.measure(times[bench.times]):
                found.append(figure)
                print(f"{name}: {bench.told(figure)}", flush=True)
            row = bench.row(name, found)
            PAGE.write_text(with_row(PAGE.read_text("utf-8"), name, row), "utf-8")
        except (HarnessError, subprocess.SubprocessError, OSError, ValueError) as error:
            print(f"{name} was not measured: {error}", file=sys.stderr)
            return 2
        print(row, end="")
        within = within and bench.within(found)
    return 0 if within else 1


def with_row(page: str, name: str, row: str) -> str:
    """The page with a bench's row put in, in the place of its old one.

    Raises ValueError where the page has no table.
    """
    before, head, after = page.partition(HEAD)
    if not head:
        raise ValueError(f"{PAGE} has no table to write into; it begins with {HEAD!r}")
    lines = after.splitlines(keepends=True)
    rows = [line for line in lines if line.startswith("|")]
    kept = [line for line in rows if not line.startswith(f"| {name} |")]
    return before + head + "".join(sorted([*kept, row])) + "".join(lines[len(rows) :])


if __name__ == "__main__":
    interruptible()
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    sys.exit(code)
