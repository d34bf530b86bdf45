"""A note is typed, a document shared, the note saved; every step stands in bench/bare as well."""

from __future__ import annotations

from harness.factors import Levelled
from harness.plugin import Trial, factors
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner
from scenarios.sharing import add_document, share


@factors(visit=[f"v{n}" for n in range(4)], text=["plain", "typography"])
def test_first(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    write_and_share(practitioner, journal, case, "patient")


@factors(visit=[f"v{n}" for n in range(4)], text=["plain", "typography"])
def test_second(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    write_and_share(practitioner, journal, case, "colleague")


@factors(visit=[f"v{n}" for n in range(4)], text=["plain", "typography"])
def test_third(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    write_and_share(practitioner, journal, case, "both")


def write_and_share(
    practitioner: Practitioner, journal: Trial, case: Levelled, recipient: str
) -> None:
    number = practitioner.new_consultation()
    document = add_document(practitioner, journal, number, "upload", "Scan 1")
    page = practitioner.open(number)
    with journal.record("consultation", key=number).save(
        **dict.fromkeys(FIELDS, case.text)
    ) as save:
        page.enter(save)
        share(practitioner, journal, page, document, recipient)
        page.save_by("button")
        save.acknowledged(page.told_saved())
