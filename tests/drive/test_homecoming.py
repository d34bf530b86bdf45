"""How journals come home: over whatever address, whole, or not at all."""

from __future__ import annotations

import json
import sys
import threading
import uuid
from pathlib import Path
from types import SimpleNamespace

import fsspec
import pytest

from harness.drive.homecoming import NOTE, Home
from harness.errors import DriveFailed, EnvironmentBroken, UsageError

ACTS = b'{"schema": "x"}\ni 1.0 ? load/0/1/r1/s1 save\n'


@pytest.fixture(params=["memory", "file"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """An address of each kind that needs nobody else."""
    folder = f"runs-{uuid.uuid4().hex}"
    url = f"memory://{folder}" if request.param == "memory" else (tmp_path / folder).as_uri()
    return Home(url)


def folder_of(parent: Path, name: str, *journals: str) -> Path:
    """A folder with journals of these names."""
    folder = parent / name
    folder.mkdir()
    for journal in journals:
        (folder / journal).write_bytes(ACTS + journal.encode())
    return folder


def test_journals_come_home_as_they_were(home: Home, tmp_path: Path) -> None:
    """What two workers sent is what the master has, byte for byte."""
    home.prepare()
    there = folder_of(tmp_path, "there")
    assert ["load-0-1.acts"] == home.send(folder_of(tmp_path, "one", "load-0-1.acts"))
    assert ["load-1-9.acts"] == home.send(folder_of(tmp_path, "two", "load-1-9.acts"))
    home.fetch(there, 2, 0.0)

    assert {"load-0-1.acts", "load-1-9.acts"} == {path.name for path in there.iterdir()}
    assert ACTS + b"load-1-9.acts" == (there / "load-1-9.acts").read_bytes()


def test_it_waits_for_who_is_late(home: Home, tmp_path: Path) -> None:
    """A journal that comes within the time is waited for."""
    home.prepare()
    late = threading.Timer(1.0, home.send, [folder_of(tmp_path, "one", "load-0-1.acts")])
    late.start()
    there = folder_of(tmp_path, "there")
    home.fetch(there, 1, 30.0)
    late.join()

    assert (there / "load-0-1.acts").exists()


def test_one_that_does_not_come_is_missing(home: Home, tmp_path: Path) -> None:
    """How many came is said, and those that did are kept."""
    home.prepare()
    home.send(folder_of(tmp_path, "one", "load-0-1.acts"))
    there = folder_of(tmp_path, "there")
    with pytest.raises(DriveFailed, match=r"1 of 2 journals of the load came home to .* 0\.1 s"):
        home.fetch(there, 2, 0.1)

    assert (there / "load-0-1.acts").exists()


def test_one_without_its_note_is_still_under_way(home: Home, tmp_path: Path) -> None:
    """A file alone may be half there: it counts once its digest stands beside it."""
    home.prepare()
    fs, path = fsspec.core.url_to_fs(home.url)
    fs.pipe_file(f"{path}/load-0-1.acts", ACTS[:20])
    there = folder_of(tmp_path, "there")
    with pytest.raises(DriveFailed, match="0 of 1 journals"):
        home.fetch(there, 1, 0.0)

    assert [] == list(there.iterdir())


def test_one_that_was_changed_on_the_way_is_no_journal(home: Home, tmp_path: Path) -> None:
    """What is not what its worker sent is never judged."""
    home.prepare()
    home.send(folder_of(tmp_path, "one", "load-0-1.acts"))
    fs, path = fsspec.core.url_to_fs(home.url)
    fs.pipe_file(f"{path}/load-0-1.acts", ACTS)
    there = folder_of(tmp_path, "there")
    with pytest.raises(EnvironmentBroken, match="is not what its worker sent"):
        home.fetch(there, 1, 0.0)

    assert not (there / "load-0-1.acts").exists()


@pytest.mark.parametrize(
    ("shares", "busiest"), [((0.2, 0.97), 0.97), ((0.2, None), None), ((0.0, 0.0), 0.0)]
)
def test_how_busy_each_generator_was_comes_home(
    home: Home, tmp_path: Path, shares: tuple[float | None, ...], busiest: float | None
) -> None:
    """The busiest of all is told, and nobody where one of them does not say."""
    home.prepare()
    for nth, share in enumerate(shares):
        home.send(folder_of(tmp_path, f"of-{nth}", f"load-{nth}-1.acts"), share)

    assert busiest == home.fetch(folder_of(tmp_path, "there"), len(shares), 0.0)


@pytest.mark.parametrize("note", [b"{}", b"[]", b"no", b'{"sha256": "x", "busy": "very"}'])
def test_a_note_that_no_worker_wrote_is_an_error_of_ours(
    home: Home, tmp_path: Path, note: bytes
) -> None:
    """What lies at the address is named, and the harness does not fail over it."""
    home.prepare()
    fs, path = fsspec.core.url_to_fs(home.url)
    fs.pipe_file(f"{path}/load-0-1.acts", ACTS)
    fs.pipe_file(f"{path}/load-0-1.acts{NOTE}", note)
    with pytest.raises(EnvironmentBroken, match="is no note of a worker"):
        home.fetch(folder_of(tmp_path, "there"), 1, 0.0)


class _Foreign(Exception):
    """What is no OSError."""


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("botocore.exceptions", "BotoCoreError"),
        ("webdav4.client", "ClientError"),
        ("httpx", "HTTPError"),
        ("paramiko.ssh_exception", "SSHException"),
        ("ftplib", "Error"),
    ],
)
def test_what_an_address_raises_is_an_error_of_ours(
    monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    """Whatever reads an address has errors of its own; none of them tells who may use it."""

    class Broken:
        def pipe_file(self, path: str, data: bytes) -> None:
            raise _Foreign("no rights at s3://ada:word@host/x")

    monkeypatch.setitem(sys.modules, module, SimpleNamespace(**{name: _Foreign}))
    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda _: (Broken(), "x"))
    with pytest.raises(EnvironmentBroken) as caught:
        Home("s3://ada:word@host/x").prepare()

    assert "s3://host/x cannot be written: no rights at s3://host/x" == str(caught.value)
    assert caught.value.__suppress_context__


