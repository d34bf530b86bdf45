"""What is shared reaches who it is for, stays until it is taken back, and leaves notes alone."""

from __future__ import annotations

from playwright.sync_api import expect

from harness.factors import Levelled
from harness.plugin import Trial, absent_in, exact, factors
from scenarios.accounts import Accounts
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner
from scenarios.readers import have_others_look
from scenarios.sharing import add_document, share, undo_share

TITLE = "Ordonnance « œdème » <5 j"
NO_SHARING = "documents cannot be shared yet"


@absent_in("1.0.*", reason=NO_SHARING)
@factors(recipient=["patient", "colleague", "both"], document=["upload", "prescription"])
def test_share_reaches_recipients(
    practitioner: Practitioner, journal: Trial, case: Levelled
) -> None:
    """A document is shared: each recipient finds its title and downloads exactly its bytes."""
    number = practitioner.new_consultation()
    document = add_document(practitioner, journal, number, case.document, TITLE)
    page = practitioner.open(number)
    for one in share(practitioner, journal, page, document, case.recipient):
        have_others_look(one.record)


@absent_in("1.0.*", reason=NO_SHARING)
@factors(moment_of_undo=["before save", "after save"])
def test_undo_a_share(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """One of two recipients loses access, the other keeps it, and an edit stays as typed."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    with note.save(**dict.fromkeys(FIELDS, "quotes")) as earlier:
        earlier.acknowledged(practitioner.write(number, earlier.values), level="transport")
    document = add_document(practitioner, journal, number, "upload", TITLE)
    page = practitioner.open(number)
    shares = share(practitioner, journal, page, document, "both")
    have_others_look(*(one.record for one in shares))

    with note.save(**dict.fromkeys(FIELDS, "plain")) as save:
        page.enter(save)
        if case.moment_of_undo == "before save":
            undo_share(page, document, shares[0])
        page.save_by("button")
        save.acknowledged(page.told_saved())
    if case.moment_of_undo == "after save":
        undo_share(page, document, shares[0])


@absent_in("1.0.*", reason=NO_SHARING)
@factors(documents_shared=[1, 2], saved_by=["button", "leaving"])
def test_share_alone_keeps_the_note(
    practitioner: Practitioner, journal: Trial, case: Levelled
) -> None:
    """Nothing is typed: a note of an earlier visit is opened, shared from, saved, and whole."""
    number = practitioner.new_consultation()
    documents = [
        add_document(practitioner, journal, number, "upload", f"Scan {n + 1}")
        for n in range(case.documents_shared)
    ]
    note = journal.record("consultation", key=number)
    with note.save(**dict.fromkeys(FIELDS, "typography")) as earlier:
        earlier.acknowledged(practitioner.write(number, earlier.values), level="transport")

    page = practitioner.open(number)
    same = {name: exact(str(value)) for name, value in earlier.held.items()}
    with note.save(**same) as save:
        for document in documents:
            share(practitioner, journal, page, document, "both")
        page.save_by(case.saved_by)
        save.acknowledged(page.told_saved(case.saved_by))


@absent_in("1.0.*", reason=NO_SHARING)
@factors(shared_with=["colleague", "assistant"])
def test_share_while_typing(
    practitioner: Practitioner, accounts: Accounts, journal: Trial, case: Levelled
) -> None:
    """A note is typed and a document shared before it is saved; an assistant is refused one."""
    number = practitioner.new_consultation()
    document = add_document(practitioner, journal, number, "prescription", TITLE)
    page = practitioner.open(number)
    with journal.record("consultation", key=number).save(
        **dict.fromkeys(FIELDS, "multiline")
    ) as save:
        with page.quickly():
            page.enter(save)
            if case.shared_with == "assistant":
                assistant = accounts.practitioner("assistant")
                page.ask_to_share(document.title, "colleague", assistant.id)
                expect(page.share_dialog.get_by_role("alert")).to_contain_text("Not shared")
                page.share_dialog.get_by_role("button", name="Cancel").click()
            else:
                share(practitioner, journal, page, document, "colleague")
            page.save_by("button")
        save.acknowledged(page.told_saved())
