"""Images: the one that is here, else built from the plan's folder, else pulled."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.deploy.engine import EngineRefused, NotFound, asking
from harness.deploy.logs import tail_of
from harness.deploy.releases import identify
from harness.errors import EnvironmentBroken, PlanError, ReleaseDown
from harness.model import Release
from harness.plan import Plan, expand
from harness.plan.schema import Docker
from harness.runs.lease import lease_base
from harness.runs.locks import locked

if TYPE_CHECKING:
    from docker.client import DockerClient

PULL_S_MAX = 600.0
BUILD_S_MAX = 900.0
# How long a registry or a step of a build may stay silent.
SILENT_S_MAX = 300
LINES_SHOWN = 15
CONTEXT_LABEL = "harness.context"
_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE | re.MULTILINE)


class ImageMissing(EnvironmentBroken):
    """An image is neither here nor to be had."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image of this host: the name it was asked for by, and the bytes that stood for it.

    id is what containers are started from, so that a moved tag changes nothing in the middle;
    digest is the registry's where it came from one, else the id.
    """

    name: str
    id: str
    digest: str
    folder: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an image is built: folder and Dockerfile in it, and what is told to the build."""

    folder: Path
    dockerfile: str
    arguments: Mapping[str, str]

    def digest(self) -> str:
        """SHA-256 of all that the build gets: equal for builds that give the same."""
        found = hashlib.sha256(json.dumps([self.dockerfile, dict(self.arguments)]).encode())
        for name in sorted(self._files()):
            path = self.folder / name
            if path.is_file():
                found.update(f"\0{name}\0{path.stat().st_mode:o}\0".encode())
                found.update(path.read_bytes())
        return found.hexdigest()

    def bases(self) -> Iterator[str]:
        """The images its stages stand on; one that is named by a variable is not known."""
        stages = {"scratch"}
        text = (self.folder / self.dockerfile).read_text(encoding="utf-8")
        for match in _FROM.finditer(text):
            if match[1].lower() not in stages and "$" not in match[1]:
                yield match[1]
            stages.add((match[2] or "").lower())

    def _files(self) -> Iterable[str]:
        from docker.utils import exclude_paths

        ignored = self.folder / ".dockerignore"
        lines = ignored.read_text(encoding="utf-8").splitlines() if ignored.exists() else []
        patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        return {str(path) for path in exclude_paths(str(self.folder), patterns, self.dockerfile)}


def recipe_in(folder: Path, dockerfile: str, release: str) -> Recipe:
    """The recipe of a release; raises PlanError where there is no such Dockerfile."""
    if not (folder / dockerfile).is_file():
        raise PlanError(
            f"{folder / dockerfile} does not exist; write it, or mend build in [release.docker]"
        )
    return Recipe(folder, dockerfile, {"RELEASE": release})


def obtain(client: DockerClient, name: str, recipe: Recipe | None, log: Path) -> Image:
    """The image, built where a recipe is given and its result is not here yet, else pulled.

    Raises ImageMissing where it cannot be had, ReleaseDown where its build fails.
    """
    if recipe is None:
        return find(client, name) or pull(client, name)
    digest = recipe.digest()
    # Two gates that start together build the same image once.
    with locked(_lock_of(name), BUILD_S_MAX):
        found = find(client, name)
        if found is not None and _current(client, found, digest):
            return found
        for base in recipe.bases():
            _ = find(client, base) or pull(client, base)
        _build(client, name, recipe, digest, log)
    built = find(client, name)
    if built is None:
        raise EnvironmentBroken(f"image {name} was built and is gone; see docker images")
    return built


def find(client: DockerClient, name: str) -> Image | None:
    """The image of that name on this host; None where there is none."""
    try:
        with asking(f"look for image {name}"):
            found = client.images.get(name).attrs
    except NotFound:
        return None
    digests = [str(text).rpartition("@")[2] for text in found.get("RepoDigests") or ()]
    config = found.get("Config") or {}
    return Image(name, found["Id"], next(iter(digests), found["Id"]), config.get("WorkingDir", ""))


