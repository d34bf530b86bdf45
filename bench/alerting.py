"""How long after a release's first answer somebody is told that it loses a field."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.production import Production, production, running, tail
from dashboards.local import stack
from harness.deploy.ports import HOST, reserve_port
from harness.errors import DriveFailed

STABLE, LOSING = "1.1.0", "1.2.0"
INTERVAL_S = 30.0
TOLD_S_MAX = 180.0
PASSED_S_MAX = 120.0
POLLED_S = 0.2


def seconds(losses_n: int) -> Iterator[float]:
    """One figure a loss: from the first answer of the losing release until the page is received.

    The clinic, its canary, Prometheus and Alertmanager are real and begin anew for each loss, with
    the files and intervals that are shipped. The losing release takes over at moments spread evenly
    over the time between two probes. Raises DriveFailed where no page comes.
    """
    with TemporaryDirectory(prefix="bench-") as folder, production(Path(folder)) as stood:
        for number in range(losses_n):
            yield _told_after(
                stood, Path(folder, str(number)), INTERVAL_S * (number + 0.5) / losses_n
            )


def _told_after(stood: Production, folder: Path, pause_s: float) -> float:
    canary = reserve_port()
    address, log = f"{HOST}:{canary.number}", folder / "canary.log"
    words = ["-m", "harness", "canary", "run", "--merge", "canaries/production.toml"]
    words += ["--runs", str(folder / "runs"), "--listen", address]
    with ExitStack() as parts:
        parts.callback(canary.free)
        told = parts.enter_context(stack(folder, address)).told
        with stood.serving(STABLE):
            parts.enter_context(running(words, stood.env, log))
            _wait_until_passed(address, log)
            time.sleep(pause_s)
        with stood.serving(LOSING) as answered_s:
            call = told.wait("/page", "DataLoss", TOLD_S_MAX, release=LOSING)
    if call is None:
        raise DriveFailed(f"no page for {LOSING} came within {TOLD_S_MAX:g} s:\n{tail(log)}")
    return call.at_s - answered_s


def _wait_until_passed(address: str, log: Path) -> None:
    deadline_s = time.monotonic() + PASSED_S_MAX
    while not _is_passed(_scraped(address)):
        if time.monotonic() > deadline_s:
            raise DriveFailed(
                f"no probe of {STABLE} passed within {PASSED_S_MAX:g} s:\n{tail(log)}"
            )
        time.sleep(POLLED_S)


def _is_passed(lines: Sequence[str]) -> bool:
    return any('result="pass"' in line and not line.endswith(" 0.0") for line in lines)


def _scraped(address: str) -> list[str]:
    try:
        return httpx.get(f"http://{address}/metrics").text.splitlines()
    except httpx.TransportError:
        return []
