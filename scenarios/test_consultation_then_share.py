"""A note and the documents shared beside it: the scenario that everything else stands around."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext

from playwright.sync_api import expect

from harness.factors import Levelled
from harness.plugin import Record, Save, Trial, corpus, factors
from scenarios.note_page import FIELDS, NotePage
from scenarios.practitioner import Practitioner
from scenarios.sharing import add_document, share

FILLED = {"all": FIELDS, "one": ("history",), "edit": ("examination", "conclusion")}
MOMENTS = ["before typing", "between fields", "after typing", "after save", "never"]
NO_SHARING: dict[str, list[object]] = {
    "documents_shared": [0],
    "moment_of_share": ["never"],
    "recipient": ["nobody"],
}


def makes_sense(case: Levelled) -> bool:
    """Who shares nothing shares with nobody and never; one field has nothing in between."""
    if (case.documents_shared == 0) != (case.moment_of_share == "never"):
        return False
    if (case.documents_shared == 0) != (case.recipient == "nobody"):
        return False
    if case.moment_of_share == "between fields" and case.fill == "one":
        return False
    # Emptying a field that is empty changes nothing, so nothing would be due.
    return bool(case.text != "empty" or case.fill == "edit")


@factors(
    documents_shared=[2, 1, 5, 0],
    moment_of_share=MOMENTS,
    recipient=["patient", "colleague", "both", "nobody"],
    document=["upload", "prescription"],
    text=corpus.classes,
    fill=list(FILLED),
    typed_by=["fill", "typing", "paste", "composition"],
    saved_by=["button", "shortcut", "autosave", "leaving", "finalise"],
    session=["fresh", "expired", "re-login"],
    role=["doctor", "locum"],
    language=["en", "fr"],
    where=makes_sense,
    release={"1.0.*": NO_SHARING},
)
def test_consultation_then_share(
    sign_in: Callable[..., Practitioner], journal: Trial, case: Levelled
) -> None:
    """A note is typed and saved; documents are shared before, between, after, or not at all."""
    practitioner = sign_in(case.role, case.language)
    number = practitioner.new_consultation()
    documents = [
        add_document(practitioner, journal, number, case.document, f"Compte rendu {n + 1}")
        for n in range(max(case.documents_shared, 1))
    ]
    note = journal.record("consultation", key=number)
    if case.fill == "edit":
        earlier_visit(practitioner, note, number)

    page = practitioner.open(number)

    def share_all() -> None:
        for document in documents:
            share(practitioner, journal, page, document, case.recipient)

    with note.save(**dict.fromkeys(FILLED[case.fill], case.text)) as save:
        for step in steps(practitioner, page, share_all, case):
            step(save)
        save.acknowledged(page.told_saved(case.saved_by))
    if case.moment_of_share == "after save":
        if case.saved_by == "leaving":
            page.open()
        share_all()


def earlier_visit(practitioner: Practitioner, note: Record, number: int) -> None:
    """All four texts are there already."""
    with note.save(**dict.fromkeys(FIELDS, "plain")) as save:
        save.acknowledged(practitioner.write(number, save.values), level="transport")


def steps(
    practitioner: Practitioner, page: NotePage, share_all: Callable[[], None], case: Levelled
) -> Iterator[Callable[[Save], None]]:
    """What is done to the note, in the order of the case, up to the moment it is saved."""
    names, moment = FILLED[case.fill], case.moment_of_share
    half = len(names) // 2
    unsaved_meanwhile = moment in ("between fields", "after typing")
    with page.quickly() if unsaved_meanwhile else nullcontext():
        if moment == "before typing":
            yield lambda _: share_all()
        yield lambda save: page.enter(save, names[:half])
        if moment == "between fields":
            yield lambda _: share_all()
        yield lambda save: page.enter(save, names[half:], case.typed_by)
        if moment == "after typing":
            yield lambda _: share_all()
        yield lambda _: change_session(practitioner, case)
        yield lambda _: page.save_by(case.saved_by)
    if case.session == "expired":
        yield lambda _: expect(page.told_saved(case.saved_by)).to_be_visible()


def change_session(practitioner: Practitioner, case: Levelled) -> None:
    """Let the session end under the page, or let another tab begin a new one."""
    if case.session == "expired":
        practitioner.lose_session()
    elif case.session == "re-login":
        practitioner.sign_in_elsewhere()
