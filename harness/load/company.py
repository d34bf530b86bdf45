"""The processes of one load, under Locust's master: all begin at one moment, and end together.

Workers say when their users are there, the master says when to begin, workers say when they are
over. A load that has lost a worker has lost its share of the evidence, so it ends at once.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.drive.load_spec import (
    BROKEN,
    PLACE_VARIABLE,
    VARIABLE,
    LoadSpec,
    read_load_spec,
    spec_to_text,
)

READY, BEGIN, OVER = "harness-ready", "harness-begin", "harness-over"
# A message is everywhere by then.
AHEAD_S = 0.5
# A worker's users gather for 10 s at most, and its first may be there before another's.
READY_S_MAX = 20.0
WATCH_S = 0.5
# Locust's master answers every second; one that is silent for so long is gone.
MASTER_S_MAX = 10.0
# The same of a worker, after the seconds in which Locust comes to miss it: on a host that is too
# busy it may be silent for a while, and drive on.
MISSING_S_MAX = 10.0

_said = logging.getLogger("harness")


def attend() -> None:
    """Where Locust is driven by the harness, have its master lead, and its workers watch it."""
    locust = sys.modules.get("locust")
    if locust is None or not {VARIABLE, PLACE_VARIABLE} & set(os.environ):
        return

    def begin(runner: Any, **_: object) -> None:
        if is_master(runner):
            Master(runner, read_load_spec(Path(os.environ[VARIABLE])))
        elif is_worker(runner):
            threading.Thread(target=_watch_master, args=(runner,), daemon=True).start()

    locust.events.init.add_listener(begin)


def is_master(runner: Any) -> bool:
    """Whether Locust's runner has workers."""
    return hasattr(runner, "clients")


def is_worker(runner: Any) -> bool:
    """Whether Locust's runner has a master."""
    return hasattr(runner, "worker_state")


class Master:
    """Leads the workers of one load; ends it with BROKEN where one of them is missing."""

    def __init__(self, runner: Any, spec: LoadSpec) -> None:
        self._runner = runner
        self._expected_n = spec.processes
        self._names: dict[str, str] = {}
        self._over: set[str] = set()
        self._missed_s: dict[str, float] = {}
        self._began = False
        self._since_s: float | None = None
        # What Locust hands on to workers before their first user.
        runner.environment.parsed_options.harness_load = spec_to_text(spec)
        runner.register_message(READY, self._on_ready)
        runner.register_message(OVER, self._on_over)
        threading.Thread(target=self._watch, daemon=True).start()

    def _on_ready(self, msg: Any, **_: object) -> None:
        node, name = str(msg.node_id), str(msg.data["name"])
        self._since_s = self._since_s or time.monotonic()
        if name in (other for id_, other in self._names.items() if id_ != node):
            self._break(f"two workers of the load are called {name!r}; give each its own --name")
            return
        self._names[node] = name
        if len(self._names) == self._expected_n and not self._began:
            self._began = True
            begin = {"boot": boot_id(), "at_s": time.monotonic() + AHEAD_S, "in_s": AHEAD_S}
            self._runner.send_message(BEGIN, begin)

    def _on_over(self, msg: Any, **_: object) -> None:
        self._over.add(str(msg.node_id))
        if self._is_over():
            # Quitting ends who listens to messages, so it is not done by him.
            threading.Thread(target=self._runner.quit, daemon=True).start()

    def _watch(self) -> None:
        while self._runner.environment.process_exit_code is None and not self._is_over():
            time.sleep(WATCH_S)
            gone = [name for node, name in self._names.items() if self._has_left(node)]
            if gone:
                self._break(f"the worker {gone[0]} of the load went away before it was over")
            elif not self._began and self._waited_s() > READY_S_MAX:
                self._break(
                    f"{len(self._names)} of {self._expected_n} workers of the load had their "
                    f"users ready after {READY_S_MAX:g} s"
                )

    def _is_over(self) -> bool:
        return len(self._over) == self._expected_n

    def _waited_s(self) -> float:
        return 0.0 if self._since_s is None else time.monotonic() - self._since_s

    def _has_left(self, node: str) -> bool:
        client = self._runner.clients.get(node)
        if node in self._over or (client is not None and client.state != "missing"):
            self._missed_s.pop(node, None)
            return False
        since_s = self._missed_s.setdefault(node, time.monotonic())
        return client is None or time.monotonic() - since_s > MISSING_S_MAX

    def _break(self, sentence: str) -> None:
        if self._runner.environment.process_exit_code is None:
            _said.error("%s", sentence)
            self._runner.environment.process_exit_code = BROKEN
            threading.Thread(target=self._runner.quit, daemon=True).start()


def _watch_master(runner: Any) -> None:
    """End this worker where its master has gone; whoever saves may finish it."""
    answered_s: list[float] = []

    def answered(**_: object) -> None:
        answered_s[:] = [time.monotonic()]

    runner.environment.events.heartbeat_received.add_listener(answered)
    while True:
        time.sleep(WATCH_S)
        if answered_s and time.monotonic() - answered_s[0] > MASTER_S_MAX:
            _said.error("the master of the load has not answered for %g s", MASTER_S_MAX)
            runner.environment.process_exit_code = BROKEN
            runner.quit()
            return


@dataclass(slots=True)
class Worker:
    """One worker's side: when it may begin, and telling that it is over."""

    runner: Any
    name: str
    clock: Callable[[], float] = time.monotonic
    _begin_s: float | None = None
    _asked: bool = field(default=False)

    def begin(self) -> float | None:
        """When the schedule starts, on this host's monotonic clock; None while nobody knows."""
        if not self._asked:
            self._asked = True
            self.runner.register_message(BEGIN, self._on_begin)
            self.runner.send_message(READY, {"name": self.name})
        return self._begin_s

    def end(self) -> None:
        """Tell that this worker is over, once its users are: who saves may finish it."""
        end_s = self.clock() + float(self.runner.environment.stop_timeout or 0.0)
        while self.runner.user_count and self.clock() < end_s:
            time.sleep(WATCH_S / 10)
        self.runner.send_message(OVER)

    def _on_begin(self, msg: Any, **_: object) -> None:
        # Hosts have clocks of their own; on the master's own host its clock is exact.
        same = msg.data["boot"] is not None and msg.data["boot"] == boot_id()
        at_s = float(msg.data["at_s"]) if same else self.clock() + float(msg.data["in_s"])
        self._begin_s = round(at_s, 6)


def boot_id() -> str | None:
    """What names this start of this host's kernel, and with it its monotonic clock."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
