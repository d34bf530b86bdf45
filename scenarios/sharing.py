"""Documents as scenarios add and share them: each is a record, whatever the scenario is about."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from harness.plugin import Record, Trial, exact
from scenarios.accounts import Account
from scenarios.note_page import NotePage
from scenarios.practitioner import Practitioner


@dataclass(frozen=True)
class Document:
    """A document of a consultation; digest is that of its bytes."""

    id: int
    title: str
    digest: str


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


def add_document(
    practitioner: Practitioner, journal: Trial, number: int, kind: str, title: str
) -> Document:
    """Add a document to a consultation without its page; no two titles of a run are the same."""
    title = f"{title}, consultation {number}"
    record = journal.record("document")
    if kind == "upload":
        adding = record.save(title=exact(title), kind=exact(kind), file=600)
    else:
        adding = record.save(title=exact(title), kind=exact(kind), text="symbols")
    with adding as save:
        held = save.file if kind == "upload" else save.text
        content = held.read_bytes() if isinstance(held, Path) else str(held).encode()
        key, told = practitioner.add_document(number, kind, title, content)
        save.acknowledged(told, level="transport")
    record.key = (number, key)
    return Document(key, title, hashlib.sha256(content).hexdigest())


def share(
    practitioner: Practitioner,
    journal: Trial,
    page: NotePage,
    document: Document,
    recipient: str,
) -> list[Share]:
    """Share a document in the page, and see there with whom."""
    people = {"patient": practitioner.patient, "practitioner": practitioner.colleague}
    chosen = {"patient": ["patient"], "colleague": ["practitioner"], "both": list(people)}
    shares = [
        Share(journal.record("share", key=(document.id, kind, people[kind].id)), kind, people[kind])
        for kind in chosen[recipient]
    ]
    title, digest = exact(document.title), exact(document.digest)
    with ExitStack() as together:
        saves = [
            together.enter_context(
                one.record.save(recipient=exact(one.kind), title=title, digest=digest)
            )
            for one in shares
        ]
        page.share(document.title, recipient, practitioner.colleague.id)
        for one, save in zip(shares, saves, strict=True):
            save.acknowledged(page.document(document.title).get_by_text(one.told))
    for one in shares:
        expect_message(practitioner, journal, document, one)
    return shares


def expect_message(
    practitioner: Practitioner, journal: Trial, document: Document, share: Share
) -> None:
    """Who is told that a document was shared may count on its recipient being told as well."""
    text = f"{practitioner.account.name} shared a document with you: {document.title}"
    message = journal.record("message", key=(share.kind, share.recipient.id, text))
    with message.save(text=exact(text)) as save:
        save.acknowledged(f"the page said: {share.told}", level="transport")


def undo_share(page: NotePage, document: Document, share: Share) -> None:
    """Take a share back, and see that the page no longer speaks of it."""
    with share.record.delete() as deletion:
        page.undo_share(document.title, share.recipient.name)
        deletion.acknowledged(page.document(document.title).filter(has_not_text=share.told))
