"""The dashboards say what is true, and the committed JSON is what their code makes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard as Schema

from dashboards.__main__ import ALL, FOLDER, plain, text
from dashboards.local import Prometheus, prometheus
from dashboards.programs import RULES
from tests.dashboards.expected import Shown, everything
from tests.dashboards.mutants import alerts
from tests.dashboards.names import LABELS, OWN, RECORDED_LABELS
from tests.dashboards.programs import run
from tests.dashboards.reading import JSON, Asked, Tree, asked, loaded, selectors, substituted
from tests.dashboards.story import EVERY_S, FORMS, NEW, OLD, open_metrics

QUERIES = asked()
DASHBOARDS = {found["uid"]: found for found in loaded()}
RULE_TREE: Tree = yaml.safe_load(RULES.read_text(encoding="utf-8"))
PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
UNITS = {"none", "s", "cpm", "percentunit", "dateTimeAsIso"}


@dataclass(frozen=True)
class Told:
    """A Prometheus that holds the story, and when the story ends (Unix time)."""

    prometheus: Prometheus
    end_s: int


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("story")
    end_s = int(time.time()) // EVERY_S * EVERY_S - EVERY_S
    history = folder / "history.txt"
    history.write_text(open_metrics(end_s), encoding="utf-8")
    code, said = run(
        "promtool", "tsdb", "create-blocks-from", "openmetrics", history, folder / "data"
    )
    assert code == 0, said
    with prometheus(folder, {"global": {}}) as found:
        yield Told(found, end_s)


def answer(told: Told, query: str) -> Shown:
    """What Prometheus says at the end of the story."""
    found = told.prometheus.ask("query", query=query, time=str(told.end_s))
    assert found["resultType"] == "vector"
    return {frozenset(each["metric"].items()): float(each["value"][1]) for each in found["result"]}


@pytest.mark.prometheus
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.key)
def test_every_panel_shows_what_happened(query: Asked, told: Told) -> None:
    """A panel's query gives exactly the lines and values that the known story has to give."""
    found = answer(told, query.expr)

    expected = everything(told.end_s)[query.key]
    assert set(expected) == set(found)
    for labels, value in expected.items():
        assert value == pytest.approx(found[labels], rel=1e-6, nan_ok=True), labels


@pytest.mark.prometheus
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.key)
def test_every_legend_names_what_tells_lines_apart(query: Asked, told: Told) -> None:
    """A legend uses labels that its lines have, and no two lines are called the same."""
    legend = query.target.get("legendFormat", "")
    if query.target["format"] == "table":
        assert legend == ""
        return
    lines = [dict(labels) for labels in answer(told, query.expr)]
    names = [called(legend, line) for line in lines]

    assert legend
    assert all(set(PLACEHOLDER.findall(legend)) <= set(line) for line in lines)
    assert len(names) == len(set(names))


def called(legend: str, line: dict[str, str]) -> str:
    """What Grafana calls a line."""
    return PLACEHOLDER.sub(lambda match: line[match[1]], legend)


def test_every_query_has_its_expectation() -> None:
    """No panel is left out of the comparison, and none is compared that is gone."""
    assert sorted(everything(0)) == sorted(query.key for query in QUERIES)


@pytest.mark.prometheus
@pytest.mark.parametrize(
    ("name", "values"), [("app", ["clinic"]), ("form", sorted(FORMS)), ("release", [OLD, NEW])]
)
def test_every_variable_offers_what_there_is(name: str, values: list[str], told: Told) -> None:
    """The values of a variable are those of the story, on each dashboard that has it."""
    found = [
        variable["query"]["query"]
        for dashboard in loaded()
        for variable in dashboard["templating"]["list"]
        if variable["name"] == name
    ]

    assert found
    for query in found:
        match = re.fullmatch(r"label_values\((.+), (\w+)\)", substituted(query))
        assert match
        offered = told.prometheus.ask(f"label/{match[2]}/values", **{"match[]": match[1]})
        assert values == offered


@pytest.mark.prometheus
def test_every_dashboard_marks_releases(told: Told) -> None:
    """A release is marked at the millisecond at which it was first seen."""
    for dashboard in loaded():
        (mark,) = dashboard["annotations"]["list"]
        found = answer(told, substituted(mark["expr"]))

        assert mark["useValueForTime"]
        assert set(PLACEHOLDER.findall(mark["titleFormat"])) == {"app", "release"}
        assert {OLD, NEW} == {dict(labels)["release"] for labels in found}
        assert max(found.values()) == 1000 * (told.end_s - 600)


@pytest.mark.parametrize("path", JSON, ids=lambda path: path.stem)
def test_grafana_knows_every_key(path: Path) -> None:
    """Read by the model that is made of Grafana's own schema, nothing is left over or lost."""
    committed = path.read_text(encoding="utf-8")
    register_default_plugins()  # of each panel's and query's own part

    assert json.loads(committed) == json.loads(plain(Schema.from_json(json.loads(committed))))


