"""A practitioner's desk: one note, and what is done to it in whatever order."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from harness.plugin import Actions, Record, Save, Trial, exact
from scenarios.note_page import FIELDS, NotePage
from scenarios.practitioner import Practitioner
from scenarios.sharing import Document, Share, add_document, expect_message, undo_share

HALVES = (FIELDS[:2], FIELDS[2:])

# One document lies there unshared at the start; nobody goes home with unsaved text on the page.
note = Actions(begins="unshared", unfinished="unsaved")


class Desk:
    """A consultation that is open, with the saves that its page has not confirmed yet."""

    def __init__(self, practitioner: Practitioner, journal: Trial) -> None:
        self.practitioner = practitioner
        self.journal = journal
        self.number = practitioner.new_consultation()
        first = add_document(practitioner, journal, self.number, "upload", "Compte rendu 1")
        self.documents_n = 1
        self.unshared = [first]
        self.note = journal.record("consultation", key=self.number)
        self.diagnoses = journal.record("diagnoses", key=self.number)
        self.lines: list[tuple[str, str]] = []
        self.shares: dict[int, Share] = {}
        self.shared: list[Document] = []
        self.page: NotePage = practitioner.open(self.number)
        self.unsaved: list[Save] = []
        self._typed_n = 0
        self._under_way = ExitStack()

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._under_way.__exit__(kind, error, trace)

    def begin(self, save: Save) -> Save:
        """Begin to edit; no time passes for the page until it is told to save."""
        self._under_way.enter_context(save)
        if not self.unsaved:
            self._under_way.enter_context(self.page.quickly())
        self.unsaved.append(save)
        return save

    def save_by(self, trigger: str) -> None:
        """Have the page save, and hear that it did."""
        with self._under_way.pop_all():
            self.page.time_goes_on()
            self.page.save_by(trigger)
            for save in self.unsaved:
                save.acknowledged(self.page.told_saved(trigger))
        self.unsaved.clear()

    def next_half(self) -> tuple[str, ...]:
        """Two of the four texts, each time the others, so that no save hides the one before."""
        self._typed_n += 1
        return HALVES[(self._typed_n - 1) % 2]

    def list_is(self, save: Save, lines: list[tuple[str, str]]) -> None:
        """The list of diagnoses as the page holds it now."""
        codes, labels = self.page.diagnoses()
        save.typed(code=codes, label=labels)
        self.lines = lines

    def share_record(self, document: Document) -> Share:
        """The patient's access to a document, the same record however often it is given."""
        patient = self.practitioner.patient
        if document.id not in self.shares:
            record = self.journal.record("share", key=(document.id, "patient", patient.id))
            self.shares[document.id] = Share(record, "patient", patient)
        return self.shares[document.id]


SAVED = ("typed", "listed", "unsaved")


@note.action(unless="typed", gives=("typed", "unsaved"))
def types(desk: Desk) -> None:
    """Two of the four texts are typed."""
    names = desk.next_half()
    save = desk.begin(desk.note.save(**dict.fromkeys(names, "plain")))
    desk.page.enter(save)


@note.action(unless="listed", gives=("listed", "unsaved", "diagnosis"))
def adds_diagnosis(desk: Desk) -> None:
    """A line more in the list of diagnoses."""
    code = f"J{len(desk.lines) + 10}"
    lines = [*desk.lines, (code, f"bronchite {len(desk.lines) + 1}")]
    save = desk.begin(listed(desk.diagnoses, lines))
    desk.page.add_diagnosis(*lines[-1])
    desk.list_is(save, lines)


@note.action(needs="diagnosis", unless="listed", gives=("listed", "unsaved"), takes="diagnosis")
def removes_diagnosis(desk: Desk) -> None:
    """The first line of that list goes."""
    lines = desk.lines[1:]
    save = desk.begin(listed(desk.diagnoses, lines))
    desk.page.remove_diagnosis(1)
    desk.list_is(save, lines)


def listed(diagnoses: Record, lines: list[tuple[str, str]]) -> Save:
    """The whole list as it is to be."""
    if not lines:
        return diagnoses.clear("code", "label")
    return diagnoses.save(
        code=[exact(code) for code, _ in lines], label=[exact(label) for _, label in lines]
    )


@note.action(needs="unsaved", takes=SAVED)
def saves(desk: Desk) -> None:
    """The button."""
    desk.save_by("button")


@note.action(needs="unsaved", takes=SAVED)
def pauses(desk: Desk) -> None:
    """Nothing is done for a moment, and the page saves by itself."""
    desk.save_by("autosave")


@note.action(needs="unsaved", takes=SAVED)
def leaves(desk: Desk) -> None:
    """On to the patients, which waits for the save, and back again."""
    desk.save_by("leaving")
    desk.page.come_back()


@note.action(needs="typed", takes=SAVED, last=True)
def finalises(desk: Desk) -> None:
    """The note is saved and locked."""
    desk.save_by("finalise")


@note.action(unless="unsaved")
def reloads(desk: Desk) -> None:
    """The page is opened again."""
    desk.page.open()


@note.action(unless="unsaved")
def opens_tab(desk: Desk) -> None:
    """Work goes on in another tab; this one stays open."""
    desk.page = desk.practitioner.open(desk.number)


@note.action()
def signs_in_again(desk: Desk) -> None:
    """Another tab begins a new session."""
    desk.practitioner.sign_in_elsewhere()


@note.action(unless="unshared", gives="unshared")
def adds_document(desk: Desk) -> None:
    """A file is uploaded."""
    desk.documents_n += 1
    title = f"Compte rendu {desk.documents_n}, consultation {desk.number}"
    document = desk.journal.record("document")
    with document.save(title=exact(title), kind=exact("upload"), file=600) as save:
        content = Path(str(save.file)).read_bytes()
        desk.page.upload(save)
        save.acknowledged(desk.page.document(title))
    key = str(desk.page.document(title).get_attribute("data-document"))
    document.key = (desk.number, key)
    digest = hashlib.sha256(content).hexdigest()
    desk.unshared.append(Document(int(key), title, digest))


@note.action(needs="unshared", takes="unshared", gives="shared")
def shares(desk: Desk) -> None:
    """The document that is not shared yet is shared with the patient."""
    document = desk.unshared.pop()
    share = desk.share_record(document)
    with share.record.save(
        recipient=exact("patient"), title=exact(document.title), digest=exact(document.digest)
    ) as save:
        desk.page.share(document.title, "patient", desk.practitioner.colleague.id)
        save.acknowledged(desk.page.document(document.title).get_by_text(share.told))
    expect_message(desk.practitioner, desk.journal, document, share)
    desk.shared.append(document)


@note.action(needs="shared", takes="shared")
def undoes_share(desk: Desk) -> None:
    """The last share is taken back for good: another would send the very same message again."""
    document = desk.shared.pop()
    undo_share(desk.page, document, desk.share_record(document))
