"""The folder of a run, and what its file system may refuse."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

import pytest

from harness.errors import EnvironmentBroken, RecordUnreadable, UsageError
from harness.runs import create_run, list_runs, open_run
from harness.runs.disk import broken_disk
from harness.runs.identity import new_run_id


def test_a_run_is_named_by_time_and_tag(tmp_path: Path) -> None:
    """A run's name sorts by time, and its last four characters are its tag."""
    with create_run(tmp_path) as run:
        assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-z]{4}", run.id)
        assert run.id.endswith(run.tag)
        assert len(run.tag) == 4


def test_a_run_has_its_folders_for_this_user_alone(tmp_path: Path) -> None:
    """The run's folder and all in it are readable by this user alone."""
    with create_run(tmp_path / "new" / "runs") as run:
        folders = [run.path, run.journal, run.observations, run.logs, run.evidence]

        assert {0o700} == {stat.S_IMODE(folder.stat().st_mode) for folder in folders}


def test_a_run_is_alive_while_its_block_lasts(tmp_path: Path) -> None:
    """Somebody else sees the run as alive until its harness has left it."""
    with create_run(tmp_path) as run:
        assert open_run(run.path).alive()

    assert not open_run(run.path).alive()


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """A JSON file of the run is written whole and read back the same."""
    with create_run(tmp_path) as run:
        run.write_json("plan.json", {"word": "é\ud800"})
        names = sorted(path.name for path in run.path.iterdir())

    assert open_run(run.path).read_json("plan.json") == {"word": "é\ud800"}
    assert names == ["evidence", "journal", "lock", "logs", "observations", "plan.json"]


@pytest.mark.parametrize("content", ["", "[1]", "{"])
def test_what_is_no_object_is_said(tmp_path: Path, content: str) -> None:
    """A file of the run that holds no JSON object is named."""
    with create_run(tmp_path) as run:
        run.write_text("verdict.json", content)

        with pytest.raises(RecordUnreadable, match=r"verdict\.json"):
            run.read_json("verdict.json")


def test_nothing_is_started_in_a_run_that_is_read(tmp_path: Path) -> None:
    """A run that is open for reading has no lease to start anything under."""
    with create_run(tmp_path) as run:
        pass

    with pytest.raises(UsageError, match="open for reading"):
        _ = open_run(run.path).lease


def test_runs_are_listed_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are listed newest first, and other folders are none."""
    names = ["20260101-000000-zzzz", "20260102-000000-aaaa"]
    for name in names:
        monkeypatch.setattr("harness.runs.folder.new_run_id", lambda name=name: name)
        with create_run(tmp_path):
            pass
    (tmp_path / "notes").mkdir()
    (tmp_path / new_run_id()).mkdir()

    assert names[::-1] == [run.id for run in list_runs(tmp_path)]


def test_a_taken_name_is_not_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs that draw the same name get two folders."""
    drawn = iter(["20260101-000000-aaaa"] * 3 + ["20260101-000000-bbbb"])
    monkeypatch.setattr("harness.runs.folder.new_run_id", lambda: next(drawn))

    with create_run(tmp_path) as one, create_run(tmp_path) as other:
        assert [one.tag, other.tag] == ["aaaa", "bbbb"]


def test_no_runs_where_there_is_no_folder(tmp_path: Path) -> None:
    """A missing folder holds no runs, and is no error."""
    assert list_runs(tmp_path / "none") == []


def test_what_is_no_run_is_said_with_the_runs_there_are(tmp_path: Path) -> None:
    """Who opens what is no run reads what was looked for and which runs exist."""
    with create_run(tmp_path) as run:
        pass

    with pytest.raises(UsageError, match=f"no such folder; runs in .*{run.id}"):
        open_run(tmp_path / "20990101-000000-aaaa")
    with pytest.raises(UsageError, match=f"no run's journal folder; runs in .*{run.id}"):
        open_run(tmp_path)
    with pytest.raises(UsageError, match="no runs in"):
        open_run(tmp_path / "a" / "b")


def test_a_run_that_was_renamed_is_told_what_it_lacks(tmp_path: Path) -> None:
    """A copy under another name has its journal: its name is what is not a run's."""
    with create_run(tmp_path) as run:
        pass
    run.path.rename(tmp_path / "copy")

    with pytest.raises(UsageError, match="not 'copy': name it as it was"):
        open_run(tmp_path / "copy")


def test_a_runs_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A runs folder below a file is named with the reason, before anything is started."""
    (tmp_path / "file").touch()

    with pytest.raises(EnvironmentBroken, match="file/runs cannot be created: Not a directory"):
        create_run(tmp_path / "file" / "runs").__enter__()


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_an_unwritable_runs_folder_is_told_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A runs folder that is not writable says so, and what to do."""

    def refuse(self: Path, *args: object, **keys: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "mkdir", refuse)

    with pytest.raises(EnvironmentBroken, match="make the folder writable"):
        create_run(tmp_path).__enter__()


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up while a file is replaced leaves the old one, and nothing else."""

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with create_run(tmp_path) as run:
        run.write_json("verdict.json", {"verdict": "old"})
        monkeypatch.setattr(os, "fsync", full)

        with pytest.raises(EnvironmentBroken, match=r"no space is left on its disk \(\d+ MB free"):
            run.write_json("verdict.json", {"verdict": "new"})

        assert run.read_json("verdict.json") == {"verdict": "old"}
        assert [] == [path for path in run.path.iterdir() if path.name.startswith(".")]


def test_a_file_too_large_for_the_disk_is_an_error_of_the_host(tmp_path: Path) -> None:
    """A device that is really full is told as such."""
    with pytest.raises(EnvironmentBroken, match="no space is left"):
        _write_to_full_device(tmp_path)


def _write_to_full_device(folder: Path) -> None:
    try:
        with Path("/dev/full").open("wb", buffering=0) as stream:
            stream.write(b"x")
    except OSError as error:
        raise broken_disk("written", folder, error) from error
