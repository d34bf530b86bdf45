"""A gate's verdict as Prometheus takes it: a file for node_exporter, or a push.

A gate lives too short to be scraped. What is pushed stays for ever: whoever alerts on a verdict
looks at the time of its run as well.
"""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.parse import unquote, urlsplit

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import (
    basic_auth_handler,
    default_handler,
    push_to_gateway,
    write_to_textfile,
)

from harness.errors import EnvironmentBroken, UsageError
from harness.runs.disk import broken_disk
from harness.verdict import Answer, Verdict

PREFIX = "harness"
JOB = "harness_gate"
PUSH_S_MAX = 10.0


def gate_metrics(verdict: Verdict, at_s: float) -> CollectorRegistry:
    """What one gate says, in a registry of its own; at_s is when it ended (Unix time)."""
    registry = CollectorRegistry()
    labels = (verdict.app, verdict.release.name)
    said = Gauge(
        "gate_verdict",
        "1 for the verdict of the newest gate, 0 for the others",
        ["app", "release", "verdict"],
        namespace=PREFIX,
        registry=registry,
    )
    for answer in Answer:
        said.labels(*labels, str(answer)).set(answer is verdict.verdict)
    figures = {
        "gate_last_run_timestamp_seconds": ("When the newest gate ended", at_s),
        "gate_duration_seconds": ("How long the newest gate took", verdict.duration_s),
    }
    for name, (meaning, figure) in figures.items():
        gauge = Gauge(name, meaning, ["app", "release"], namespace=PREFIX, registry=registry)
        gauge.labels(*labels).set(figure)
    return registry


def write_metrics(path: Path, registry: CollectorRegistry) -> None:
    """Write the text format in one step, readable for a textfile collector.

    Raises EnvironmentBroken.
    """
    try:
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise broken_disk("written", path, error) from error


def check_gateway(address: str) -> str:
    """The address of a Pushgateway as it was given; raises UsageError where it is none."""
    try:
        parts = urlsplit(address)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if not right:
        # After the last @, if there is one: before it may stand a password.
        shown = address.rpartition("@")[2]
        raise UsageError(f"{shown!r} is no Pushgateway; write http://HOST:9091")
    return address


def push_metrics(address: str, registry: CollectorRegistry, app: str) -> None:
    """Push, in place of what an earlier gate of the application left there.

    Raises EnvironmentBroken where the gateway does not take it.
    """
    parts = urlsplit(address)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    name, password = (unquote(word or "") for word in (parts.username, parts.password))

    def signed_in(
        url: str, method: str, timeout: float | None, headers: list[tuple[str, str]], data: bytes
    ) -> Callable[[], None]:
        return basic_auth_handler(url, method, timeout, headers, data, name, password)

    handler = signed_in if parts.username is not None else default_handler
    try:
        push_to_gateway(bare, JOB, registry, {"app": app}, timeout=PUSH_S_MAX, handler=handler)
    except (OSError, ValueError, HTTPException) as error:
        raise EnvironmentBroken(
            f"the metrics could not be pushed to {bare}: {str(error) or type(error).__name__}"
        ) from None
