"""Placeholders: ``{release}`` and its kin, known only once a release runs.

A doubled brace stands for itself: ``{{`` and ``}}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.errors import PlanError
from harness.plan.problems import Where
from harness.suggest import advice

PLACEHOLDERS: Mapping[str, str] = {
    "release": "the candidate's or the baseline's name",
    "baseline": "the baseline's name",
    "port": "the port this process is to listen on",
    "url": "the address of the running release",
    "storage.NAME.url": "how to connect to that storage",
    "service.NAME.host": "where that service runs",
    "service.NAME.port": "the port on which that service answers",
    "cwd": "the folder the release's processes run in",
    "scratch": "an empty folder of the deployment, removed with it",
}

# What is known before anything of the deployment runs.
_BEFORE = frozenset({"release"})
_BUILD = frozenset({"release", "cwd", "scratch"})
_NONE: frozenset[str] = frozenset()
_ALL = frozenset(PLACEHOLDERS)

_BY_KEY: Mapping[tuple[str, ...], frozenset[str]] = {
    ("release", "exists"): _BEFORE,
    ("release", "health"): _NONE,
    ("release", "docker"): _BEFORE,
    ("release", "docker", "command"): _ALL,
    ("release", "compose"): _BEFORE,
    ("release", "external"): _BEFORE,
    ("release", "process", "cwd"): _BEFORE,
    ("release", "process", "build"): _BUILD,
    ("release", "process", "command"): _ALL,
    ("release", "env"): _ALL,
    ("release", "migrate"): _ALL,
    ("release", "prepare"): _ALL,
    ("release", "rollback"): _ALL,
    ("release", "worker"): _ALL,
    ("service",): _ALL,
    ("stages", "assets"): _BEFORE,
}

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_KINDS = re.compile(r"(storage)\.([\w-]+)\.(url)|(service)\.([\w-]+)\.(host|port)")


def allowed(where: Where) -> frozenset[str] | None:
    """The placeholders that are filled in at this key; None where braces are ordinary text."""
    for length in (3, 2, 1):
        key = tuple(str(part) for part in where[:length])
        if key in _BY_KEY:
            return _BY_KEY[key]
    return None


def placeholder_kind(name: str) -> str:
    """The name with NAME in place of a storage's or a service's own name."""
    match = _KINDS.fullmatch(name)
    if match is None:
        return name
    return "storage.NAME.url" if match[1] else f"service.NAME.{match[6]}"


def placeholder_owner(name: str) -> tuple[str, str] | None:
    """("storage" or "service", its name) for a placeholder that has one."""
    match = _KINDS.fullmatch(name)
    if match is None:
        return None
    return ("storage", match[2]) if match[1] else ("service", match[5])


def placeholders(text: str) -> tuple[str, ...]:
    """Every placeholder of the text; a brace that is alone is given as it stands."""
    found = _BRACES.finditer(text)
    return tuple(m[1] if m[1] is not None else m[0] for m in found if m[0] not in ("{{", "}}"))


def escape(text: str) -> str:
    """The text with its braces doubled, so that :func:`expand` gives it back as it is."""
    return text.replace("{", "{{").replace("}", "}}")


def expand(text: str, /, **values: str) -> str:
    """The text with each placeholder replaced by its value, in one pass.

    Names with dots are passed as ``**{"storage.main.url": url}``. Raises PlanError for a
    placeholder that has no value here.
    """

    def fill(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        name = match[1]
        if name is None or name not in values:
            meant = advice(name or match[0], values)
            raise PlanError(f"{match[0]!r} has no value in {text!r}: {meant}, or double the brace")
        return values[name]

    return _BRACES.sub(fill, text)
