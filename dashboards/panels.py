"""What a dashboard is made of, and how it becomes what Grafana reads.

Everything that Grafana would otherwise choose or number by itself is set here, so that the same
description gives the same bytes, and a link to a panel stays right.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
COLUMNS = 24
GREEN, ORANGE, RED = "green", "orange", "red"
TAG = "harness"

PanelBuilder = timeseries.Panel | stat.Panel | statetimeline.Panel | table.Panel


class Kind(Enum):
    """How figures are shown."""

    LINES = timeseries.Panel
    NUMBER = stat.Panel
    STATES = statetimeline.Panel
    TABLE = table.Panel


@dataclass(frozen=True)
class Query:
    """What is asked of Prometheus, and what each line is called after its labels."""

    expr: str
    legend: str = ""
    exemplars: bool = False


@dataclass(frozen=True)
class Panel:
    """One panel; the id is what links name.

    Limits are values from which on a colour holds. A table has a column for its value only where
    that is given a name.
    """

    id: int
    kind: Kind
    title: str
    description: str
    unit: str
    queries: Sequence[Query]
    width: int = 12
    height: int = 8
    limits: Mapping[float, str] = field(default_factory=dict)
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    leads_to: str = ""
    value: str = ""


@dataclass(frozen=True)
class Choice:
    """A variable that offers the values of a label."""

    name: str
    query: str


@dataclass(frozen=True)
class Dashboard:
    """One dashboard; its panels flow from left to right in their order."""

    uid: str
    title: str
    description: str
    choices: Sequence[Choice]
    panels: Sequence[Panel]
    since: str = "now-6h"


APP = Choice("app", "label_values(harness_check_info, app)")
FORM = Choice("form", 'label_values(harness_check_info{app=~"$app"}, form)')
RELEASE = Choice("release", 'label_values(harness_probes_total{app=~"$app"}, release)')
# What is asked for a release's mark on every graph.
RELEASES_SEEN = (
    'max by (app, release) (harness_release_first_seen_timestamp_seconds{app=~"$app"}) * 1000'
)


def built(told: Dashboard) -> models.Dashboard:
    """A dashboard as Grafana's own model."""
    made = (
        builders.Dashboard(told.title)
        .uid(told.uid)
        .description(told.description)
        .tags([TAG])
        .readonly()
        .refresh("30s")
        .time(told.since, "now")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(
            builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
        )
        .link(
            builders.DashboardLink("Dashboards")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .include_vars(True)
            .keep_time(True)
        )
        .link(
            builders.DashboardLink("Canary's page")
            .type(models.DashboardLinkType.LINK)
            .tooltip("Fields by releases, the newest probes and their proof")
            .url("${canary}/")
            .target_blank(True)
        )
        .annotation(_releases())
    )
    for choice in told.choices:
        made.with_variable(_choice(choice))
    made.with_variable(
        builders.TextBoxVariable("canary")
        .label("Canary")
        .description("Where the canary's page is; its reports are below /runs/.")
        .default_value("http://127.0.0.1:9477")
    )
    left = top = tallest = 0
    for panel in told.panels:
        if left + panel.width > COLUMNS:
            left, top, tallest = 0, top + tallest, 0
        made.with_panel(
            _panel(panel).grid_pos(models.GridPos(h=panel.height, w=panel.width, x=left, y=top))
        )
        left, tallest = left + panel.width, max(tallest, panel.height)
    return made.build()


def _releases() -> builders.AnnotationQuery:
    return (
        builders.AnnotationQuery()
        .name("Releases")
        .datasource(SOURCE)
        .enable(True)
        .hide(False)
        .icon_color("blue")
        .expr(RELEASES_SEEN)
        .title_format("{{app}} {{release}}")
        .text_format("first seen answering")
        .step("60s")
        .use_value_for_time(True)
    )


