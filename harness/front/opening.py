"""The front as the gate holds it: started with the block, told what to do, gone at its end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from harness.errors import EnvironmentBroken, UsageError
from harness.front.counts import Counts

START_S_MAX = 30.0
COMMAND_S_MAX = 30.0
END_S_MAX = 2.0
POLL_S = 0.01
FRONTS_MAX = 64
LOG = "front.log"

Side: TypeAlias = Literal["request", "answer"]


class Lease(Protocol):
    """Where what runs on this host is noted, for whoever cleans up after a gate that was killed."""

    def record_process(self, pid: int, command: str) -> None:
        """Note a started process."""
        ...


class Run(Protocol):
    """What a front needs of a run's folder."""

    @property
    def logs(self) -> Path:
        """Where the front's output goes."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """What marks every process of the run."""
        ...

    @property
    def lease(self) -> Lease:
        """What the run holds on this host."""
        ...


class Front:
    """One address, url, before the targets; safe to be told from several threads.

    Each act is in effect when it returns: requests that the front has whole heads of afterwards
    follow it, those that were sent on before stay where they are, and so do tunnels (WebSocket),
    which only a cut ends.
    What was sent on is never sent again. A target that takes no connection, or gives no answer, is
    answered for with 502 and a ``Harness-Front`` header, which no other answer has. Every act
    raises UsageError where it names what is not there, and EnvironmentBroken where the front died.
    """

    def __init__(
        self, line: socket.socket, process: subprocess.Popen[bytes], log: Path, forwarded: bool
    ) -> None:
        self._line = line
        self._process = process
        self._log = log
        self._buffer = b""
        self._telling = threading.Lock()
        self.url = str(self._heard(START_S_MAX)["url"])
        self._tell("forward", on=forwarded)

    @property
    def pid(self) -> int:
        """The process that is the front."""
        return self._process.pid

    def add(self, target: str, url: str) -> None:
        """A further target, or a new address of one; where it is the only one it gets all."""
        self._tell("add", target=target, url=url)

    def to(self, target: str) -> None:
        """Every request that no route fits goes to this target."""
        self.split({target: 1})

    def split(self, shares: Mapping[str, int], sticky: bool = False) -> None:
        """Requests that no route fits are shared by weight, in turn.

        sticky keeps a browser where its first answer came from, by a cookie of the front's own that
        that answer brings and that no application sees. Browsers that share cookies (a stored
        state) share the target.
        """
        self._tell("split", shares=dict(shares), sticky=sticky)

    def route(self, pattern: str, target: str) -> None:
        """What fits the pattern goes to this target, whatever else is said; the last one wins.

        ``/static/*`` or ``GET /notes/*``: a path without its query, a method before it.
        """
        self._tell("route", pattern=pattern, target=target)

    def unroute(self, pattern: str) -> None:
        """Forget the route of that very pattern."""
        self._tell("route", pattern=pattern, target=None)

    def hold(
        self, *, target: str | None = None, pattern: str | None = None, side: Side = "request"
    ) -> AbstractContextManager[None]:
        """Within the block requests wait in the front; after it they go where they are due then.

        Of the answer's side: the target has acted, and its answer waits. A client that gives up
        takes its request with it.
        """
        return self._lasting("hold", target, pattern, side)

    def delayed(
        self,
        seconds: float,
        *,
        target: str | None = None,
        pattern: str | None = None,
        side: Side = "request",
    ) -> AbstractContextManager[None]:
        """Within the block requests, or answers, are passed on that much later."""
        return self._lasting("delay", target, pattern, side, seconds=seconds)

    def reset(
        self,
        after_bytes: int = 0,
        *,
        target: str | None = None,
        pattern: str | None = None,
        side: Side = "answer",
    ) -> AbstractContextManager[None]:
        """Within the block connections are reset once that many bytes, head included, have passed.

        With none, of the answer's side: the target has acted, and the client never learns of it.
        What is shorter passes whole.
        """
        return self._lasting("reset", target, pattern, side, after_bytes=after_bytes)

    def cut(
        self, *, target: str | None = None, pattern: str | None = None
    ) -> AbstractContextManager[None]:
        """What is under way is reset at once, and within the block whatever comes is, unsent.

        Without target and pattern connections that carry nothing are reset as well.
        """
        return self._lasting("cut", target, pattern, "request")

    def answered(self) -> dict[str, Counts]:
        """What became of the requests so far, by target."""
        return {name: Counts(**counts) for name, counts in self._tell("counts").items()}

    @contextmanager
    def _lasting(
        self, kind: str, target: str | None, pattern: str | None, side: Side, **facts: float
    ) -> Iterator[None]:
        fault = {"kind": kind, "target": target, "pattern": pattern, "side": side, **facts}
        number = self._tell("begin", fault=fault)
        try:
            yield
        finally:
            self._tell("end", number=number)

    def _tell(self, act: str, **told: object) -> Any:
        line = json.dumps({"do": act, **told}).encode() + b"\n"
        with self._telling:
            try:
                self._line.settimeout(COMMAND_S_MAX)
                self._line.sendall(line)
            except OSError as error:
                raise self._gone(f"took no command: {error}") from error
            answer = self._heard(COMMAND_S_MAX)
        if "error" in answer:
            raise UsageError(f"the front cannot do this: {answer['error']}")
        return answer["gave"]

    def _heard(self, limit_s: float) -> dict[str, Any]:
        deadline_s = time.monotonic() + limit_s
        while b"\n" not in self._buffer:
            try:
                self._line.settimeout(max(POLL_S, deadline_s - time.monotonic()))
                data = self._line.recv(65_536)
            except OSError as error:
                raise self._gone(f"did not answer within {limit_s:g} s: {error}") from error
            if not data:
                raise self._gone("ended")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        heard: dict[str, Any] = json.loads(line)
        return heard

    def _gone(self, what: str) -> EnvironmentBroken:
        return EnvironmentBroken(
            f"the front (process {self.pid}) {what}; nothing passes it any more, see {self._log}"
        )


@contextmanager
def open_front(run: Run, targets: Mapping[str, str], forwarded: bool = False) -> Iterator[Front]:
    """A front before the targets (URL by name); the first one gets all requests until told.

    forwarded adds X-Forwarded-For and X-Forwarded-Proto to requests, which else reach the targets
    as they were sent. Raises EnvironmentBroken where it does not start, UsageError where a target
    is no plain HTTP address.
    """
    with open_fronts(run, 1, targets, forwarded) as (front,):
        yield front


@contextmanager
def open_fronts(
    run: Run, count: int, targets: Mapping[str, str], forwarded: bool = False
) -> Iterator[tuple[Front, ...]]:
    """As many fronts before the same targets, each told for itself; one process is all of them.

    Starting a process costs more than serving a whole round of scenarios. Raises as open_front.
    """
    if not 1 <= count <= FRONTS_MAX:
        raise UsageError(f"{count} fronts were asked for; ask for 1 to {FRONTS_MAX}")
    log = run.logs / LOG
    pairs = [socket.socketpair() for _ in range(count)]
    with ExitStack() as ours:
        with ExitStack() as theirs:
            for here, there in pairs:
                ours.enter_context(here)
                theirs.enter_context(there)
            process = _start([there for _, there in pairs], run, log)
        ours.callback(_end, process)
        # What ends last ends first: the lines, and by that the process.
        for here, _ in pairs:
            ours.callback(here.close)
        run.lease.record_process(process.pid, "front")
        fronts = tuple(Front(here, process, log, forwarded) for here, _ in pairs)
        for front in fronts:
            for name, url in targets.items():
                front.add(name, url)
        yield fronts


def _start(lines: Sequence[socket.socket], run: Run, log: Path) -> subprocess.Popen[bytes]:
    ends = [line.fileno() for line in lines]
    try:
        with log.open("ab") as output:
            return subprocess.Popen(
                # What lies about in the current folder is no module of ours.
                [sys.executable, "-P", "-m", "harness.front", *map(str, ends)],
                env={
                    **os.environ,
                    **run.environment,
                    "PYTHONPATH": os.pathsep.join(sys.path),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=ends,
                start_new_session=True,  # Ctrl-C is for the gate, which then ends the front
            )
    except OSError as error:
        raise EnvironmentBroken(f"the front cannot be started: {error}") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """It ends with its lines; where it does not it is killed."""
    try:
        process.wait(END_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_S_MAX)
