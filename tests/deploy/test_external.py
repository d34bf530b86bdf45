"""A release that runs already is verified and never touched."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.deploy.external import ExternalDeployer
from harness.deploy.seams import Deployment
from harness.errors import ReleaseDown, UsageError
from harness.model import Release
from harness.plan import Plan
from harness.runs import RunFolder

RELEASE = Release("1.1.0")
Write = Callable[..., Plan]


class Site:
    """A running application: what its health address answers can be set."""

    def __init__(self) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                names = site.names
                body = json.dumps({"release": names.pop(0) if len(names) > 1 else names[0]})
                self.send_response(200 if self.path == "/below/healthz" else 404)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.names: list[object] = ["1.1.0"]
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/below"


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join(5)


def make(write_plan: Write, run: RunFolder, url: str, health_s: float = 1.0) -> ExternalDeployer:
    plan = write_plan(sections=f'[release.external]\nurl = "{url}/"\n', health_s=health_s)
    return ExternalDeployer(plan, run)


def test_a_running_release_is_taken_as_it_is(write_plan: Write, run: RunFolder, site: Site) -> None:
    """The address and the storages of a running release are those of the plan."""
    with make(write_plan, run, site.url).deploy(RELEASE, "candidate", None) as deployment:
        assert deployment.url == site.url
        assert deployment.storages == {"main": "postgresql://u@127.0.0.1:1/none"}
        assert deployment.alive()
        assert deployment.tail() == ""


def test_a_running_address_that_becomes_another_release_is_told(
    write_plan: Write, run: RunFolder, site: Site
) -> None:
    """What was rolled out or back in the middle is not the release that was promised."""
    with make(write_plan, run, site.url).deploy(RELEASE, "candidate", None) as deployment:
        site.names = ["1.2.0"]

        assert not deployment.alive()
        assert deployment.tail() == "/healthz answers release '1.2.0', not '1.1.0'"


ACTS: dict[str, Callable[[Deployment], object]] = {
    "kill": lambda running: running.kill(),
    "end": lambda running: running.end("app"),
    "pause": lambda running: running.pause(),
    "resume": lambda running: running.resume(),
    "restart": lambda running: running.restart(graceful=True),
    "restart storage": lambda running: running.restart_storage("main"),
    "roll back": lambda running: running.roll_back(),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_running_release_cannot_be_acted_on(
    write_plan: Write, run: RunFolder, site: Site, act: str
) -> None:
    """Faults need a release that the harness has started itself."""
    with make(write_plan, run, site.url).deploy(RELEASE, "candidate", None) as deployment:
        with pytest.raises(UsageError, match="runs already and cannot be"):
            ACTS[act](deployment)

        assert deployment.alive()


def test_a_roll_out_that_is_still_under_way_is_waited_for(
    write_plan: Write, run: RunFolder, site: Site
) -> None:
    """A running address may answer the old release for a while."""
    site.names = ["1.0.0", "1.0.0", "1.1.0"]

    with make(write_plan, run, site.url, 5.0).deploy(RELEASE, "candidate", None) as deployment:
        assert deployment.release == RELEASE


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("1.0.0", r"/healthz answers release '1\.0\.0', not '1\.1\.0'"),
        (None, "/healthz answers no release: its JSON has no text under 'release'"),
    ],
)
def test_a_running_address_that_stays_another_release_is_refused(
    write_plan: Write, run: RunFolder, site: Site, name: object, said: str
) -> None:
    """What runs at the address has to name itself as the release that is asked for."""
    site.names = [name]

    with pytest.raises(ReleaseDown, match=said):
        make(write_plan, run, site.url, 0.2).deploy(RELEASE, "candidate", None).__enter__()


def test_an_address_where_nothing_answers_is_said(write_plan: Write, run: RunFolder) -> None:
    """Where nothing listens the last failure is in the sentence."""
    deployer = make(write_plan, run, "http://127.0.0.1:1", 0.2)

    with pytest.raises(ReleaseDown, match="Connection refused"):
        deployer.deploy(RELEASE, "candidate", None).__enter__()


def test_what_is_no_address_is_a_wrong_plan(write_plan: Write, run: RunFolder) -> None:
    """An address without http:// is told to the one who wrote it."""
    with pytest.raises(UsageError, match="is no address"):
        make(write_plan, run, "staging:80").deploy(RELEASE, "candidate", None).__enter__()


def test_a_running_release_keeps_its_own_storages(
    write_plan: Write, run: RunFolder, site: Site
) -> None:
    """Other storages cannot be put under a running release."""
    deployer = make(write_plan, run, site.url)

    with pytest.raises(UsageError, match="keeps its own storages"):
        deployer.deploy(RELEASE, "candidate", None, {"main": "x"}).__enter__()


def test_a_running_release_needs_addresses_in_its_plan(write_plan: Write, run: RunFolder) -> None:
    """Without an address for the release or a storage there is nothing to look at."""
    with pytest.raises(UsageError, match=r"no \[release\.external\]"):
        ExternalDeployer(write_plan(), run)
    plan = write_plan(sections='[release.external]\nurl = "http://h"\n', storage="")
    with pytest.raises(UsageError, match="storage main has no url"):
        ExternalDeployer(plan, run)