def test_the_committed_files_are_what_the_code_makes() -> None:
    """Each file is byte for byte what make dashboards writes, and there is no other."""
    made = {FOLDER / f"{each.uid}.json": text(each) for each in ALL}

    assert sorted(made) == JSON
    assert [] == [path.name for path in JSON if path.read_text(encoding="utf-8") != made[path]]


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_every_panel_says_what_it_is(uid: str) -> None:
    """Title, description, unit, data source, id and references are set, and ids differ."""
    panels = DASHBOARDS[uid]["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        refs = [target["refId"] for target in panel["targets"]]
        assert len(refs) == len(set(refs))
        for one in (panel, *panel["targets"]):
            assert one["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        if panel["type"] == "timeseries":
            assert ["lastNotNull", "max"] == panel["options"]["legend"]["calcs"]
        elif panel["type"] == "stat":
            assert ["lastNotNull"] == panel["options"]["reduceOptions"]["calcs"]
        elif panel["type"] == "table":
            (columns,) = panel["transformations"]
            assert columns["options"]["excludeByName"]["Time"]


@pytest.mark.parametrize("uid", DASHBOARDS)
def test_no_two_panels_overlap(uid: str) -> None:
    """Panels stand side by side within the width of the page."""
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARDS[uid]["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not taken & cells
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.key)
def test_a_rate_looks_as_far_back_as_the_scrapes_need(query: Asked) -> None:
    """No range is written down: each is Grafana's, which knows how often Prometheus scrapes."""
    ranges = set(re.findall(r"\[(.+?)\]", query.target["expr"]))

    assert ranges <= {"$__rate_interval", "$__range"}


def expressions() -> list[str]:
    """Every expression of dashboards and rules."""
    rules = [rule["expr"] for group in RULE_TREE["groups"] for rule in group["rules"]]
    marks = [found["annotations"]["list"][0]["expr"] for found in loaded()]
    variables = [
        variable["query"]["query"].removeprefix("label_values(").rpartition(",")[0]
        for found in loaded()
        for variable in found["templating"]["list"]
        if variable["type"] == "query"
    ]
    return [*rules, *(substituted(one) for one in (*marks, *variables)), *(q.expr for q in QUERIES)]


def known(name: str) -> set[str]:
    """The labels of a metric that there is."""
    recorded = {
        rule["record"]
        for group in RULE_TREE["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    return RECORDED_LABELS if name in recorded else (LABELS | OWN)[name]


def test_every_metric_that_is_asked_for_is_one_that_there_is() -> None:
    """Rules, panels, variables and marks name metrics and labels of canaries and gates alone."""
    found = [one for expr in expressions() for one in selectors(expr)]

    assert len(found) > len(QUERIES)
    for name, labels in found:
        assert labels <= known(name), name


def test_every_metric_is_shown_somewhere() -> None:
    """No metric of canaries and gates is measured for nobody."""
    asked_for = {name for query in QUERIES for name, _ in selectors(query.expr)}
    marked = {
        name
        for found in loaded()
        for name, _ in selectors(substituted(found["annotations"]["list"][0]["expr"]))
    }

    assert set() == set(LABELS) - asked_for - marked


@pytest.mark.parametrize("name", sorted(set(alerts(RULE_TREE)) - {"Watchdog"}))
def test_an_alert_leads_to_the_panel_that_shows_it(name: str) -> None:
    """The panel of an alert's link asks for a metric that the alert looks at."""
    rule = alerts(RULE_TREE)[name]
    match = re.search(r"/d/(harness-\w+)\?viewPanel=(\d+)", rule["annotations"]["dashboard"])
    assert match
    shown = {
        metric
        for query in QUERIES
        if (query.dashboard, query.panel) == (match[1], int(match[2]))
        for metric, _ in selectors(query.expr)
    }

    assert shown & {metric for metric, _ in selectors(rule["expr"])}


@pytest.mark.parametrize("name", sorted(set(alerts(RULE_TREE)) - {"Watchdog"}))
def test_an_alerts_link_sets_variables_that_the_dashboard_has(name: str) -> None:
    """What the link of an alert chooses is a variable there."""
    link = alerts(RULE_TREE)[name]["annotations"]["dashboard"]
    match = re.search(r"/d/(harness-\w+)", link)
    assert match
    there = {variable["name"] for variable in DASHBOARDS[match[1]]["templating"]["list"]}

    assert set(re.findall(r"var-(\w+)=", link)) <= there


def test_links_between_dashboards_lead_somewhere() -> None:
    """A row's link names a dashboard, a panel and variables that there are; others the canary."""
    urls = [
        link["url"]
        for found in loaded()
        for panel in found["panels"]
        for link in panel["fieldConfig"]["defaults"].get("links", [])
    ]

    assert urls
    for url in urls:
        match = re.match(r"/d/([\w-]+)\?viewPanel=(\d+)", url)
        assert match or url == "${canary}/"
        if match:
            assert int(match[2]) in {panel["id"] for panel in DASHBOARDS[match[1]]["panels"]}
