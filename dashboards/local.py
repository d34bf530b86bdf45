"""The stack as processes of this machine: the shipped configuration on free ports of loopback.

Nothing of what is configured is replaced but addresses, and the intervals where they are asked for.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from dashboards.programs import HERE, program
from harness.deploy.ports import HOST, reserve_port
from harness.errors import EnvironmentBroken

READY_S_MAX = 30.0
STOPPED_S_MAX = 10.0
REQUEST_S_MAX = 10.0
POLLED_S = 0.05
Tree = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One message of Alertmanager's: when it came (monotonic), to which path, and what it says."""

    at_s: float
    path: str
    told: Tree

    def alerts(self, name: str, status: str = "firing", **labels: str) -> list[Tree]:
        """Its alerts of that name and status, with these labels."""
        wanted = {"alertname": name, **labels}.items()
        return [
            alert
            for alert in self.told["alerts"]
            if wanted <= alert["labels"].items() and alert["status"] == status
        ]


@dataclass
class Receiver:
    """Whoever is told: every call that came, in order."""

    url: str
    calls: list[Call] = field(default_factory=list)

    def wait(
        self, path: str, name: str, s_max: float, status: str = "firing", **labels: str
    ) -> Call | None:
        """The first call to a path that holds such an alert, or None if none comes in time."""
        deadline_s = time.monotonic() + s_max
        while True:
            for call in list(self.calls):
                if call.path == path and call.alerts(name, status, **labels):
                    return call
            if time.monotonic() > deadline_s:
                return None
            time.sleep(POLLED_S)


@contextlib.contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver that listens on a port of its own."""
    found = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.calls.append(Call(time.monotonic(), self.path, json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with _listening(Handler) as found.url:
        yield found


class Exposed:
    """What a canary would say: the text of /metrics, which may change at any time."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.address = ""


@contextlib.contextmanager
def exposing(text: str = "") -> Iterator[Exposed]:
    """Serve metrics on a port of its own."""
    found = Exposed(text)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = found.text.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with _listening(Handler) as url:
        found.address = url.removeprefix("http://")
        yield found


@contextlib.contextmanager
def _listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer((HOST, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API; raises EnvironmentBroken where it is an error."""
        url = f"{self.url}/api/v1/{path}?{urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=REQUEST_S_MAX) as answer:  # noqa: S310
                return json.load(answer)["data"]
        except OSError as error:
            raise EnvironmentBroken(f"Prometheus did not answer {url}: {error}") from error


@dataclass(frozen=True)
class Stack:
    """The addresses of what runs, and who is told."""

    prometheus: Prometheus
    alertmanager: str
    pushgateway: str
    told: Receiver


def prometheus_config(
    canary: str, alertmanager: str, pushgateway: str, every_s: float | None
) -> Tree:
    """The shipped configuration with other addresses, and with other intervals where asked."""
    told: Tree = yaml.safe_load((HERE / "prometheus" / "prometheus.yml").read_text("utf-8"))
    told["rule_files"] = [str(HERE / "prometheus" / "rules.yml")]
    told["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [alertmanager]}]}]
    addresses = {"harness-canary": canary, "pushgateway": pushgateway}
    for job in told["scrape_configs"]:
        job["static_configs"] = [{"targets": [addresses[job["job_name"]]]}]
    if every_s is not None:
        interval = f"{round(every_s * 1000)}ms"
        told["global"] |= {
            "scrape_interval": interval,
            "scrape_timeout": interval,
            "evaluation_interval": interval,
        }
    return told


def alertmanager_config(told_at: str, every_s: float | None) -> Tree:
    """The shipped configuration that calls told_at, with shorter waits where asked."""
    told: Tree = yaml.safe_load((HERE / "alertmanager" / "alertmanager.yml").read_text("utf-8"))
    for one in told["receivers"]:
        for hook in one["webhook_configs"]:
            hook["url"] = told_at + "/" + hook["url"].rpartition("/")[2]
    if every_s is not None:
        for route in (told["route"], *told["route"]["routes"]):
            route["group_wait"] = "0s"
            route["group_interval"] = f"{round(every_s * 1000)}ms"
    return told


@contextlib.contextmanager
def prometheus(folder: Path, config: Tree, *more: str) -> Iterator[Prometheus]:
    """Prometheus on a port of its own; folder keeps its data, and its log."""
    folder.mkdir(parents=True, exist_ok=True)
    config_file = _written(folder, "prometheus", config)
    with _port() as port:
        url = f"http://{HOST}:{port}"
        with _running(
            folder,
            "prometheus",
            [
                f"--config.file={config_file}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={HOST}:{port}",
                f"--web.external-url={url}",
                f"--web.user-assets={HERE / 'runbooks'}",
                *more,
            ],
            f"{url}/-/ready",
        ):
            yield Prometheus(url)


@contextlib.contextmanager
def stack(folder: Path, canary: str, every_s: float | None = None) -> Iterator[Stack]:
    """All three beside a canary's address; every_s is in place of all shipped intervals."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as parts:
        told = parts.enter_context(receiver())
        gateway, manager = (parts.enter_context(_port()) for _ in range(2))
        gateway_at, manager_at = f"{HOST}:{gateway}", f"{HOST}:{manager}"
        parts.enter_context(
            _running(
                folder,
                "pushgateway",
                # Debian's keeps what was pushed for every other one of this machine.
                [f"--web.listen-address={gateway_at}", "--persistence.file="],
                f"http://{gateway_at}/-/ready",
            )
        )
        config_file = _written(folder, "alertmanager", alertmanager_config(told.url, every_s))
        parts.enter_context(
            _running(
                folder,
                "alertmanager",
                [
                    f"--config.file={config_file}",
                    f"--storage.path={folder / 'alertmanager'}",
                    f"--web.listen-address={manager_at}",
                    "--cluster.listen-address=",
                ],
                f"http://{manager_at}/-/ready",
            )
        )
        config = prometheus_config(canary, manager_at, gateway_at, every_s)
        # Resent soon, should the first attempt come before Alertmanager is known.
        more = [] if every_s is None else ["--rules.alert.resend-delay=1s"]
        found = parts.enter_context(prometheus(folder, config, *more))
        yield Stack(found, f"http://{manager_at}", f"http://{gateway_at}", told)


@contextlib.contextmanager
def _port() -> Iterator[int]:
    port = reserve_port()
    try:
        yield port.number
    finally:
        port.free()


def _written(folder: Path, name: str, config: Tree) -> Path:
    path = folder / f"{name}.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


@contextlib.contextmanager
def _running(folder: Path, name: str, arguments: Sequence[str], ready: str) -> Iterator[None]:
    """A process that answers at ready; raises EnvironmentBroken with its log where it does not."""
    log = folder / f"{name}.log"
    with log.open("wb") as stream:
        child = subprocess.Popen(
            [program(name), *arguments], stdout=stream, stderr=subprocess.STDOUT, cwd=folder
        )
    try:
        deadline_s = time.monotonic() + READY_S_MAX
        while not _answers(ready):
            if child.poll() is not None or time.monotonic() > deadline_s:
                raise EnvironmentBroken(
                    f"{name} did not answer at {ready}; {log} ends:\n{log.read_text()[-2000:]}"
                )
            time.sleep(POLLED_S)
        yield
    finally:
        end(child, STOPPED_S_MAX)


def end(child: subprocess.Popen[bytes], stopped_s_max: float) -> None:
    """Ask a program to end, and kill it where it has not after so long."""
    child.terminate()
    try:
        child.wait(stopped_s_max)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=REQUEST_S_MAX):  # noqa: S310 - it is our own
            return True
    except OSError:
        return False
