"""What no field covers: new keys of requests, and columns."""

from __future__ import annotations

from harness.checks.coverage import uncovered
from harness.checks.history import read_history
from tests.checks.story import Story, TrialStory, form


def driven(times: int = 6) -> tuple[Story, list[TrialStory], list[TrialStory]]:
    """Cases that were driven on both deployments, alike: every save sends its texts."""
    story = Story(form("note", unchecked=("updated_at",)))
    mine: list[TrialStory] = []
    theirs: list[TrialStory] = []
    for n in range(times):
        trial = story.trial(text=str(n))
        other = story.trial(again=trial, role="baseline")
        for each, side in ((trial, mine), (other, theirs)):
            save = each.record(str(n)).save("reason", "history")
            each.sends_all(save.values)
            save.acknowledged()
            side.append(each)
    return story, mine, theirs


def found(story: Story) -> tuple[list[str], list[str]]:
    """(evidence that is missing, warnings)."""
    forms = {"candidate": story.forms}
    return uncovered(read_history(story.events), story.observations, forms)


def send(trials: list[TrialStory], path: str = "/api/notes/7", **leaves: str) -> None:
    """Each of these trials sends the text of its save once more, with something else."""
    for trial in trials:
        save = trial.story.trial(again=trial, role=trial.role).record("x").save("reason")
        again = trial.story.trials[-1]
        again.sends(path, reason=str(save.values["reason"]), **leaves)  # type: ignore[arg-type]


def test_a_key_that_people_newly_send_is_missing_evidence() -> None:
    """A key that the baseline never sends and no field covers may be a field of the user."""
    story, mine, _ = driven()
    send(mine, urgency="high")
    ((sentence,), warnings) = found(story)

    assert "'urgency'" in sentence
    assert "add it to a form, or to unchecked" in sentence
    assert [] == warnings


def test_an_ordinal_in_a_path_does_not_make_an_endpoint_new() -> None:
    """Another record's address is the same endpoint."""
    story, mine, _ = driven()
    send(mine, "/api/notes/8131", urgency="high")

    assert 1 == len(found(story)[0])


def test_keys_that_are_no_news_are_let_pass() -> None:
    """What the baseline sends as well, a field, its column, or what the plan leaves unchecked."""
    story, mine, theirs = driven()
    send([*mine, *theirs], version="3")
    send(mine, updated_at="2024", reason_="x")
    send(mine, **{"note.history.text": "autre"})

    assert 1 == len(found(story)[0])
    assert "'reason_'" in found(story)[0][0]


def test_a_new_place_of_what_was_typed_is_the_storages_business() -> None:
    """A key that carries what a field owes is judged by what storage holds of it."""
    story, mine, _ = driven()
    for trial in mine:
        again = story.trial(again=trial)
        save = again.record("x").save("reason")
        again.sends(motive=str(save.values["reason"]))

    assert ([], []) == found(story)


def test_what_a_timer_sends_of_itself_is_no_news() -> None:
    """Requests without anything that people typed come and go with the machine's load."""
    story, mine, theirs = driven()
    for trial in theirs:
        trial.sends("/api/metrics", "POST", lcp="1")
    for trial in mine:
        trial.sends("/api/metrics", "POST", cls="2", fid="3")
        trial.sends("/api/heartbeat", "POST", beat="4")

    assert ([], []) == found(story)


def test_a_key_that_few_cases_send_only_warns() -> None:
    """The baseline's few cases may just not have met the timer that sends it."""
    for sending, keys, warnings in ((1, 0, 1), (2, 0, 1), (6, 1, 0)):
        story, mine, _ = driven()
        send(mine[:sending], autosave="true")

        assert (keys, warnings) == tuple(map(len, found(story)))


def test_without_a_baseline_no_key_is_new() -> None:
    """What nothing can be compared with is not called new."""
    story = Story()
    trial = story.trial()
    trial.sends_all(trial.record("7").save("reason").values)
    trial.sends(urgency="high")

    assert ([], []) == found(story)


def test_an_endpoint_that_the_baseline_never_called_is_no_news() -> None:
    """A new address is another way to save, which the storage check judges."""
    story, mine, _ = driven()
    send(mine, "/api/v2/notes", urgency="high")

    assert ([], []) == found(story)


def test_columns_that_no_field_covers_are_listed_and_new_ones_named() -> None:
    """A column alone is a warning: keys, fields and what is unchecked are covered."""
    story = Story(form("note", unchecked=("updated_at",)))
    old = ("id", "reason", "history", "updated_at", "author")
    story.columns = {"baseline": {"note": old}, "candidate": {"note": (*old, "urgency")}}
    story.trial(role="baseline")
    story.trial()

    assert (
        [],
        [
            "new columns of note that no field covers: urgency",
            "columns of note that no field covers: author",
        ],
    ) == found(story)


def test_a_new_key_makes_the_verdict_inconclusive_and_a_column_does_not() -> None:
    """The one may be something that people typed and nobody compares, the other is a warning."""
    for key, verdict in ((True, "inconclusive"), (False, "pass")):
        story, mine, _ = driven()
        if key:
            for trial in mine:
                save = trial.record(f"9{trial.case.number}").save("reason")
                trial.sends(reason=str(save.values["reason"]), urgency="high")
                save.acknowledged()
        story.columns = {"candidate": {"note": ("id", "urgency")}}
        story.ends("baseline").ends()

        assert verdict == story.judged().verdict
