"""The page of the canaries themselves: whoever watches is watched here."""

from __future__ import annotations

from dashboards.panels import APP, FORM, GREEN, ORANGE, RED, Dashboard, Kind, Panel, Query

OF_FORM = 'app=~"$app",form=~"$form"'
OF_APP = 'app=~"$app"'

HEALTH = Dashboard(
    uid="harness-health",
    title="Harness: canary health",
    description="Whether the canaries run, look, and clean up.",
    choices=[APP, FORM],
    panels=[
        Panel(
            id=1,
            kind=Kind.STATES,
            title="Canaries that answer",
            description="As Prometheus scrapes them.",
            unit="none",
            words={"0": ("down", RED), "1": ("up", GREEN)},
            queries=[Query('up{job="harness-canary"}', "{{instance}}")],
        ),
        Panel(
            id=2,
            kind=Kind.LINES,
            title="Since the last good probe",
            description="By form, and the three intervals after which Stale pages a minute "
            "later. Until a form has passed it is counted from the canary's start.",
            unit="s",
            queries=[
                Query(
                    "time() - max by (app, form) "
                    f"(harness_last_pass_timestamp_seconds{{{OF_FORM}}})",
                    "{{app}} {{form}}",
                ),
                Query(
                    f"max by (app) (3 * harness_probe_interval_seconds{{{OF_FORM}}})",
                    "{{app}} limit",
                ),
            ],
        ),
        Panel(
            id=3,
            kind=Kind.LINES,
            title="Since the newest probe",
            description="Good or bad. Where it rises like the one before, the canary hangs.",
            unit="s",
            queries=[
                Query(
                    "time() - max by (app, form) "
                    f"(harness_last_probe_timestamp_seconds{{{OF_FORM}}} > 0)",
                    "{{app}} {{form}}",
                )
            ],
        ),
        Panel(
            id=4,
            kind=Kind.LINES,
            title="Lateness of the schedule",
            description="How late the newest probe began: probes take longer than their interval.",
            unit="s",
            queries=[
                Query(
                    f"max by (app, form) (harness_schedule_lag_seconds{{{OF_FORM}}})",
                    "{{app}} {{form}}",
                )
            ],
        ),
        Panel(
            id=5,
            kind=Kind.LINES,
            title="Probes a minute that told nothing",
            description="Errors, timeouts and skipped ones: no loss was seen, and none excluded.",
            unit="cpm",
            queries=[
                Query(
                    "60 * sum by (app, form, result) (rate(harness_probes_total"
                    f'{{{OF_FORM},result=~"error|timeout|skipped"}}[$__rate_interval]))',
                    "{{app}} {{form}}: {{result}}",
                    exemplars=True,
                )
            ],
        ),
        Panel(
            id=6,
            kind=Kind.LINES,
            title="Reads of storage that failed, a minute",
            description="The canary could not look, and why: this is no loss.",
            unit="cpm",
            queries=[
                Query(
                    "60 * sum by (app, reason) "
                    f"(rate(harness_storage_read_errors_total{{{OF_APP}}}[$__rate_interval]))",
                    "{{app}}: {{reason}}",
                )
            ],
        ),
        Panel(
            id=7,
            kind=Kind.LINES,
            title="Synthetic records still in storage",
            description="Back to zero between probes; what stays for an hour is told.",
            unit="none",
            limits={1: ORANGE},
            queries=[
                Query(f"max by (app) (harness_residue_records{{{OF_APP}}})", "{{app}}"),
            ],
        ),
        Panel(
            id=8,
            kind=Kind.LINES,
            title="Synthetic records a minute",
            description="Written and cleaned go side by side.",
            unit="cpm",
            queries=[
                Query(
                    f"60 * sum by (app) (rate(harness_records_{done}_total{{{OF_APP}}}"
                    "[$__rate_interval]))",
                    f"{{{{app}}}} {done}",
                )
                for done in ("written", "cleaned")
            ],
        ),
        Panel(
            id=9,
            kind=Kind.TABLE,
            title="What is watched",
            description="Applications, forms and intervals as the plans have them.",
            unit="none",
            queries=[
                Query(f"max by (app, form, interval) (harness_check_info{{{OF_FORM}}})"),
            ],
        ),
        Panel(
            id=10,
            kind=Kind.TABLE,
            title="Versions of the harness",
            description="Which runs where.",
            unit="none",
            queries=[Query("max by (instance, version) (harness_build_info)")],
        ),
    ],
)
