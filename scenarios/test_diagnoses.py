"""The list of diagnoses: its lines and their order, saved as one."""

from __future__ import annotations

from collections.abc import Sequence

from harness.factors import Levelled
from harness.plugin import Record, Save, Trial, exact, factors
from scenarios.note_page import NotePage
from scenarios.practitioner import Practitioner

CODES = ("J06.9", "I10", "R60.0")


@factors(change=["first two", "one more", "another label", "one less", "other order"])
def test_change_the_diagnoses(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """Lines are added, changed, removed and put in another order; the others stay."""
    number = practitioner.new_consultation()
    diagnoses = journal.record("diagnoses", key=number)
    labels = [] if case.change == "first two" else earlier_visit(practitioner, diagnoses, number)
    page = practitioner.open(number)

    with changed(diagnoses, case.change, labels) as save:
        change(page, save, case.change)
        held_codes, held_labels = page.diagnoses()
        save.typed(code=held_codes, label=held_labels)
        page.save_by("autosave")
        save.acknowledged(page.told_saved())


def earlier_visit(practitioner: Practitioner, diagnoses: Record, number: int) -> list[str]:
    """Two diagnoses are there already; their labels."""
    old = [exact(code) for code in CODES[:2]]
    with diagnoses.save(code=old, label=["plain", "quotes"]) as save:
        codes, labels = rows(save, "code"), rows(save, "label")
        lines = [{"code": c, "label": label} for c, label in zip(codes, labels, strict=True)]
        save.acknowledged(practitioner.write(number, {"diagnoses": lines}), level="transport")
    return labels


def changed(diagnoses: Record, how: str, labels: Sequence[str]) -> Save:
    """The whole list as it is to be: what was not touched is due as it was."""
    old = [exact(label) for label in labels]
    first, second, third = (exact(code) for code in CODES)
    if how == "first two":
        return diagnoses.save(code=[first, second], label=["plain", "quotes"])
    if how == "one more":
        return diagnoses.save(code=[first, second, third], label=[*old, "comparison"])
    if how == "another label":
        return diagnoses.save(code=[first, second], label=[old[0], "comparison"])
    if how == "one less":
        return diagnoses.save(code=[second], label=[old[1]])
    return diagnoses.save(code=[second, first], label=[old[1], old[0]])


def change(page: NotePage, save: Save, how: str) -> None:
    """Bring the page's lines there, as a person would."""
    codes, labels = rows(save, "code"), rows(save, "label")
    if how in ("one less", "other order"):
        page.remove_diagnosis(1)
    if how == "another label":
        page.diagnosis("label", 2).fill(labels[1])
    added = {"first two": (0, 1), "one more": (2,), "other order": (1,)}
    for at in added.get(how, ()):
        page.add_diagnosis(codes[at], labels[at])


def rows(save: Save, name: str) -> list[str]:
    """The values to type, a line each."""
    found = save.value(name)
    assert isinstance(found, tuple)
    return [str(one) for one in found]
