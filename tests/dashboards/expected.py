"""What each panel has to show at the end of the story, from the story's own figures."""

from __future__ import annotations

from collections.abc import Iterator

from tests.dashboards import story
from tests.dashboards.story import FORMS, NEW, OLD, SAVES, SWITCHED_S, results_a_minute

# Labels without which a value would not be told from its neighbours, and the value.
Shown = dict[frozenset[tuple[str, str]], float]


def of(value: float, **labels: str) -> Shown:
    """One line, row or number."""
    return {frozenset(labels.items()): value}


def merged(*shown: Shown) -> Shown:
    """All of them."""
    return {labels: value for each in shown for labels, value in each.items()}


def results(form: str) -> dict[str, float]:
    """What comes of a form's probes a minute at the end of the story."""
    return results_a_minute(form, NEW)


def looked(form: str) -> float:
    """Probes a minute of a form that compared its fields."""
    return results(form)["pass"] + results(form)["loss"]


def tried(form: str) -> float:
    """Probes a minute that were not skipped."""
    return sum(n for result, n in results(form).items() if result != "skipped")


def failed(form: str) -> float:
    """The share of them that could not use the application."""
    return (results(form)["error"] + results(form)["timeout"]) / tried(form)


def quantile(buckets: dict[str, float], share: float) -> float:
    """What histogram_quantile makes of buckets: evenly spread between two bounds."""
    below_s = below = 0.0
    for le, held in buckets.items():
        if held >= share:
            return below_s + (float(le) - below_s) * (share - below) / (held - below)
        below_s, below = float(le), held
    raise AssertionError(f"no bucket of {buckets} holds {share}")


FORM, FIELD, ANOMALY = story.BAD_FIELD
BAD = of(1, app="clinic", form=FORM, release=NEW, field=FIELD, anomaly=ANOMALY)
COMPARED = sum(looked(form) * len(FORMS[form]) for form in FORMS)
P95_S = quantile(SAVES, 0.95)


def by_result() -> Iterator[Shown]:
    """Probes a minute of every form, by result."""
    for result in results(FORM):
        yield of(sum(results(form)[result] for form in FORMS), result=result)


def fields_of_the_newest_probe() -> Iterator[Shown]:
    """Each field of the release that answers: how many anomalies it has."""
    for form, fields in FORMS.items():
        for field in fields:
            bad = float((form, field) == (FORM, FIELD))
            yield of(bad, app="clinic", form=form, release=NEW, field=field)


def old_and_new(old: float, new: float, **labels: str) -> Shown:
    """A line for each release."""
    return merged(
        of(old, app="clinic", release=OLD, **labels), of(new, app="clinic", release=NEW, **labels)
    )


def by_form(figures: dict[str, float], **labels: str) -> Shown:
    """A line for each form."""
    return merged(*(of(figures[form], app="clinic", form=form, **labels) for form in FORMS))


def overview() -> dict[str, Shown]:
    """The overview's panels."""
    alert = {"alertname": "DataLoss", "severity": "critical"}
    return {
        "1A": of(1, app="clinic"),
        "2A": of(1, app="clinic", release=NEW),
        "3A": of(max(story.LAST_PASS_AGO_S.values()), app="clinic"),
        "4A": of(1, app="clinic", release=NEW, verdict="block"),
        "5A": BAD,
        "6A": of(1, app="clinic", **alert),
        "7A": merged(*by_result()),
        "8A": of(COMPARED, app="clinic"),
    }


def release(end_s: float) -> dict[str, Shown]:
    """The panels of a release's page; nothing is divided by probes that there were not."""
    passing = sum(results(form)["pass"] for form in FORMS) / sum(tried(form) for form in FORMS)
    saves = [of(P95_S, app="clinic", form=form, release=NEW) for form in FORMS]
    seen_ms = [1000 * (end_s - story.LASTS_S + second) for second in (0, SWITCHED_S)]
    nothing = float("nan")
    silent = [of(nothing, app="clinic", form=form, release=OLD) for form in FORMS]
    return {
        "1A": of(story.LOST_A_MINUTE, app="clinic", release=NEW, anomaly=ANOMALY),
        "2A": old_and_new(*seen_ms),
        "3A": old_and_new(nothing, passing),
        "4A": merged(*saves, *silent),
        "4B": by_form(dict.fromkeys(FORMS, story.SLOW_S)),
        "5A": old_and_new(0, COMPARED),
        "6A": of(1, app="clinic", release=NEW, verdict="block"),
        "7A": of(story.GATE_AGO_S, app="clinic", release=NEW),
        "8A": of(story.GATE_TOOK_S, app="clinic", release=NEW),
    }


def form() -> dict[str, Shown]:
    """The panels of a form's page."""
    compared = [
        of(looked(form), form=form, field=field)
        for form, fields in FORMS.items()
        for field in fields
    ]
    probes = [
        of(a_minute, form=form, result=result)
        for form in FORMS
        for result, a_minute in results(form).items()
    ]
    return {
        "1A": merged(*fields_of_the_newest_probe()),
        "2A": BAD,
        "3A": of(story.LOST_A_MINUTE, form=FORM, release=NEW, field=FIELD),
        "4A": merged(*compared),
        "5A": merged(*probes),
        "6A": merged(*(of(quantile(SAVES, 0.5), form=form) for form in FORMS)),
        "6B": merged(*(of(P95_S, form=form) for form in FORMS)),
        "7A": by_form(dict.fromkeys(FORMS, quantile(story.DURATIONS, 0.95))),
    }


def health() -> dict[str, Shown]:
    """The panels of the canaries' own page."""
    nothing = [
        of(results(form)[result], app="clinic", form=form, result=result)
        for form in FORMS
        for result in ("error", "timeout", "skipped")
    ]
    unread = story.UNREAD_A_MINUTE.items()
    return {
        "1A": of(1, instance="canary:9477", job="harness-canary", __name__="up"),
        "2A": by_form({form: float(ago) for form, ago in story.LAST_PASS_AGO_S.items()}),
        "2B": of(3 * story.INTERVAL_S, app="clinic"),
        "3A": by_form({form: float(ago) for form, ago in story.LAST_PROBE_AGO_S.items()}),
        "4A": by_form(dict.fromkeys(FORMS, story.LAG_S)),
        "5A": merged(*nothing),
        "6A": merged(*(of(a_minute, app="clinic", reason=reason) for reason, a_minute in unread)),
        "7A": of(story.RESIDUE_N, app="clinic"),
        "8A": of(story.WRITTEN_A_MINUTE, app="clinic"),
        "8B": of(story.CLEANED_A_MINUTE, app="clinic"),
        "9A": by_form(dict.fromkeys(FORMS, 1.0), interval=f"{story.INTERVAL_S}s"),
        "10A": of(1, instance="canary:9477", version="9.9"),
    }


def slo() -> dict[str, Shown]:
    """The panels of the objectives: the story's share of failures is the same all the time."""
    burn = by_form({form: failed(form) / 0.01 for form in FORMS})
    return {
        **{f"1{ref_id}": burn for ref_id in "ABCD"},
        "2A": by_form({form: 1 - failed(form) for form in FORMS}),
        "3A": by_form({form: 1 - failed(form) / 0.01 for form in FORMS}),
        "4A": of(1),
    }


def everything(end_s: float) -> dict[str, Shown]:
    """Every query of every panel, by its key."""
    return {
        f"harness-{uid} {place}": shown
        for uid, panels in {
            "overview": overview(),
            "release": release(end_s),
            "form": form(),
            "health": health(),
            "slo": slo(),
        }.items()
        for place, shown in panels.items()
    }
