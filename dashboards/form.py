"""The page of a form: each of its fields, in the newest probe and over time."""

from __future__ import annotations

from dashboards.panels import APP, FORM, GREEN, RED, RELEASE, Dashboard, Kind, Panel, Query

PICKED = 'app=~"$app",form=~"$form",release=~"$release"'

FORM_AND_FIELD = Dashboard(
    uid="harness-form",
    title="Harness: form and field",
    description="Every field of a form: was what users were told is saved found in storage.",
    choices=[APP, FORM, RELEASE],
    since="now-1h",
    panels=[
        Panel(
            id=1,
            kind=Kind.STATES,
            title="Fields in the newest probe",
            description="Red is lost or damaged. A line ends with the release that it is of.",
            unit="none",
            width=24,
            height=10,
            words={"0": ("good", GREEN)},
            limits={1: RED},
            leads_to="${canary}/",
            queries=[
                Query(
                    "sum by (app, form, release, field) "
                    "(max by (app, form, release, field, anomaly) "
                    f"(harness_last_probe_fields_bad{{{PICKED}}}))",
                    "{{form}} {{release}}: {{field}}",
                )
            ],
        ),
        Panel(
            id=2,
            kind=Kind.TABLE,
            title="What is wrong with them",
            description="The anomalies of the newest probe.",
            unit="none",
            value="fields",
            leads_to="${canary}/",
            queries=[
                Query(
                    "max by (app, form, release, field, anomaly) "
                    f"(harness_last_probe_fields_bad{{{PICKED}}}) > 0"
                )
            ],
        ),
        Panel(
            id=3,
            kind=Kind.LINES,
            title="Fields lost or damaged a minute",
            description="Over time, by field; each point has the probe that saw it as an exemplar.",
            unit="cpm",
            leads_to="${canary}/",
            queries=[
                Query(
                    "60 * sum by (form, release, field) "
                    f"(rate(harness_fields_bad_total{{{PICKED}}}[$__rate_interval])) > 0",
                    "{{form}} {{release}}: {{field}}",
                    exemplars=True,
                )
            ],
        ),
        Panel(
            id=4,
            kind=Kind.LINES,
            title="Fields compared a minute",
            description="By field. A field without a line is one that nobody looks at.",
            unit="cpm",
            queries=[
                Query(
                    "60 * sum by (form, field) "
                    f"(rate(harness_fields_checked_total{{{PICKED}}}[$__rate_interval]))",
                    "{{form}}: {{field}}",
                )
            ],
        ),
        Panel(
            id=5,
            kind=Kind.LINES,
            title="Probes a minute, by what came of them",
            description="Of these forms and releases.",
            unit="cpm",
            queries=[
                Query(
                    "60 * sum by (form, result) "
                    f"(rate(harness_probes_total{{{PICKED}}}[$__rate_interval]))",
                    "{{form}}: {{result}}",
                    exemplars=True,
                )
            ],
        ),
        Panel(
            id=6,
            kind=Kind.LINES,
            title="From told to readable",
            description="How long after users are told that it is saved storage holds it: half of "
            "the saves are faster than the first line, 19 of 20 than the second.",
            unit="s",
            queries=[
                Query(
                    f"histogram_quantile({share}, sum by (form, le) "
                    f"(rate(harness_save_to_storage_seconds_bucket{{{PICKED}}}[$__rate_interval])))",
                    f"{{{{form}}}} {name}",
                )
                for share, name in (("0.5", "half"), ("0.95", "19 of 20"))
            ],
        ),
        Panel(
            id=7,
            kind=Kind.LINES,
            title="How long a probe takes",
            description="Whole probes, browser and looking up included: 19 of 20 are faster.",
            unit="s",
            queries=[
                Query(
                    "histogram_quantile(0.95, sum by (app, form, le) "
                    '(rate(harness_probe_duration_seconds_bucket{app=~"$app",form=~"$form"}'
                    "[$__rate_interval])))",
                    "{{app}} {{form}}",
                )
            ],
        ),
    ],
)
