"""Release names and what they stand for."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.deploy.releases import check_release_known, identify, known_releases
from harness.errors import UsageError
from harness.plan import Plan

Write = Callable[..., Plan]
EXISTS = 'exists = "releases/{release}/app"'


@pytest.fixture
def releases(tmp_path: Path) -> None:
    """Three releases below the plan's folder, and something that is none."""
    for name in ("1.0.0", "1.2.0", "2.0.0-rc1"):
        (tmp_path / "releases" / name / "app").mkdir(parents=True)
    (tmp_path / "releases" / "notes.txt").touch()


@pytest.mark.usefixtures("releases")
def test_a_known_release_is_let_pass(write_plan: Write) -> None:
    """A release whose path exists is known."""
    check_release_known(write_plan(release=EXISTS), "1.2.0")


@pytest.mark.usefixtures("releases")
def test_a_misspelled_release_is_answered_with_the_nearest(write_plan: Write) -> None:
    """An unknown release is named with its path and the nearest one there is."""
    plan = write_plan(release=EXISTS)

    with pytest.raises(UsageError) as caught:
        check_release_known(plan, "1.2.00")

    assert str(caught.value) == (
        "unknown release '1.2.00': releases/1.2.00/app does not exist; nearest: 1.2.0"
    )


@pytest.mark.usefixtures("releases")
@pytest.mark.parametrize("name", ["", "main-branch"])
def test_a_release_like_no_other_is_answered_with_all(write_plan: Write, name: str) -> None:
    """Where no release is near all there are get listed."""
    with pytest.raises(UsageError, match=r"there are: 1\.0\.0, 1\.2\.0, 2\.0\.0-rc1"):
        check_release_known(write_plan(release=EXISTS), name)


def test_no_releases_at_all_is_said(write_plan: Write) -> None:
    """A folder without releases is said as such."""
    with pytest.raises(UsageError, match="there are: none"):
        check_release_known(write_plan(release=EXISTS), "1.0.0")


def test_a_plan_that_does_not_say_knows_every_release(write_plan: Write) -> None:
    """Without exists any name may be a release."""
    check_release_known(write_plan(), "anything")

    assert known_releases(write_plan()) == []


@pytest.mark.usefixtures("releases")
def test_a_name_that_stands_twice_is_the_same(write_plan: Write, tmp_path: Path) -> None:
    """Where a path names the release twice both have to agree."""
    (tmp_path / "releases" / "1.0.0" / "app-1.0.0").touch()
    (tmp_path / "releases" / "1.2.0" / "app-1.0.0").touch()

    assert known_releases(write_plan(release='exists = "releases/{release}/app-{release}"')) == [
        "1.0.0"
    ]


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_release_stands_for_the_commit_of_its_folder(write_plan: Write, tmp_path: Path) -> None:
    """A release is told with the commit, and with -dirty where files differ from it."""
    plan = write_plan()
    assert identify(plan, "1.0.0").commit is None
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "harness.toml")
    git(tmp_path, "commit", "-qm", "x")
    head = git(tmp_path, "rev-parse", "HEAD")

    assert identify(plan, "1.0.0").commit == head
    (tmp_path / "harness.toml").write_text("")
    assert identify(plan, "1.0.0").commit == f"{head}-dirty"
