"""Documents are data: an upload's bytes, a prescription's text, and their titles."""

from __future__ import annotations

from harness.factors import Levelled
from harness.plugin import Trial, exact, factors
from scenarios.note_page import NotePage
from scenarios.practitioner import Practitioner
from scenarios.readers import have_others_look


@factors(size_bytes=[1, 300_000])
def test_upload_a_file(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """A file is uploaded under a title, and is stored byte for byte."""
    number = practitioner.new_consultation()
    page = practitioner.open(number)
    document = journal.record("document")
    with document.save(title="typography", kind=exact("upload"), file=case.size_bytes) as save:
        page.page.get_by_text("Upload a file").click()
        save.enter("title", page.page.get_by_label("File title"))
        save.enter("file", page.page.get_by_label("File", exact=True))
        page.page.get_by_role("button", name="Upload").click()
        save.acknowledged(page.documents)
    document.key = key_of(page)
    have_others_look(document)


@factors(text=["comparison", "astral", "multiline"])
def test_write_a_prescription(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """A prescription is written, and is stored as it was typed."""
    number = practitioner.new_consultation()
    page = practitioner.open(number)
    document = journal.record("document")
    with document.save(title="symbols", kind=exact("prescription"), text=case.text) as save:
        page.page.get_by_text("Write a prescription").click()
        save.enter("title", page.page.get_by_label("Prescription title"))
        save.enter("text", page.page.get_by_label("Prescription text"))
        page.page.get_by_role("button", name="Add prescription").click()
        save.acknowledged(page.documents)
    document.key = key_of(page)
    have_others_look(document)


def key_of(page: NotePage) -> tuple[int, str]:
    """The key of the consultation's only document."""
    return page.number, str(page.documents.get_attribute("data-document"))
