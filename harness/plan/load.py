"""Reads ``harness.toml`` whole, and refuses it whole: every problem is named at once."""

from __future__ import annotations

import copy
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from harness.errors import PlanError
from harness.model import Form
from harness.plan.cross import cross_problems
from harness.plan.expand import escape
from harness.plan.forms import build_form, is_absent
from harness.plan.merge import merge
from harness.plan.problems import dotted, refuse
from harness.plan.profiles import BUILT_IN, Profile, with_changes
from harness.plan.schema import (
    App,
    CanariesTable,
    CatalogueTable,
    Known,
    Limits,
    Load,
    PlanTable,
    ProfileTable,
    Quarantine,
    ReleaseTable,
    Scenarios,
    Service,
    StorageTable,
)
from harness.plan.secrecy import hide, scrub, substitute, unset, with_texts
from harness.plan.structure import structure_problems
from harness.suggest import advice

FILE_NAME = "harness.toml"

Json: TypeAlias = dict[str, Any]


def load_plan(
    path: Path,
    env: Mapping[str, str],
    over: Path | None = None,
    *,
    secrets_required: bool | frozenset[str] = True,
) -> Plan:
    """The plan in that file, or in ``harness.toml`` of that folder.

    What stands in the file over is merged over it: tables merge, lists and values replace, and
    relative paths still start at the first file's folder. Texts take ``${NAME}`` from env;
    without secrets_required, or outside of the tables that it names, a variable that is missing
    stays as it is written. Raises PlanError with every problem of the plan at once.
    """
    file = path / FILE_NAME if path.is_dir() else path
    raw = _read(file) if over is None else merge(_read(file), _read(over))
    return _plan(file.absolute(), raw, env, secrets_required)


