"""A verdict for Prometheus: one-hot, with the time of its run, in a file or pushed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from harness.cli.measuring import check_places, tell_prometheus
from harness.errors import EnvironmentBroken, UsageError
from harness.report.prometheus import check_gateway, gate_metrics, push_metrics, write_metrics
from harness.verdict import Answer
from tests.report.verdicts import verdict

ENDED_S = 1_700_000_000.0


def samples(text: str) -> dict[tuple[str, str], float]:
    """By name and verdict."""
    families = text_string_to_metric_families(text)
    found = [sample for family in families for sample in family.samples]
    assert {"shop"} == {sample.labels["app"] for sample in found}
    assert {"2.0"} == {sample.labels["release"] for sample in found}
    return {(one.name, one.labels.get("verdict", "")): one.value for one in found}


def text_of(registry: CollectorRegistry) -> str:
    return generate_latest(registry).decode()


@pytest.mark.parametrize("answer", list(Answer))
def test_one_verdict_is_hot(answer: Answer) -> None:
    """Of the three verdicts exactly the one that was given is 1."""
    found = samples(text_of(gate_metrics(verdict(answer), ENDED_S)))

    said = {told: value for (name, told), value in found.items() if name == "harness_gate_verdict"}
    assert {str(one): float(one is answer) for one in Answer} == said


def test_when_and_how_long() -> None:
    """An alert sees when the gate ended: what is pushed stays for ever."""
    whole = verdict(duration_s=12.5)
    found = samples(text_of(gate_metrics(whole, ENDED_S)))

    assert ENDED_S == found["harness_gate_last_run_timestamp_seconds", ""]
    assert 12.5 == found["harness_gate_duration_seconds", ""]


def test_a_file_is_for_others_to_read(tmp_path: Path) -> None:
    """A collector that runs as somebody else reads the file, which holds the whole text."""
    path = tmp_path / "gate.prom"
    registry = gate_metrics(verdict(Answer.BLOCK), ENDED_S)
    write_metrics(path, registry)

    assert text_of(registry) == path.read_text("utf-8")
    assert path.stat().st_mode & 0o044
    assert [path] == list(tmp_path.iterdir())


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    """What cannot be written says which file, and why."""
    with pytest.raises(EnvironmentBroken, match=r"gone/gate\.prom cannot be written"):
        write_metrics(tmp_path / "gone" / "gate.prom", gate_metrics(verdict(), ENDED_S))


@contextmanager
def gateway(status: int) -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """A Pushgateway that answers so, and what it was given."""
    given: list[tuple[str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            given.append((self.command, self.path, body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", given
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_push_takes_the_place_of_the_one_before() -> None:
    """Whatever release was gated last stands there alone: one group for each application."""
    with gateway(202) as (url, given):
        push_metrics(url, gate_metrics(verdict(Answer.BLOCK), ENDED_S), "shop")

    (method, path, body), *more = given
    assert ("PUT", "/metrics/job/harness_gate/app/shop", []) == (method, path, more)
    assert 1.0 == samples(body.decode())["harness_gate_verdict", "block"]


@pytest.mark.parametrize("status", [400, 500])
def test_a_gateway_that_refuses_is_told(status: int) -> None:
    """What was not taken is an error with the address."""
    with gateway(status) as (url, _), pytest.raises(EnvironmentBroken, match=url):
        push_metrics(url, gate_metrics(verdict(), ENDED_S), "shop")


@pytest.mark.parametrize("address", ["localhost:9091", "ftp://host", "http://", ""])
def test_what_is_no_gateway_is_refused_before_the_gate(address: str) -> None:
    """A slip of the pen costs no gate."""
    with pytest.raises(UsageError, match="is no Pushgateway"):
        check_gateway(address)


def test_places_are_looked_at_before_the_gate(tmp_path: Path) -> None:
    """A folder that is not there is a wrong argument; one that is there is none."""
    with pytest.raises(UsageError, match="there is no folder"):
        check_places(tmp_path / "gone" / "file", None)
    check_places(tmp_path / "file", "http://gateway:9091")


def test_a_verdict_stands_whatever_prometheus_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A gateway that is down is said, and the file is written all the same."""
    path = tmp_path / "gate.prom"
    tell_prometheus(verdict(), path, "http://127.0.0.1:9")

    assert path.exists()
    assert "could not be pushed to http://127.0.0.1:9" in capsys.readouterr().err


def test_a_gateway_that_speaks_no_http_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever listens there: the verdict stands, and its exit code with it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def work() -> None:
            with server.accept()[0] as taken:
                taken.recv(65_536)
                taken.sendall(b"220 mail ready\r\n")

        thread = threading.Thread(target=work)
        thread.start()
        tell_prometheus(verdict(), None, f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join(10)

    assert "could not be pushed to" in capsys.readouterr().err


def test_a_password_of_the_gateway_is_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither where it is down nor where the address is none; it is used to sign in."""
    tell_prometheus(verdict(), None, "http://me:hidden-word@127.0.0.1:9")
    with pytest.raises(UsageError) as refused:
        check_gateway("http://me:hidden-word@:port")

    said = capsys.readouterr().err
    assert "could not be pushed to http://127.0.0.1:9" in said
    assert "hidden-word" not in said + str(refused.value)