def _choice(choice: Choice) -> builders.QueryVariable:
    return (
        builders.QueryVariable(choice.name)
        .label(choice.name.capitalize())
        .datasource(SOURCE)
        .query({"query": choice.query, "refId": choice.name, "qryType": 1})
        .definition(choice.query)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(models.VariableOption(selected=True, text="All", value="$__all"))
    )


def _panel(told: Panel) -> PanelBuilder:
    made: PanelBuilder = told.kind.value()
    made.id(told.id).title(told.title).description(told.description).datasource(SOURCE)
    made.unit(told.unit).no_value("no data").thresholds(_thresholds(told.limits))
    for ref_id, query in zip(string.ascii_uppercase, told.queries, strict=False):
        made.with_target(_target(query, ref_id, told.kind))
    if told.words:
        results = {
            value: models.ValueMappingResult(text=text, color=color, index=place)
            for place, (value, (text, color)) in enumerate(told.words.items())
        }
        made.mappings([models.ValueMap(results)])
    if told.leads_to:
        made.data_links([_link(told.leads_to)])
    colored = models.FieldColorModeId.THRESHOLDS
    if isinstance(made, timeseries.Panel):
        _as_lines(made, told)
        colored = models.FieldColorModeId.PALETTE_CLASSIC
    elif isinstance(made, table.Panel):
        made.transformations([_columns(told.value)])
    elif isinstance(made, stat.Panel):
        made.reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
        made.color_mode(common.BigValueColorMode.VALUE)
        made.graph_mode(common.BigValueGraphMode.NONE)
        made.text_mode(common.BigValueTextMode.VALUE_AND_NAME)
    elif isinstance(made, statetimeline.Panel):
        made.legend(common_builders.VizLegendOptions().show_legend(False).calcs([]))
        made.show_value(common.VisibilityMode.AUTO).merge_values(True)
    return made.color_scheme(builders.FieldColor().mode(colored))


def _columns(value: str) -> models.DataTransformerConfig:
    """Labels are columns; when it was asked is none, and a value that is always 1 is none."""
    hidden = {"Time": True} if value else {"Time": True, "Value": True}
    renamed = {"Value": value} if value else {}
    return models.DataTransformerConfig(
        id_val="organize",
        options={"excludeByName": hidden, "indexByName": {}, "renameByName": renamed},
    )


def _as_lines(made: timeseries.Panel, told: Panel) -> None:
    made.legend(
        common_builders.VizLegendOptions()
        .show_legend(True)
        .display_mode(common.LegendDisplayMode.TABLE)
        .placement(common.LegendPlacement.BOTTOM)
        .calcs(["lastNotNull", "max"])
    )
    made.tooltip(
        common_builders.VizTooltipOptions()
        .mode(common.TooltipDisplayMode.MULTI)
        .sort(common.SortOrder.DESCENDING)
    )
    made.axis_soft_min(0).fill_opacity(10).show_points(common.VisibilityMode.NEVER)
    if told.limits:
        made.thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.LINE)
        )


def _thresholds(limits: Mapping[float, str]) -> builders.ThresholdsConfig:
    steps = [models.Threshold(None, GREEN)]
    steps += [models.Threshold(value, color) for value, color in limits.items()]
    return builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _target(query: Query, ref_id: str, kind: Kind) -> prometheus.Dataquery:
    made = (
        prometheus.Dataquery()
        .datasource(SOURCE)
        .expr(query.expr)
        .ref_id(ref_id)
        .exemplar(query.exemplars)
    )
    if kind is Kind.TABLE:
        return made.instant().format(PromQueryFormat.TABLE)
    made.legend_format(query.legend).format(PromQueryFormat.TIME_SERIES)
    return made.instant() if kind is Kind.NUMBER else made.range()


def _link(url: str) -> builders.DashboardLink:
    title = "Fields of this form" if url.startswith("/d/") else "Proof"
    return (
        builders.DashboardLink(title)
        .type(models.DashboardLinkType.LINK)
        .url(url)
        .target_blank(not url.startswith("/d/"))
    )
