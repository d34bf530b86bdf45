"""What is shared reaches who it is for, stays until it is taken back, and leaves notes alone."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass

from harness.factors import Levelled
from harness.plugin import Record, Trial, absent_in, exact, factors
from scenarios.accounts import Account
from scenarios.note_page import FIELDS, NotePage
from scenarios.practitioner import Practitioner

TITLE = "Ordonnance « œdème » <5 j"
NO_SHARING = "documents cannot be shared yet"


@dataclass(frozen=True)
class Share:
    """One document in the hands of one recipient."""

    record: Record
    kind: str
    recipient: Account

    @property
    def told(self) -> str:
        """What the page says of it."""
        return f"Shared with {self.recipient.name} ({self.kind})"


def share(
    practitioner: Practitioner, journal: Trial, page: NotePage, document: int, recipient: str
) -> list[Share]:
    """Share the document in the page, and see there with whom."""
    people = {"patient": practitioner.patient, "practitioner": practitioner.colleague}
    chosen = {"patient": ["patient"], "colleague": ["practitioner"], "both": list(people)}
    shares = [
        Share(journal.record("share", key=(document, kind, people[kind].id)), kind, people[kind])
        for kind in chosen[recipient]
    ]
    content = practitioner.context.request.get(f"/documents/{document}").body()
    digest = exact(hashlib.sha256(content).hexdigest())
    with ExitStack() as together:
        saves = [
            together.enter_context(
                one.record.save(recipient=exact(one.kind), title=exact(TITLE), digest=digest)
            )
            for one in shares
        ]
        page.share(TITLE, recipient, practitioner.colleague.id)
        for one, save in zip(shares, saves, strict=True):
            save.acknowledged(page.document(TITLE).get_by_text(one.told))
    return shares


@absent_in("1.0.*", reason=NO_SHARING)
@factors(recipient=["patient", "colleague", "both"], document=["upload", "prescription"])
def test_share_reaches_recipients(
    practitioner: Practitioner, journal: Trial, case: Levelled
) -> None:
    """A document is shared: each recipient finds its title and downloads exactly its bytes."""
    number = practitioner.new_consultation()
    document = practitioner.add_document(number, case.document, TITLE)
    share(practitioner, journal, practitioner.open(number), document, case.recipient)


@absent_in("1.0.*", reason=NO_SHARING)
@factors(moment_of_undo=["before save", "after save"])
def test_undo_a_share(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """One of two recipients loses access, the other keeps it, and the note stays as typed."""
    number = practitioner.new_consultation()
    document = practitioner.add_document(number, "upload", TITLE)
    page = practitioner.open(number)
    taken_back, _ = share(practitioner, journal, page, document, "both")

    with journal.record("consultation", key=number).save(**dict.fromkeys(FIELDS, "plain")) as save:
        page.enter(save)
        if case.moment_of_undo == "before save":
            undo(page, taken_back)
        page.save_by("button")
        save.acknowledged(page.told_saved())
    if case.moment_of_undo == "after save":
        undo(page, taken_back)


def undo(page: NotePage, share: Share) -> None:
    """Take the share back, and see that the page no longer speaks of it."""
    with share.record.delete() as deletion:
        page.undo_share(TITLE, share.recipient.name)
        deletion.acknowledged(page.document(TITLE).filter(has_not_text=share.told))


@absent_in("1.0.*", reason=NO_SHARING)
@factors(documents_shared=[1, 2], saved_by=["button", "leaving"])
def test_share_alone_keeps_the_note(
    practitioner: Practitioner, journal: Trial, case: Levelled
) -> None:
    """Nothing is typed: a note of an earlier visit is opened, shared from, saved, and whole."""
    number = practitioner.new_consultation()
    titles = [f"Scan {n + 1}" for n in range(case.documents_shared)]
    for title in titles:
        practitioner.add_document(number, "upload", title)
    note = journal.record("consultation", key=number)
    with note.save(**dict.fromkeys(FIELDS, "typography")) as earlier:
        earlier.acknowledged(practitioner.write(number, earlier.values), level="transport")

    page = practitioner.open(number)
    same = {name: exact(str(value)) for name, value in earlier.held.items()}
    with note.save(**same) as save:
        for title in titles:
            page.share(title, "both", practitioner.colleague.id)
        page.save_by(case.saved_by)
        save.acknowledged(page.told_saved(case.saved_by))