class Remote:
    """What its paths begin with is there, or is not; in_folders: a file needs the one it is in."""

    def __init__(self, *there: str, in_folders: bool) -> None:
        self.folders = set(there)
        self.in_folders = in_folders
        self.files: dict[str, bytes] = {}

    def mkdir(self, path: str, create_parents: bool = True) -> None:
        """As buckets and folders have it: with its parents the first of a path is made as well."""
        parent = path.rpartition("/")[0]
        if create_parents:
            self.folders.add(path.partition("/")[0])
        elif path in self.folders:
            raise FileExistsError(path)
        elif (parent if self.in_folders else path.partition("/")[0]) not in self.folders:
            raise FileNotFoundError(parent)
        if self.in_folders:
            self.folders.add(path)

    def makedirs(self, path: str, exist_ok: bool) -> None:
        """The same."""
        self.mkdir(path)

    def pipe_file(self, path: str, data: bytes) -> None:
        """Write a file."""
        folder = path.rpartition("/")[0] if self.in_folders else path.partition("/")[0]
        if folder not in self.folders:
            raise FileNotFoundError(f"nothing is called {folder}")
        self.files[path] = data

    def put_file(self, local: str, path: str) -> None:
        """Write a file that is here."""
        self.pipe_file(path, Path(local).read_bytes())

    def cat_file(self, path: str) -> bytes:
        """Read a file."""
        return self.files[path]


@pytest.mark.parametrize("in_folders", [False, True], ids=["a bucket", "relative folders"])
def test_journals_come_to_what_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, in_folders: bool
) -> None:
    """In a bucket no folder is made, and elsewhere those that are missing below the first."""
    there = Remote("gate", in_folders=in_folders)
    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda url: (there, url.partition("://")[2]))
    home = Home("any://gate/loads/run")
    home.prepare()
    home.send(folder_of(tmp_path, "one", "load-0-1.acts"))

    expected = {"terms.json", "load-0-1.acts", f"load-0-1.acts{NOTE}"}
    assert {f"gate/loads/run/{name}" for name in expected} == there.files.keys()
    made = {"gate/loads", "gate/loads/run"} if in_folders else set()
    assert {"gate", *made} == there.folders


@pytest.mark.parametrize("in_folders", [False, True], ids=["a bucket", "relative folders"])
def test_a_bucket_is_never_made(monkeypatch: pytest.MonkeyPatch, in_folders: bool) -> None:
    """Where the first of a path is not there its name was mistyped, and it stays unmade."""
    there = Remote("gate", in_folders=in_folders)
    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda url: (there, url.partition("://")[2]))
    with pytest.raises(EnvironmentBroken, match="cannot be written: nothing is called gaet"):
        Home("any://gaet/loads/run").prepare()

    assert ({"gate"}, {}) == (there.folders, there.files)


def test_a_worker_at_another_address_than_its_master_is_told(home: Home, tmp_path: Path) -> None:
    """A share that is not mounted, or a mistyped one, is not made there, where nobody looks."""
    with pytest.raises(EnvironmentBroken, match=r"cannot be found: its master's terms\.json"):
        home.send(folder_of(tmp_path, "one", "load-0-1.acts"))

    fs, path = fsspec.core.url_to_fs(home.url)
    assert not fs.exists(path)


def test_who_may_write_and_not_read_sends_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only an address that says that nothing is there is a wrong one."""
    there = Remote("gate", in_folders=False)
    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda url: (there, url.partition("://")[2]))

    def cat_file(path: str) -> bytes:
        raise PermissionError(path)

    monkeypatch.setattr(there, "cat_file", cat_file)

    sent = Home("any://gate/run").send(folder_of(tmp_path, "one", "load-0-1.acts"))

    assert ["load-0-1.acts"] == sent
    assert "gate/run/load-0-1.acts" in there.files


def test_foreign_files_stay_where_they_are(home: Home, tmp_path: Path) -> None:
    """Whatever else lies at the address is no journal, whatever its name would do here."""
    home.prepare()
    fs, path = fsspec.core.url_to_fs(home.url)
    for name in ("verdict.json", "load-x.txt"):
        fs.pipe_file(f"{path}/{name}", b"{}")
        fs.pipe_file(f"{path}/{name}{NOTE}", json.dumps({"sha256": "", "bytes": 2}).encode())
    there = folder_of(tmp_path, "there")
    with pytest.raises(DriveFailed, match="0 of 1 journals"):
        home.fetch(there, 1, 0.0)

    assert [] == list(there.iterdir())


@pytest.mark.parametrize("url", ["nowhere://x/y", "s3://bucket/runs"])
def test_an_address_that_nothing_reads_is_a_wrong_call(url: str) -> None:
    """An address that needs what is not installed says so before anything starts."""
    with pytest.raises(UsageError, match="nothing here reads"):
        Home(url).prepare()


def test_a_folder_that_cannot_be_written_is_said_before_the_load(tmp_path: Path) -> None:
    """A file where the folder is to be is found out at once."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(EnvironmentBroken, match="taken/run cannot be written"):
        Home((tmp_path / "taken" / "run").as_uri()).prepare()
