"""The budget of unavailability. Lost data has none: one field pages."""

from __future__ import annotations

from dashboards.panels import APP, FORM, GREEN, ORANGE, RED, Dashboard, Kind, Panel, Query

PICKED = 'app=~"$app",form=~"$form"'
BUDGET = 0.01
FAST, SLOW = 14.4, 6
FAILED = f'harness_probes_total{{{PICKED},result=~"error|timeout"}}'
TRIED = f'harness_probes_total{{{PICKED},result!="skipped"}}'
FAILED_SHARE = (
    f"sum by (app, form) (rate({FAILED}[$__range])) / sum by (app, form) (rate({TRIED}[$__range]))"
)

SLO = Dashboard(
    uid="harness-slo",
    title="Harness: objectives",
    description="99 of 100 probes can save; and of what is told to be saved, all is found.",
    choices=[APP, FORM],
    since="now-7d",
    panels=[
        Panel(
            id=1,
            kind=Kind.LINES,
            title="Burn rate of the budget",
            description="1 uses the budget up exactly in time. It pages where 5 minutes and an "
            "hour are above 14.4, or 30 minutes and six hours above 6.",
            unit="none",
            width=24,
            limits={SLOW: ORANGE, FAST: RED},
            queries=[
                Query(
                    f"app_form:harness_probes_failed:ratio_rate{window}{{{PICKED}}} / {BUDGET}",
                    f"{{{{app}}}} {{{{form}}}} {window}",
                )
                for window in ("5m", "30m", "1h", "6h")
            ],
        ),
        Panel(
            id=2,
            kind=Kind.NUMBER,
            title="Probes that could save",
            description="In the time that is shown. Errors and timeouts count against it.",
            unit="percentunit",
            width=8,
            height=6,
            queries=[Query(f"1 - {FAILED_SHARE}", "{{app}} {{form}}")],
        ),
        Panel(
            id=3,
            kind=Kind.NUMBER,
            title="Budget that is left",
            description="Of 1 % of the probes in the time that is shown; below zero is overdrawn.",
            unit="percentunit",
            width=8,
            height=6,
            queries=[Query(f"1 - ({FAILED_SHARE}) / {BUDGET}", "{{app}} {{form}}")],
        ),
        Panel(
            id=4,
            kind=Kind.NUMBER,
            title="Fields that were ever lost or damaged",
            description="Different fields, in the time that is shown. The objective is none.",
            unit="none",
            width=8,
            height=6,
            limits={1: RED},
            words={"0": ("none", GREEN)},
            queries=[
                Query(
                    "count(sum by (app, form, field) "
                    f"(increase(harness_fields_bad_total{{{PICKED}}}[$__range])) > 0) or vector(0)",
                    "fields",
                )
            ],
        ),
    ],
)
