"""The page of a release: what it loses, how fast it saves, and what its gate said."""

from __future__ import annotations

from dashboards.panels import APP, RELEASE, Dashboard, Kind, Panel, Query

OF_APP = 'app=~"$app"'
PICKED = 'app=~"$app",release=~"$release"'

RELEASE_PAGE = Dashboard(
    uid="harness-release",
    title="Harness: release",
    description="One release beside the one before it.",
    choices=[APP, RELEASE],
    panels=[
        Panel(
            id=1,
            kind=Kind.LINES,
            title="Fields lost or damaged a minute",
            description="Of any form. A release that has a line here has to go back.",
            unit="cpm",
            leads_to="${canary}/",
            queries=[
                Query(
                    "60 * sum by (app, release, anomaly) "
                    f"(rate(harness_fields_bad_total{{{PICKED}}}[$__rate_interval])) > 0",
                    "{{app}} {{release}}: {{anomaly}}",
                    exemplars=True,
                )
            ],
        ),
        Panel(
            id=2,
            kind=Kind.TABLE,
            title="First seen",
            description="When a probe was first answered by a release.",
            unit="dateTimeAsIso",
            value="first seen",
            queries=[
                Query(
                    "1000 * max by (app, release) "
                    f"(harness_release_first_seen_timestamp_seconds{{{PICKED}}})"
                )
            ],
        ),
        Panel(
            id=3,
            kind=Kind.LINES,
            title="Share of probes that pass",
            description="Of the probes that were not skipped.",
            unit="percentunit",
            queries=[
                Query(
                    "sum by (app, release) "
                    f'(rate(harness_probes_total{{{PICKED},result="pass"}}[$__rate_interval]))'
                    " / sum by (app, release) "
                    f'(rate(harness_probes_total{{{PICKED},result!="skipped"}}[$__rate_interval]))',
                    "{{app}} {{release}}",
                )
            ],
        ),
        Panel(
            id=4,
            kind=Kind.LINES,
            title="From told to readable, slowest of twenty",
            description="How long after users are told that a form is saved storage holds it. "
            "The alert SaveSlow looks at 15 minutes of it.",
            unit="s",
            queries=[
                Query(
                    "histogram_quantile(0.95, sum by (app, form, release, le) "
                    f"(rate(harness_save_to_storage_seconds_bucket{{{PICKED}}}[$__rate_interval])))",
                    "{{app}} {{release}}: {{form}}",
                    exemplars=True,
                ),
                Query(
                    f"max by (app, form) (harness_save_slow_limit_seconds{{{OF_APP}}})",
                    "limit of {{app}}: {{form}}",
                ),
            ],
        ),
        Panel(
            id=5,
            kind=Kind.LINES,
            title="Fields compared a minute",
            description="How much of a release has been looked at.",
            unit="cpm",
            queries=[
                Query(
                    "60 * sum by (app, release) "
                    f"(rate(harness_fields_checked_total{{{PICKED}}}[$__rate_interval]))",
                    "{{app}} {{release}}",
                )
            ],
        ),
        Panel(
            id=6,
            kind=Kind.TABLE,
            title="What its gate said",
            description="The newest gate of each application, as CI pushed it.",
            unit="none",
            queries=[
                Query(
                    f"max by (app, release, verdict) (harness_gate_verdict{{{PICKED}}} == 1)",
                )
            ],
        ),
        Panel(
            id=7,
            kind=Kind.NUMBER,
            title="Since that gate",
            description="A verdict of yesterday is of yesterday's bytes.",
            unit="s",
            width=6,
            height=6,
            queries=[
                Query(
                    "time() - max by (app, release) "
                    f"(harness_gate_last_run_timestamp_seconds{{{PICKED}}})",
                    "{{app}} {{release}}",
                )
            ],
        ),
        Panel(
            id=8,
            kind=Kind.NUMBER,
            title="How long that gate took",
            description="From its start to its verdict.",
            unit="s",
            width=6,
            height=6,
            queries=[
                Query(
                    f"max by (app, release) (harness_gate_duration_seconds{{{PICKED}}})",
                    "{{app}} {{release}}",
                )
            ],
        ),
    ],
)
