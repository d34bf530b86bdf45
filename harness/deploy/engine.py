"""The docker engine of this host: whether it answers, and what it says when it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.errors import EnvironmentBroken

if TYPE_CHECKING:
    from docker.client import DockerClient

PING_S_MAX = 10
# An answer of the engine, not the end of what it was asked to do; a busy host takes its time.
ANSWER_S_MAX = 60
SOCKET = "unix:///var/run/docker.sock"
HERE = frozenset({"", "localhost", "127.0.0.1", "::1", "localunixsocket"})
RUN_LABEL = "harness.run"
DEPLOYMENT_LABEL = "harness.deployment"


class EngineMissing(EnvironmentBroken):
    """No docker engine answers where it is looked for."""


class EngineRefused(EnvironmentBroken):
    """The engine answered that it cannot do what it was asked; reason is its sentence."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"the docker engine could not {what}: {reason}")
        self.reason = reason


class NotFound(EngineRefused):
    """The engine knows no such container, image or network."""


def engine_version(env: Mapping[str, str]) -> str | None:
    """The engine's version; None where none answers."""
    try:
        client = open_engine(env, PING_S_MAX)
    except EnvironmentBroken:
        return None
    try:
        with asking("say its version"):
            return str(client.version()["Version"])
    except EnvironmentBroken:
        return None
    finally:
        client.close()


def open_engine(env: Mapping[str, str], answer_s_max: int = ANSWER_S_MAX) -> DockerClient:
    """A client of the engine that env, or docker's own context, names.

    Raises EngineMissing where none answers, EnvironmentBroken where it is on another host.
    """
    import docker
    from docker.errors import DockerException
    from requests import RequestException

    settle_testcontainers()
    address = engine_address(env)
    host = urlsplit(address).hostname or ""
    if not address.startswith("npipe:") and host not in HERE:
        raise EnvironmentBroken(
            f"the docker engine at {address} is on another host: the ports of its containers "
            "cannot be reached from here; use an engine of this host, or --deployer process"
        )
    try:
        client = docker.from_env(environment={**env, "DOCKER_HOST": address}, timeout=answer_s_max)
        client.ping()
    except (DockerException, RequestException, OSError) as error:
        raise EngineMissing(
            f"no docker engine answers at {address}; start it, or --deployer process ({error})"
        ) from error
    return client


def engine_address(env: Mapping[str, str]) -> str:
    """Where the engine is looked for: DOCKER_HOST, else docker's context, else its socket."""
    told = env.get("DOCKER_HOST")
    if told:
        return told
    from testcontainers.core.docker_client import get_docker_host

    return get_docker_host() or SOCKET


@cache
def settle_testcontainers() -> None:
    """Tell testcontainers how it is used here, once, before anything is started.

    Nothing of a container beside ours watches over the run: what a killed run left is found by
    its label, and its image need not be pulled.
    """
    from testcontainers.core.config import ConnectionMode, testcontainers_config

    testcontainers_config.ryuk_disabled = True
    testcontainers_config.connection_mode_override = ConnectionMode.docker_host


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Let what the engine does wrong be an error of this host that says what it was to do."""
    from docker import errors
    from requests import RequestException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except errors.NotFound as error:
        raise NotFound(what, _reason(error)) from error
    except errors.APIError as error:
        raise EngineRefused(what, _reason(error)) from error
    except (errors.DockerException, RequestException, HTTPError, OSError) as error:
        raise EnvironmentBroken(
            f"the docker engine stopped answering when it was to {what}: {error}; "
            "see whether it runs: docker info"
        ) from error


def _reason(error: Exception) -> str:
    return str(getattr(error, "explanation", None) or error)