def pull(client: DockerClient, name: str) -> Image:
    """The image from its registry; raises ImageMissing, which says how to get it otherwise."""
    reference = name if "@" in name or ":" in name.rpartition("/")[2] else f"{name}:latest"
    deadline_s = time.monotonic() + PULL_S_MAX
    try:
        with asking(f"pull image {name}"):
            for event in client.api.pull(reference, stream=True, decode=True):
                if "error" in event:
                    raise ImageMissing(_missing(name, str(event["error"])))
                if time.monotonic() > deadline_s:
                    raise ImageMissing(_missing(name, f"not pulled within {PULL_S_MAX:g} s"))
    except EngineRefused as error:
        raise ImageMissing(_missing(name, error.reason)) from error
    found = find(client, name)
    if found is None:
        raise ImageMissing(_missing(name, "it was pulled and is gone"))
    return found


class ReleaseImages:
    """The image of each release of a plan: had once, and the same one for the whole run."""

    def __init__(self, client: DockerClient, plan: Plan, table: Docker, logs: Path) -> None:
        self._client = client
        self._plan = plan
        self._table = table
        self._logs = logs
        self._found: dict[str, Image | EnvironmentBroken | ReleaseDown] = {}

    def of(self, release: str) -> Image:
        """The image, had now where it was not before; raises as :func:`obtain` does."""
        if release not in self._found:
            name = expand(self._table.image, release=release)
            log = self._logs / f"build-{release}.log".replace("/", "-")
            try:
                self._found[release] = obtain(self._client, name, self._recipe(release), log)
            except (EnvironmentBroken, ReleaseDown) as error:
                self._found[release] = error
        found = self._found[release]
        if isinstance(found, Exception):
            raise found
        return found

    def obtain(self, *releases: str) -> None:
        """Have each at hand; raises ImageMissing where one cannot be had.

        A build that fails is the release's own fault and said when that is deployed.
        """
        for release in releases:
            with contextlib.suppress(ReleaseDown):
                self.of(release)

    def identify(self, name: str) -> Release:
        """The release with its image's name and digest; no digest where it cannot be had."""
        known = replace(identify(self._plan, name), image=expand(self._table.image, release=name))
        try:
            return replace(known, digest=self.of(name).digest)
        except (EnvironmentBroken, ReleaseDown):
            return known  # said when it is to be deployed

    def _recipe(self, release: str) -> Recipe | None:
        if self._table.build is None:
            return None
        folder = self._plan.folder / expand(self._table.build, release=release)
        return recipe_in(folder, expand(self._table.dockerfile, release=release), release)


def _missing(name: str, reason: str) -> str:
    return (
        f"image {name} is not on this host and cannot be pulled ({' '.join(reason.split())}); "
        f"docker build --tag {name} ..., docker pull it, or write build = ... in [release.docker]"
    )


def _current(client: DockerClient, image: Image, digest: str) -> bool:
    """Whether the image is what the recipe gives; one that others built is taken as it is."""
    with asking(f"look at image {image.name}"):
        config = client.images.get(image.id).attrs.get("Config") or {}
    label = (config.get("Labels") or {}).get(CONTEXT_LABEL)
    return label in (None, digest)


def _build(client: DockerClient, name: str, recipe: Recipe, digest: str, log: Path) -> None:
    deadline_s = time.monotonic() + BUILD_S_MAX
    with log.open("a", encoding="utf-8") as stream, asking(f"build image {name}"):
        # Not testcontainers' own build: it keeps what is printed until the end, and has no limit.
        for event in client.api.build(
            path=str(recipe.folder),
            dockerfile=recipe.dockerfile,
            tag=name,
            buildargs=dict(recipe.arguments),
            labels={CONTEXT_LABEL: digest},
            rm=True,
            forcerm=True,
            decode=True,
            timeout=SILENT_S_MAX,
        ):
            stream.write(_said(event))
            stream.flush()
            if "error" in event:
                raise ReleaseDown(
                    f"image {name} cannot be built from {recipe.folder}: {event['error']}; "
                    f"the last it printed:\n{tail_of(log, LINES_SHOWN, ())}"
                )
            if time.monotonic() > deadline_s:
                raise ReleaseDown(f"image {name} was not built within {BUILD_S_MAX:g} s")


def _said(event: Mapping[str, Any]) -> str:
    said = event.get("stream") or event.get("status") or ""
    return f"{said}" if not said or said.endswith("\n") else f"{said}\n"


def _lock_of(name: str) -> Path:
    folder = lease_base() / "builds"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / hashlib.sha256(name.encode()).hexdigest()[:16]
