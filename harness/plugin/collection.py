"""Which cases there are: rows of factors become tests, tests become the promise."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from harness.errors import EnvironmentBroken, ScenarioError
from harness.factors import (
    Levelled,
    Scenario,
    Sequences,
    absence,
    random_rows,
    row_of,
    rows,
    scenario_of,
)
from harness.model import REMOVING, SIGHTS, Case, Probe
from harness.nearest import nearest
from harness.orders import model_to_json
from harness.plugin import readers, removers, removing, sights
from harness.plugin import session as sessions

REASON_CHARS_MAX = 500
PROBE = "harness_probe"


class Collecting:
    """The hooks of one round's collection."""

    def __init__(self, session: sessions.Session) -> None:
        self.round = session
        self.absent: dict[str, str] = {}
        self.left_out: dict[str, str] = {}
        self.problems: list[dict[str, str]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give a scenario with factors one test per row."""
        scenario = scenario_of(metafunc.function)
        spec = self.round.spec
        if spec.probes:
            self._probe(metafunc, scenario)
            return
        if not scenario.varies:
            return
        if "case" not in metafunc.fixturenames:
            raise ScenarioError(
                f"{metafunc.function.__name__} has factors, and nothing asks for them; "
                "take the argument `case`, and read case.FACTOR"
            )
        if absence(scenario, spec.release) is not None:
            metafunc.parametrize("case", [Levelled({})], ids=["absent"])
            return
        found = self._rows(scenario, scenario_id(metafunc.definition))
        if not found:
            metafunc.parametrize("case", [Levelled({})], ids=["none"])
            return
        metafunc.parametrize("case", found, ids=[row.id for row in found])

    def _rows(self, scenario: Scenario, name: str) -> Sequence[Levelled]:
        """The rows that the round drives, those by chance, or those that are promised."""
        spec = self.round.spec
        if spec.rows is not None:
            asked = [levels for case, levels in spec.rows.items() if scenario_of_case(case) == name]
            # With several browsers a row is several cases.
            return list({row.id: row for row in (row_of(scenario, ls) for ls in asked)}.values())
        if spec.seed is not None:
            return random_rows(
                scenario,
                n=spec.random_n,
                seed=spec.seed,
                release=spec.release,
                texts=spec.texts,
                length_max=spec.sequence_length_max,
            )
        return rows(
            scenario,
            release=spec.release,
            strength=spec.strength,
            texts=spec.texts,
            sequences=Sequences(spec.sequences_n, spec.sequence_length_max),
        )

    def _probe(self, metafunc: pytest.Metafunc, scenario: Scenario) -> None:
        """Give a scenario one test per probe of it that a row is there for."""
        spec, name = self.round.spec, scenario_id(metafunc.definition)
        found = [
            (probe, row)
            for probe in spec.probes
            if probe.scenario == name
            and (row := nearest(scenario, probe, release=spec.release, texts=spec.texts))
        ]
        metafunc.fixturenames.append(PROBE)
        ids = [f"{row.id}~{probe.number}" for probe, row in found]
        if scenario.varies:
            # Without any, pytest would make a test that is skipped: it is not chosen later on.
            metafunc.parametrize((PROBE, "case"), found, ids=ids)
        else:
            metafunc.parametrize(PROBE, [probe for probe, _ in found], ids=ids)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep why a file could not be collected, or was skipped as a whole."""
        if report.failed:
            reason = _last_error(str(report.longrepr))
            self.problems.append({"file": report.nodeid, "reason": reason})
        elif report.skipped:
            told = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
            reason = str(told).removeprefix("Skipped: ")[:REASON_CHARS_MAX]
            self.left_out[report.nodeid] = f"was skipped as a whole: {reason}"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None]:
        """Leave out what the release does not have, and what this round does not drive.

        What the application's own hooks leave out is told: it was there to be driven.
        """
        there = {case_id(item): item for item in items}
        yield
        here = {case_id(item) for item in items}
        for name, item in there.items():
            if name not in here:
                told = "was deselected by the application's own pytest configuration"
                self.left_out[scenario_id(item)] = told
        self._choose(config, items)

    def _choose(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        kept: dict[str, pytest.Item] = {}
        left_out: list[pytest.Item] = []
        for item in items:
            reason = absence(scenario_of(getattr(item, "function", None)), self.round.spec.release)
            if reason is None:
                kept[case_id(item)] = item
            else:
                self.absent[scenario_id(item)] = reason
                left_out.append(item)
        wanted = self.round.spec.cases
        if self.round.spec.probes:
            wanted = {
                name: probe.number for name, item in kept.items() if (probe := probe_of(item))
            }
        order = list(kept) if wanted is None else [name for name in wanted if name in kept]
        chosen = set(order)
        left_out += [item for name, item in kept.items() if name not in chosen]
        items[:] = [kept[name] for name in order]
        if self.round.spec.removals and items:
            items[:] = [removing.item_beside(items[0])]
            order = [REMOVING]
        if self.round.spec.sights and items:
            items.append(sights.item_beside(items[0]))
        self.round.numbers = {
            name: place if wanted is None else wanted[name] for place, name in enumerate(order)
        }
        if self.round.spec.sights and wanted is not None:
            self.round.numbers[SIGHTS] = wanted[SIGHTS]
        if left_out:
            config.hook.pytest_deselected(items=left_out)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write the promise where a gate asked for it; raises EnvironmentBroken."""
        spec = self.round.spec
        out = spec.cases_out
        if out is None:
            return
        promise = {
            "cases": [asdict(case_of(item, self.round)) for item in session.items],
            "absent": self.absent,
            "left_out": self.left_out,
            "readers": {form: [r.name for r in readers.of_form(form)] for form in spec.forms},
            "removers": {form: form for form in removers.known()},
            "problems": self.problems,
            **_said(session.items),
        }
        try:
            out.write_text(json.dumps(promise), encoding="ascii")
        except OSError as error:
            raise EnvironmentBroken(f"the promise {out} cannot be written: {error}") from error


def _said(items: Sequence[pytest.Item]) -> dict[str, dict[str, object]]:
    """The models of orders, and what has to happen, by scenario."""
    known = {scenario_id(item): scenario_of(getattr(item, "function", None)) for item in items}
    return {
        "models": {
            name: model_to_json(scenario.orders.actions.model)
            for name, scenario in known.items()
            if scenario.orders is not None
        },
        "obligations": {name: s.obliged for name, s in known.items() if s.obliged},
    }


def scenario_of_case(case: str) -> str:
    """The name of a case's scenario."""
    return case.partition("[")[0]


def case_of(item: pytest.Item, found: sessions.Session) -> Case:
    """The case that a collected test is."""
    name = case_id(item)
    return Case(
        id=name,
        number=found.numbers[name],
        scenario=scenario_id(item),
        file=_below(item.path, found.spec.root),
        line=(item.location[1] or 0) + 1,
        levels=levels_of(item).levels,
    )


def levels_of(item: pytest.Item) -> Levelled:
    """The row of levels a test runs with; an empty one without factors."""
    params = getattr(item, "callspec", None)
    row = params.params.get("case") if params is not None else None
    return row if isinstance(row, Levelled) else Levelled({})


def probe_of(item: pytest.Item) -> Probe | None:
    """What a test is driven to learn; None where it is a case that was promised."""
    params = getattr(item, "callspec", None)
    found = params.params.get(PROBE) if params is not None else None
    return found if isinstance(found, Probe) else None


def case_id(item: pytest.Item) -> str:
    """The test's node id below the scenarios' folder, without the name of the only browser."""
    if sights.is_looking(item):
        return SIGHTS
    if removing.is_removing(item):
        return REMOVING
    spec = sessions.of(item.config).spec
    name = item.name
    params = getattr(item, "callspec", None)
    browsers = item.config.getoption("--browser", default=[]) or []
    if params is not None and len(browsers) < 2 and "browser_name" in params.params:
        browser = str(params.params["browser_name"])
        left = params.id.removeprefix(f"{browser}-").removesuffix(f"-{browser}")
        base = getattr(item, "originalname", None) or name.split("[")[0]
        name = base if left == browser else f"{base}[{left}]"
    return "::".join([_below(item.path, spec.scenarios), *_classes(item), name])


def scenario_id(item: pytest.Item) -> str:
    """The scenario's name: its case's id without levels."""
    if sights.is_looking(item):
        return SIGHTS
    if removing.is_removing(item):
        return REMOVING
    spec = sessions.of(item.config).spec
    base = getattr(item, "originalname", None) or item.name.split("[")[0]
    return "::".join([_below(item.path, spec.scenarios), *_classes(item), base])


def _classes(item: pytest.Item) -> list[str]:
    return [node.name for node in item.listchain() if isinstance(node, pytest.Class)]


def _below(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.name


def _last_error(text: str) -> str:
    """The line that says what went wrong, of pytest's account of a failed import."""
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line[1:].strip() for line in lines if line.startswith("E ")]
    chosen = errors[-1] if errors else lines[-1] if lines else "no reason was given"
    return chosen[:REASON_CHARS_MAX]
