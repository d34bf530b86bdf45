"""One result for each form and each release that answered: a pass only where all was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.canary.judging import Bench, Told, results
from harness.canary.metrics import Result
from harness.checks.history import read_history
from harness.journal import events as ev
from harness.model import Anomaly, Layer, Severity, Symptom
from harness.observations import Observation, Row
from tests.canary.stories import FORMS, TRIAL, Story, text

WHOLE = {"title": text("title"), "body": text("body")}


def note(release: str = "1.2", outcome: ev.Outcome = "completed", message: str = "") -> Story:
    told = Story()
    save = told.save("note", ("1",), WHOLE)
    told.answered(1, release)
    told.told(save)
    return told.end(outcome, message)


def lost(name: str = "body", severity: Severity = Severity.BLOCK) -> Symptom:
    return Symptom(
        check="storage", anomaly=Anomaly.LOST, severity=severity, form="note", field=name,
        trial=TRIAL, record=f"{TRIAL}/r1", save=f"{TRIAL}/r1/s1", observation="02",
        layer=Layer.PAGE, due=WHOLE[name], found=None,
    )  # fmt: skip


def judged(
    told: Story,
    *symptoms: Symptom,
    unread: str = "",
    preexisting: frozenset[tuple[str, str]] = frozenset(),
    reads: Sequence[Observation] = (),
) -> list[Told]:
    bench = Bench("candidate", "1.1", FORMS, symptoms, unread, preexisting)
    return results(bench, read_history(told.events), reads)


def test_a_save_that_is_whole_is_a_pass() -> None:
    """Its fields are counted for the release that answered the save, not for that of health."""
    (one,) = judged(note())

    assert ("note", "1.2", Result.PASS, "") == (one.form, one.release, one.result, one.sentence)
    assert {"title": 1, "body": 1} == one.checked


def test_a_loss_names_its_fields() -> None:
    """The fields of confirmed symptoms, and the release that answered."""
    (one,) = judged(note(), lost("body"), lost("title"))

    assert (Result.LOSS, "1.2") == (one.result, one.release)
    assert {("body", Anomaly.LOST): 1, ("title", Anomaly.LOST): 1} == one.bad
    assert "note.body lost; note.title lost" == one.sentence


def test_a_loss_of_both_is_told_as_such() -> None:
    """What the stable release loses as well is a loss, and labelled."""
    (one,) = judged(note(), lost("body"), preexisting=frozenset({("note", "body")}))

    assert (Result.LOSS, True) == (one.result, one.preexisting)
    assert "pre-existing" in one.sentence


def test_a_loss_that_is_not_confirmed_is_no_loss() -> None:
    """Neither a loss nor a pass: nobody saw it twice."""
    (one,) = judged(note(), lost("body", Severity.INCONCLUSIVE))

    assert Result.ERROR == one.result
    assert {} == one.bad


def test_what_is_no_loss_yet_says_why() -> None:
    """The verdict's own reason, and not that nobody looked twice."""
    bench = Bench(
        "candidate", "1.1", FORMS, [lost("body", Severity.INCONCLUSIVE)],
        doubt="is it the right storage?",
    )  # fmt: skip
    (one,) = results(bench, read_history(note().events), [])

    assert "note.body lost; is it the right storage?" == one.sentence


def test_storage_that_cannot_be_read_is_no_loss() -> None:
    """It is an error with the reason, and nothing was checked."""
    (one,) = judged(note(), unread="storage refuses")

    assert (Result.ERROR, "storage refuses", {}) == (one.result, one.sentence, one.checked)


@pytest.mark.parametrize(
    ("outcome", "message", "result"),
    [
        ("broken", "the button is gone", Result.ERROR),
        ("told", "the page says no", Result.ERROR),
        ("environment", "browser closed", Result.ERROR),
        ("skipped", "not today", Result.SKIPPED),
        ("broken", "it took longer than 60 s, and was given up", Result.TIMEOUT),
    ],
)
def test_a_journey_that_was_not_completed_is_no_pass(
    outcome: ev.Outcome, message: str, result: Result
) -> None:
    """Whatever kept it from its end, the form says so."""
    (one,) = judged(note(outcome=outcome, message=message))

    assert result == one.result
    assert message.split(",", maxsplit=1)[0] in one.sentence or outcome == "told"


def test_a_probe_that_was_cut_is_a_timeout() -> None:
    """A trial without an end was killed."""
    told = Story()
    told.save("note", ("1",), WHOLE)

    assert [Result.TIMEOUT] == [one.result for one in judged(told)]


def test_a_probe_that_broke_before_any_record_is_about_every_form() -> None:
    """Nobody could sign in: no form was looked at, and each says so."""
    found = judged(Story().end("broken", "401 /api/sign-in"))

    assert [("note", Result.ERROR), ("file", Result.ERROR)] == [(o.form, o.result) for o in found]


def test_a_form_that_a_probe_is_not_about_says_nothing() -> None:
    """A case without a share is no evidence for shares, neither way."""
    assert ["note"] == [one.form for one in judged(note())]


def test_a_save_that_nobody_acknowledged_is_no_pass() -> None:
    """Nothing measured is never a pass."""
    told = Story()
    save = told.save("note", ("1",), WHOLE)
    told.say(ev.SaveRefused(save=save, evidence="no"))

    assert [Result.ERROR] == [one.result for one in judged(told.end())]


def test_two_releases_that_answer_are_told_apart() -> None:
    """In a rolling deploy the loss is the release's that answered that very save."""
    told = note("1.2")
    events = told.events[:-1]
    more = Story()
    more.events, more.at_s = events, told.at_s
    save = more.save("note", ("2",), WHOLE, ordinal=2)
    more.answered(2, "1.1")
    more.told(save)

    found = {one.release: one for one in judged(more.end(), lost("body"))}
    assert {"1.1": Result.PASS, "1.2": Result.LOSS} == {r: o.result for r, o in found.items()}
    assert 2 == found["1.1"].checked["title"] + found["1.2"].checked["title"]


def test_a_release_that_no_answer_names_is_that_of_health() -> None:
    """Where nothing says who answered, health has the word."""
    assert ["1.1"] == [one.release for one in judged(note(release=""))]


@pytest.mark.parametrize("hostile", ["\x1b[31m", "a\nb", "x" * 500])
def test_hostile_releases_are_tamed(hostile: str) -> None:
    """A header may hold anything: what becomes a label is printable and short."""
    (one,) = judged(note(release=hostile))

    assert one.release.isprintable()
    assert len(one.release) <= 100


def test_how_long_a_save_took_to_be_readable() -> None:
    """From the acknowledgement to the end of the first read that showed all of it."""
    told = note()
    ended_s = next(e.at_s for e in told.events if isinstance(e, ev.SaveAcknowledged))
    empty = Observation("01", "candidate", "during", ended_s + 0.1, ended_s + 0.2, {"note": ()})
    whole = replace(
        empty, id="02", began_s=ended_s + 0.6, ended_s=ended_s + 0.75,
        rows={"note": (Row("note", ("1",), WHOLE),)},
    )  # fmt: skip

    (one,) = judged(told, reads=[empty, whole])
    assert [0.75] == pytest.approx(one.saves_s)
