"""A worker by itself: what it says where it is given nothing to drive."""

from __future__ import annotations

import socket
import textwrap
import time
from pathlib import Path

import pytest

from harness.drive.load_spec import GIVEN, LoadSpec, write_load_spec
from harness.drive.load_worker import WorkerSpec, drive_share
from harness.errors import DriveFailed, EnvironmentBroken, UsageError
from harness.model import Leg
from tests.plugin.conftest import Folder

WRITER = """
from locust import FastHttpUser, task

class Writer(FastHttpUser):
    @task
    def write(self):
        pass
"""


def worker(folder: Path, text: str, **changes: float) -> tuple[WorkerSpec, Folder]:
    """A worker whose master is not there, and its run."""
    (folder / "run" / "logs").mkdir(parents=True)
    (folder / "load.py").write_text(textwrap.dedent(text), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    spec = WorkerSpec(
        host="127.0.0.1",
        port=port,
        file=folder / "load.py",
        root=folder,
        folder=folder / "kept",
        name="one",
        **changes,
    )
    return spec, Folder(folder / "run")


@pytest.mark.parametrize(
    ("text", "words"),
    [("import nowhere_to_be_found\n", "nowhere_to_be_found"), ("x = 1\n", "No User class found")],
    ids=["does not import", "has no user"],
)
def test_a_load_file_that_cannot_be_driven_is_said_at_once(
    tmp_path: Path, text: str, words: str
) -> None:
    """A worker whose load file is wrong does not wait for its master."""
    spec, run = worker(tmp_path, text)
    began_s = time.monotonic()
    with pytest.raises(DriveFailed, match=f"(?s)no share of a load was given out.*{words}"):
        drive_share(spec, run)

    assert time.monotonic() - began_s < spec.master_s_max / 4


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A worker that may not write where it keeps its journal says where that is, and drives not."""
    spec, run = worker(tmp_path, "x = 1\n")
    spec.folder.write_text("in the way")
    with pytest.raises(EnvironmentBroken, match=r"kept/journal cannot be created"):
        drive_share(spec, run)


def test_a_master_that_is_not_there_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """Past its time a worker says where it looked, and what starts one."""
    spec, run = worker(tmp_path, WRITER, master_s_max=1.0)
    with pytest.raises(DriveFailed, match=f"no master at 127.0.0.1:{spec.port} gave out a share"):
        drive_share(spec, run)


@pytest.mark.parametrize(
    ("address", "raised", "words"),
    [
        ("not mounted/run", EnvironmentBroken, "not%20mounted/run cannot be found: its master's"),
        ("what://x/run", UsageError, "nothing here reads what://x/run"),
    ],
)
def test_a_worker_at_a_wrong_address_does_not_drive(
    tmp_path: Path, address: str, raised: type[Exception], words: str
) -> None:
    """Where its journal could never come home a worker ends at once, and makes no folder there."""
    spec, run = worker(tmp_path, WRITER)
    journal_to = address if "://" in address else (tmp_path / address).as_uri()
    spec.folder.mkdir()
    given = LoadSpec(
        run="ab12", url="http://127.0.0.1:9", file=spec.file, root=spec.root, journal=spec.folder,
        files=spec.folder, forms={}, rate=1.0, legs=(Leg(1.0, 1.0),), users=1,
        journal_to=journal_to,
    )  # fmt: skip
    write_load_spec(spec.folder / GIVEN, given)
    began_s = time.monotonic()
    with pytest.raises(raised, match=words):
        drive_share(spec, run)

    assert time.monotonic() - began_s < spec.master_s_max / 4
    assert not (tmp_path / "not mounted").exists()
