"""Which cases live through a stage, and at which of their acknowledgements it comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.gate.across.choosing import (
    Chosen,
    anything,
    editing,
    rotating,
    saving,
    sights,
    spread,
    spread_sights,
    typing,
)
from harness.journal.events import BY_HAND
from harness.model import PLANT, Case, Sight
from tests.checks.story import FOUR, Story, single

ALL = frozenset(range(9))


def three() -> Story:
    """Four cases: one save; an edit of its second note; by a page; and one that broke."""
    story = Story()
    story.trial().record("a").save(*FOUR).acknowledged(level="transport")
    two = story.trial()
    two.record("b").save(*FOUR).acknowledged()
    second = two.record("c").save(*FOUR).acknowledged()
    second.save("reason").acknowledged()
    typed = story.trial().record("d").save(*FOUR)
    typed.typed("reason", typed.values["reason"])
    typed.acknowledged()
    story.trial().ends("broken", "no status")
    return story.ends()


def test_edits() -> None:
    """A case that saves a record again fits, at the acknowledgement that another save follows."""
    chosen = list(editing(three().weighed(), ALL))

    assert [(1, (2,))] == [(one.case.number, one.places) for one in chosen]


def test_pages_that_are_typed_into() -> None:
    """A case fits whose page was typed into and told that it is stored."""
    chosen = list(typing(three().weighed(), ALL))

    assert [(2, (1,))] == [(one.case.number, one.places) for one in chosen]


def test_pages_that_are_typed_into_by_hand() -> None:
    """Where only the scenario knows when it types, nothing can come before it: no such case."""
    story = Story()
    for how in (BY_HAND, "paste"):
        save = story.trial().record().save(*FOUR)
        save.typed("reason", save.values["reason"], how)
        save.acknowledged()

    assert [1] == [one.case.number for one in typing(story.ends().weighed(), ALL)]


def test_pages_that_tell() -> None:
    """Every acknowledgement by a page is one at which something may happen, no other's is."""
    chosen = list(saving(three().weighed(), ALL))

    assert [(1, (1, 2, 3)), (2, (1,))] == [(one.case.number, one.places) for one in chosen]


@pytest.mark.parametrize(("level", "chosen"), [("page", [2]), ("leaving", [])])
def test_pages_whose_secrets_change(level: str, chosen: list[int]) -> None:
    """Every second page, and none that sends as it is left."""
    story = Story()
    for last_level in ("page", "page", level):
        story.trial().record().save(*FOUR).acknowledged(level=last_level)
    grounds = story.ends().weighed()
    first, second, third = anything(grounds, ALL)

    found = rotating(grounds, [first, third, second])
    assert chosen == [one.case.number for one in found]


def test_what_is_no_evidence_is_not_chosen() -> None:
    """A case that the candidate does not complete by itself, or the baseline cannot run, is not."""
    grounds = three().weighed()

    assert [0, 1, 2] == [one.case.number for one in anything(grounds, ALL)]
    assert [2] == [one.case.number for one in anything(grounds, {2, 3})]


def test_a_case_that_was_driven_again_is_chosen_once() -> None:
    """Two attempts of a case are one case."""
    story = Story()
    first = story.trial()
    first.record("a").save(*FOUR).acknowledged()
    story.trial(again=first).record("b").save(*FOUR).acknowledged()

    assert 1 == len(list(anything(story.ends().weighed(), ALL)))


def cases(*levels: str) -> list[Chosen]:
    """A case for each scenario and text class."""
    told = [tuple(text.split()) for text in levels]
    return [Chosen(Case(f"{s}[{t}]", n, s, "f", 1, {"text": t})) for n, (s, t) in enumerate(told)]


@pytest.mark.parametrize(
    ("n", "numbers"), [(0, []), (1, [0]), (2, [0, 3]), (9, [0, 3, 1, 2]), (None, [0, 1, 2, 3])]
)  # fmt: skip
def test_they_differ_as_much_as_they_can(n: int | None, numbers: list[int]) -> None:
    """Other scenarios and levels come first; with few cases all are taken, and without a limit."""
    chosen = cases("write plain", "write astral", "write plain", "edit astral")

    assert numbers == [one.case.number for one in spread(chosen, n)]


# --- records to look at --------------------------------------------------------------------------


def seen(story: Story) -> list[tuple[str, str]]:
    """The keys of the records that are looked at, with what storage holds of the first field."""
    story.rows["upgraded"] = story.rows["baseline"]
    story.reads("before", role="upgraded")
    story.changes |= {"readers": {"note": ("colleague",)}}
    story.changes |= {"forms": dict.fromkeys(("candidate", "baseline", "upgraded"), story.forms)}
    return [(sight.key[0], str(sight.due["reason"])) for sight in sights(story.weighed())]


def test_planted_records_are_looked_at_first() -> None:
    """What the canaries wrote stands before what the sample did, as storage holds it."""
    story = Story(single())
    for key, stage in (("sample", "sample"), ("canary", PLANT)):
        record = story.trial(role="baseline", stage=stage).record(key)
        record.save(reason="first").acknowledged().save(reason="second").acknowledged()
        record.holds(reason="what the baseline made of it")

    held = "what the baseline made of it"
    assert [("canary", held), ("sample", held)] == seen(story)


def test_what_cannot_be_found_again_is_not_looked_at() -> None:
    """A record without a key, without any save, or that storage does not hold, shows nothing."""
    story = Story(single())
    story.trial(role="baseline").record().save("reason").acknowledged()
    story.trial(role="baseline").record("d").save("reason").acknowledged().delete().acknowledged()
    story.trial(role="baseline").record("n").holds(reason="somebody else's")
    story.trial().record("candidate").save("reason").acknowledged()

    assert [] == seen(story)


def test_a_form_that_nobody_reads() -> None:
    """Without a reader there is nothing to look at."""
    story = Story(single())
    story.trial(role="baseline").record("a").save("reason").acknowledged()

    assert () == sights(replace(story.weighed()))


def test_each_form_has_its_share() -> None:
    """Few records of one form are not crowded out by many of another."""
    found = [Sight("note", (str(n),), {}) for n in range(20)]
    taken = spread_sights([*found, Sight("paper", ("p",), {})])

    assert (8, 1) == (len(taken), sum(sight.form == "paper" for sight in taken))
