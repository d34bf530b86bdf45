"""Images: the one that is here, else built, else pulled; and never another than was asked for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.deploy.engine import open_engine
from harness.deploy.images import ImageMissing, Recipe, find, obtain, recipe_in
from harness.errors import PlanError, ReleaseDown

if TYPE_CHECKING:
    from docker.client import DockerClient

SMALL = Path(__file__).with_name("small")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small application's folder, as a copy that can be changed."""
    return shutil.copytree(SMALL, tmp_path / "small")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "build.log"


@pytest.fixture
def client() -> Iterator[DockerClient]:
    client = open_engine(os.environ)
    yield client
    client.close()


@pytest.fixture
def name(client: DockerClient, tmp_path: Path) -> Iterator[str]:
    """A name that no image has yet; what gets it is removed."""
    name = f"harness-small:{tmp_path.name.replace('_', '-')}-{os.getpid()}"
    yield name
    if find(client, name):
        client.images.remove(name, force=True)


@pytest.mark.docker
def test_an_image_is_built_once(client: DockerClient, name: str, folder: Path, log: Path) -> None:
    """A missing image is built, with what the build printed in its log, and then taken as it is."""
    recipe = recipe_in(folder, "Dockerfile", "1.1.0")
    built = obtain(client, name, recipe, log)
    printed = log.read_text()

    assert obtain(client, name, recipe, log) == built
    assert "FROM python:3.12-slim" in printed
    assert log.read_text() == printed
    assert (built.digest, built.folder) == (built.id, "/srv")


@pytest.mark.docker
def test_an_image_of_other_sources_is_built_again(
    client: DockerClient, name: str, folder: Path, log: Path
) -> None:
    """An image that was built from what the folder held before is not what is tested now."""
    before = obtain(client, name, recipe_in(folder, "Dockerfile", "1.1.0"), log)
    (folder / "small.py").write_text("changed = True\n")

    after = obtain(client, name, recipe_in(folder, "Dockerfile", "1.1.0"), log)

    assert after.id != before.id


@pytest.mark.docker
def test_an_image_that_others_built_is_taken_as_it_is(
    client: DockerClient, name: str, folder: Path, log: Path
) -> None:
    """What somebody else tagged as the release is the release, whatever the folder holds."""
    client.images.get("python:3.12-slim").tag(name)

    found = obtain(client, name, recipe_in(folder, "Dockerfile", "1.1.0"), log)

    assert found.id == client.images.get("python:3.12-slim").id
    assert not log.exists()


@pytest.mark.docker
def test_a_build_that_fails_is_the_releases_fault(
    client: DockerClient, name: str, folder: Path, log: Path
) -> None:
    """A build that fails is told with the folder and what it printed last."""
    (folder / "Dockerfile").write_text("FROM python:3.12-slim\nRUN echo no compiler; exit 3\n")

    with pytest.raises(ReleaseDown) as caught:
        obtain(client, name, recipe_in(folder, "Dockerfile", "1.1.0"), log)

    assert f"image {name} cannot be built from {folder}" in str(caught.value)
    assert "no compiler" in str(caught.value)
    assert find(client, name) is None


@pytest.mark.docker
def test_a_build_without_its_base_is_no_fault_of_the_release(
    client: DockerClient, name: str, folder: Path, log: Path
) -> None:
    """A base image that cannot be had is named itself."""
    (folder / "Dockerfile").write_text("FROM harness-none:1 AS one\nFROM one\n")

    with pytest.raises(ImageMissing, match="image harness-none:1 is not on this host and cannot"):
        obtain(client, name, recipe_in(folder, "Dockerfile", "1.1.0"), log)


def test_a_folder_without_a_dockerfile_is_a_wrong_plan(tmp_path: Path) -> None:
    """A recipe that is not there is told with its path."""
    with pytest.raises(PlanError, match="Dockerfile does not exist"):
        recipe_in(tmp_path, "Dockerfile", "1.1.0")


def test_the_bases_of_a_recipe_are_the_images_it_does_not_make(folder: Path) -> None:
    """Stages, nothing at all and what a variable names are no images to be had before."""
    (folder / "Dockerfile").write_text(
        "ARG WHICH=x\nFROM --platform=linux/amd64 python:3.12-slim AS Build\nfrom build\n"
        "FROM scratch\nFROM ${WHICH}\nFROM postgres:17\n"
    )

    assert list(recipe_in(folder, "Dockerfile", "1").bases()) == ["python:3.12-slim", "postgres:17"]


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda folder: (folder / "small.py").write_text(""), False),
        (lambda folder: (folder / "Dockerfile").write_text(""), False),
        (lambda folder: (folder / "small.py").chmod(0o755), False),
        (lambda folder: (folder / "new").touch(), False),
        (lambda folder: (folder / "ignored").write_text("new"), True),
        (lambda folder: os.utime(folder / "small.py", (1, 1)), True),
    ],
)
def test_a_recipe_is_known_by_what_its_build_gets(folder: Path, change: object, same: bool) -> None:
    """Whatever reaches the build makes another digest; what is ignored, and times, do not."""
    (folder / ".dockerignore").write_text("# a word\nignored\n")
    (folder / "ignored").write_text("old")
    recipe = Recipe(folder, "Dockerfile", {"RELEASE": "1"})
    before = recipe.digest()

    assert callable(change)
    change(folder)

    assert (recipe.digest() == before) == same
    assert Recipe(folder, "Dockerfile", {"RELEASE": "2"}).digest() != recipe.digest()
