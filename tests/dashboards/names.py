"""Every metric of canaries and gates with its labels: what rules and dashboards may ask for."""

METRICS: dict[str, str] = {
    "build_info": "version",
    "check_info": "app form interval",
    "release_info": "app release",
    "release_first_seen_timestamp_seconds": "app release",
    "probes_total": "app form release result",
    "probe_duration_seconds_bucket": "app form le",
    "save_to_storage_seconds_bucket": "app form release le",
    "save_slow_limit_seconds": "app form",
    "fields_checked_total": "app form release field",
    "fields_bad_total": "app form release field anomaly",
    "last_probe_fields_bad": "app form release field anomaly",
    "last_probe_timestamp_seconds": "app form",
    "last_pass_timestamp_seconds": "app form",
    "probe_interval_seconds": "app form",
    "schedule_lag_seconds": "app form",
    "records_written_total": "app",
    "records_cleaned_total": "app",
    "residue_records": "app",
    "storage_read_errors_total": "app reason",
    "gate_verdict": "app release verdict",
    "gate_last_run_timestamp_seconds": "app release",
    "gate_duration_seconds": "app release",
}
LABELS = {f"harness_{name}": set(labels.split()) for name, labels in METRICS.items()}
# What Prometheus makes itself.
OWN = {
    "up": {"job", "instance"},
    "ALERTS": {"alertname", "alertstate", "severity", "app", "form", "release", "field"},
}
RECORDED_LABELS = {"app", "form"}
