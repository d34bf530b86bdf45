from __future__ import annotations

import http.client
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.deploy.process import ProcessDeployer
from harness.plan import Plan, load_plan
from harness.runs import RunFolder, create_run

APPLICATION = Path(__file__).with_name("application.py")


def act(*words: str) -> str:
    """A command of the small application, as a plan writes it."""
    return json.dumps(["python", str(APPLICATION), *words])


PLAN = """
[app]
name = "small"
[release]
deployer = "process"
health = {{ path = "/healthz", release = "release", timeout_s_max = {health_s} }}
env = {{ DATABASE_URL = "{{storage.main.url}}", WORD = "of {{release}}"{env} }}
{release}
[release.process]
command = ["python", "{application}", "serve", "--port", "{{port}}",
           "--release", "{{release}}"{more}]
{sections}
[storage.main]
engine = "postgres"
{storage}
[form.note]
storage = "main"
table = "note"
key = "id"
fields = ["text"]
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunFolder]:
    with create_run(tmp_path / "runs") as run:
        yield run


@pytest.fixture
def write_plan(tmp_path: Path) -> Callable[..., Plan]:
    """The small application's plan: arguments of serve, keys of [release], further sections."""

    def write(
        *more: str,
        release: str = "",
        sections: str = "",
        env: str = "",
        storage: str = 'url = "postgresql://u@127.0.0.1:1/none"',
        health_s: float = 10.0,
    ) -> Plan:
        text = PLAN.format(
            application=APPLICATION,
            more="".join(f", {json.dumps(word)}" for word in more),
            release=release,
            sections=sections,
            env=f", {env}" if env else "",
            storage=storage,
            health_s=health_s,
        )
        text = text.replace('fields = ["text"]', 'fields = { text = "text" }')
        (tmp_path / "harness.toml").write_text(text)
        return load_plan(tmp_path, {"TOKEN": "s3cr3t-token"})

    return write


@pytest.fixture
def deployer(run: RunFolder, write_plan: Callable[..., Plan]) -> Callable[..., ProcessDeployer]:
    """A process deployer for the small application; arguments as write_plan takes them."""

    def make(*more: str, **keys: Any) -> ProcessDeployer:
        return ProcessDeployer(write_plan(*more, **keys), run, os.environ)

    return make


@pytest.fixture
def step() -> Callable[..., str]:
    """A command of the small application, as a plan writes it."""
    return act


@pytest.fixture
def health() -> Callable[[str], dict[str, Any]]:
    """What the small application says of itself."""

    def ask(url: str) -> dict[str, Any]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
        connection.request("GET", "/healthz")
        data: dict[str, Any] = json.load(connection.getresponse())
        connection.close()
        return data

    return ask