@dataclass(frozen=True)
class Plan:
    """Everything the harness knows of an application beside its scenarios.

    path is the file, absolute; folder is what relative paths in it are relative to; secrets are
    the values that came from the environment and the passwords of its addresses.
    """

    path: Path
    table: PlanTable
    secrets: frozenset[str]
    _raw: Json
    _env: Mapping[str, str]
    _secrets_required: bool | frozenset[str]

    def __repr__(self) -> str:
        return f"Plan({str(self.path)!r}, digest={self.digest[:12]!r})"

    @property
    def folder(self) -> Path:
        """The folder of the file."""
        return self.path.parent

    @property
    def app(self) -> App:
        """What the application is called."""
        return self.table.app

    @property
    def release(self) -> ReleaseTable:
        """How a release becomes a deployment; texts still hold their placeholders."""
        return self.table.release

    @property
    def services(self) -> Mapping[str, Service]:
        """What else a release needs, by name."""
        return self.table.service

    @property
    def storages(self) -> Mapping[str, StorageTable]:
        """The databases, by name."""
        return self.table.storage

    @property
    def scenarios(self) -> Scenarios:
        """Where the scenarios are and how they run."""
        return self.table.scenarios

    @property
    def load(self) -> Load | None:
        """What produces load; None where the plan has none."""
        return self.table.load

    @property
    def assets(self) -> str | None:
        """Paths of the files that belong to a release's pages, with ``{release}`` in them."""
        return self.table.stages.assets

    @property
    def rotate(self) -> tuple[str, ...]:
        """Variables of a release's environment that a deploy may give another value."""
        return self.table.stages.rotate

    @property
    def canaries(self) -> CanariesTable:
        """What is planted and probed in production."""
        return self.table.canaries

    @property
    def planted(self) -> Path | None:
        """The folder of scenarios that plant records; None where the plan has none."""
        path = self.table.canaries.planted
        return None if path is None else self.folder / path

    @property
    def probes(self) -> Path | None:
        """The folder of scenarios that probe; None where the plan has none."""
        path = self.table.canaries.probes
        return None if path is None else self.folder / path

    def check_files(self) -> None:
        """Raise PlanError where what the plan names beside its scenarios is not there."""
        self.load_file()
        for key, folder in {"planted": self.planted, "probes": self.probes}.items():
            if folder is not None and not folder.is_dir():
                sentence = f"canaries.{key}: there is no folder {folder}; make one, or remove it"
                raise refuse(self.path, (sentence,))

    def load_file(self) -> Path | None:
        """The Locust file; None without [load]. Raises PlanError where it is not there."""
        if self.load is None:
            return None
        file = self.folder / self.load.file
        if not file.is_file():
            sentence = (
                f"load.file = {self.load.file!r}: there is no such file in {self.folder}; "
                "write one there, or remove [load]"
            )
            raise refuse(self.path, (sentence,))
        try:
            compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
        except (OSError, SyntaxError, ValueError) as error:
            line = f": line {error.lineno}" if isinstance(error, SyntaxError) else ""
            sentence = f"load.file = {self.load.file!r} is no Python{line}: {error}; mend it"
            raise refuse(self.path, (sentence,)) from error
        return file

    @property
    def limits(self) -> Limits:
        """What blocks a release that loses nothing."""
        return self.table.limits

    @property
    def catalogue(self) -> CatalogueTable | None:
        """Releases with a known answer; None where the plan has none."""
        return self.table.catalogue

    @property
    def known(self) -> tuple[Known, ...]:
        """Losses that are known, expired entries included."""
        return self.table.known

    @property
    def quarantine(self) -> tuple[Quarantine, ...]:
        """Scenarios that are excused, expired entries included."""
        return self.table.quarantine

    def forms(self, release: str) -> dict[str, Form]:
        """Every form as that release keeps it, by name, without those it does not have."""
        return {
            name: build_form(name, table, release)
            for name, table in self.table.form.items()
            if not is_absent(table, release)
        }

    def profile(self, name: str) -> Profile:
        """What that profile holds with the plan's changes; raises PlanError on another name."""
        if name not in BUILT_IN:
            raise PlanError(f"no profile is called {name!r}; {advice(name, BUILT_IN)}")
        table = self.table.profile.get(name, ProfileTable())
        return with_changes(BUILT_IN[name], table, self.table.stages, self.load)

    def expired(self, today: date) -> list[str]:
        """A sentence per [[known]] or [[quarantine]] entry that no longer counts."""
        entries: list[tuple[str, int, Known | Quarantine]] = [
            *(("known", n, entry) for n, entry in enumerate(self.known)),
            *(("quarantine", n, entry) for n, entry in enumerate(self.quarantine)),
        ]
        return [
            f"{dotted((kind, n))} expired on {entry.expires} ({entry.reason}): "
            "mend what it excuses, or give it a new day"
            for kind, n, entry in entries
            if entry.expired(today)
        ]

    def with_deployer(self, deployer: str) -> Plan:
        """The same plan with another deployer; raises PlanError where its section is missing."""
        raw = copy.deepcopy(self._raw)
        raw["release"]["deployer"] = deployer
        return _plan(self.path, raw, self._env, self._secrets_required)

    def at(self, url: str) -> Plan:
        """The same plan for a release that runs at that address; raises PlanError."""
        raw = copy.deepcopy(self._raw)
        raw["release"] |= {"deployer": "external", "external": {"url": escape(url)}}
        return _plan(self.path, raw, self._env, self._secrets_required)

    def redacted(self) -> Json:
        """The plan as JSON holds it, with ``${NAME}`` and ``***`` where secrets were."""
        plain: Json = with_texts(_jsonable(self._raw), hide)
        return plain

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what :meth:`redacted` returns: equal for plans that promise the same."""
        text = json.dumps(self.redacted(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()


def _read(file: Path) -> Json:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PlanError(
            f"no plan at {file.absolute()}; write {FILE_NAME} there, or say where it is"
        ) from None
    except OSError as error:
        raise PlanError(f"the plan {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PlanError(f"the plan {file} is not UTF-8 at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{file}: not TOML: {error}") from error


def _plan(
    path: Path, raw: Json, env: Mapping[str, str], secrets_required: bool | frozenset[str]
) -> Plan:
    data, secrets = substitute(raw, env)
    problems = [
        *unset(raw, env, required=secrets_required),
        *structure_problems(raw, data),
        *cross_problems(data),
    ]
    if problems:
        sentences = dict.fromkeys(scrub(str(problem), secrets) for problem in problems)
        raise refuse(path, tuple(sentences))
    table = PlanTable.model_validate(data)
    return Plan(path, table, secrets, raw, env, secrets_required)


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _jsonable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_jsonable(item) for item in value]
    return value.isoformat() if isinstance(value, (date, datetime, time)) else value
