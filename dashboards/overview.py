"""The overview: is anything lost now, where, and is anybody looking."""

from __future__ import annotations

from dashboards.panels import APP, GREEN, ORANGE, RED, Dashboard, Kind, Panel, Query

FORM_OF_ROW = (
    "/d/harness-form?viewPanel=1&var-app=${__data.fields.app}&var-form=${__data.fields.form}"
    "&var-release=${__data.fields.release}"
)

OVERVIEW = Dashboard(
    uid="harness-overview",
    title="Harness: overview",
    description="What users were told is saved, against what storage holds, in every application.",
    choices=[APP],
    panels=[
        Panel(
            id=1,
            kind=Kind.NUMBER,
            title="Fields lost or damaged now",
            description="Fields that the newest probe of a form found bad. One is one too many.",
            unit="none",
            width=6,
            height=6,
            limits={1: RED},
            queries=[
                Query(
                    "sum by (app) (max by (app, form, release, field, anomaly) "
                    '(harness_last_probe_fields_bad{app=~"$app"}))',
                    "{{app}}",
                )
            ],
        ),
        Panel(
            id=2,
            kind=Kind.NUMBER,
            title="Release that answers",
            description="Two of them are a deploy under way, or one that stopped half way.",
            unit="none",
            width=6,
            height=6,
            words={"1": ("answers", GREEN)},
            queries=[
                Query(
                    'max by (app, release) (harness_release_info{app=~"$app"})',
                    "{{app}} {{release}}",
                )
            ],
        ),
        Panel(
            id=3,
            kind=Kind.NUMBER,
            title="Since the last good probe",
            description="Of the form that has waited longest. It pages after three intervals.",
            unit="s",
            width=6,
            height=6,
            limits={90: ORANGE, 300: RED},
            queries=[
                Query(
                    "max by (app) (time() - max by (app, form) "
                    '(harness_last_pass_timestamp_seconds{app=~"$app"}))',
                    "{{app}}",
                )
            ],
        ),
        Panel(
            id=4,
            kind=Kind.NUMBER,
            title="What the newest gate said",
            description="As CI pushed it; a gateway keeps it for ever, so see how old it is.",
            unit="none",
            width=6,
            height=6,
            words={"1": ("newest", GREEN)},
            queries=[
                Query(
                    'max by (app, release, verdict) (harness_gate_verdict{app=~"$app"} == 1)',
                    "{{app}} {{release}}: {{verdict}}",
                )
            ],
        ),
        Panel(
            id=5,
            kind=Kind.TABLE,
            title="What is lost or damaged now",
            description="Each field of the newest probes that is bad; a row leads to its form.",
            unit="none",
            leads_to=FORM_OF_ROW,
            value="fields",
            queries=[
                Query(
                    "max by (app, form, release, field, anomaly) "
                    '(harness_last_probe_fields_bad{app=~"$app"}) > 0'
                )
            ],
        ),
        Panel(
            id=6,
            kind=Kind.TABLE,
            title="Alerts that fire",
            description="Without the one that always does. Each has its runbook in its page.",
            unit="none",
            queries=[
                Query(
                    "max by (alertname, severity, app, form, release, field) "
                    '(ALERTS{alertstate="firing",severity=~"critical|warning"})'
                )
            ],
        ),
        Panel(
            id=7,
            kind=Kind.LINES,
            title="Probes a minute, by what came of them",
            description="Loss and error are told apart: one is the release's, one is reachability.",
            unit="cpm",
            queries=[
                Query(
                    "60 * sum by (result) "
                    '(rate(harness_probes_total{app=~"$app"}[$__rate_interval]))',
                    "{{result}}",
                    exemplars=True,
                )
            ],
        ),
        Panel(
            id=8,
            kind=Kind.LINES,
            title="Fields compared a minute",
            description="The evidence: at zero nothing is proved, however green the rest is.",
            unit="cpm",
            queries=[
                Query(
                    "60 * sum by (app) "
                    '(rate(harness_fields_checked_total{app=~"$app"}[$__rate_interval]))',
                    "{{app}}",
                )
            ],
        ),
    ],
)
