from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.front import Front, open_front
from harness.runs import RunFolder, create_run
from tests.front.application import Application, Caller, Reply, by_name, running

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunFolder]:
    folder: Path = tmp_path_factory.mktemp("front")
    with create_run(folder / "runs") as run:
        yield run


@pytest.fixture(scope="module")
def opened(run: RunFolder) -> Iterator[Front]:
    with open_front(run, {"nobody": "http://127.0.0.1:1"}) as front:
        yield front
    assert (run.logs / "front.log").read_text() == ""


@pytest.fixture
def behind(opened: Front) -> Iterator[Callable[..., Application]]:
    """Start one more application behind the front; the first of a test gets every request."""
    with ExitStack() as stack:
        number = next(NUMBERS)
        count = itertools.count()

        def start(name: str = "old", reply: Reply = by_name) -> Application:
            application = stack.enter_context(running(f"{name}-{number}", reply))
            opened.add(application.name, application.url)
            if not next(count):
                opened.to(application.name)
            return application

        yield start


@pytest.fixture
def front(opened: Front) -> Front:
    return opened


@pytest.fixture
def caller(front: Front) -> Iterator[Caller]:
    caller = Caller(front.url)
    yield caller
    caller.sock.close()
