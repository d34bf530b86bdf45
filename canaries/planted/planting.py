"""What is planted: notes and what belongs to them, written by a program as in an earlier visit."""

from __future__ import annotations

from collections.abc import Mapping

from harness.plugin import Trial, exact
from scenarios.practitioner import Practitioner
from scenarios.readers import have_others_look
from scenarios.sharing import Document, Share, add_document, expect_message
from scenarios.test_diagnoses import rows


class Note:
    """A consultation without its page; one that nobody has typed into yet."""

    def __init__(self, practitioner: Practitioner, journal: Trial) -> None:
        self._practitioner = practitioner
        self._journal = journal
        self._number = practitioner.new_consultation()
        self._record = journal.record("consultation", key=self._number)

    def write(self, **specs: str) -> None:
        """Save these texts, over what is there."""
        with self._record.save(**specs) as save:
            told = self._practitioner.write(self._number, save.values)
            save.acknowledged(told, level="transport")

    def empty(self, *names: str) -> None:
        """Empty these texts."""
        with self._record.clear(*names) as clearing:
            told = self._practitioner.write(self._number, dict.fromkeys(names, ""))
            clearing.acknowledged(told, level="transport")

    def diagnose(self, labels: Mapping[str, str]) -> None:
        """Write the list of diagnoses: codes, and the text classes of their labels."""
        record = self._journal.record("diagnoses", key=self._number)
        codes = [exact(code) for code in labels]
        with record.save(code=codes, label=list(labels.values())) as save:
            typed = zip(rows(save, "code"), rows(save, "label"), strict=True)
            lines = [{"code": code, "label": label} for code, label in typed]
            told = self._practitioner.write(self._number, {"diagnoses": lines})
            save.acknowledged(told, level="transport")

    def add(self, kind: str, title: str) -> Document:
        """Add a document."""
        return add_document(self._practitioner, self._journal, self._number, kind, title)

    def share(self, document: Document) -> None:
        """Give a document to the patient and to a colleague, who are told."""
        people = {
            "patient": self._practitioner.patient,
            "practitioner": self._practitioner.colleague,
        }
        title, digest = exact(document.title), exact(document.digest)
        for kind, recipient in people.items():
            record = self._journal.record("share", key=(document.id, kind, recipient.id))
            with record.save(recipient=exact(kind), title=title, digest=digest) as save:
                told = self._practitioner.share(document.id, kind, recipient.id)
                save.acknowledged(told, level="transport")
            have_others_look(record)
            share = Share(record, kind, recipient)
            expect_message(self._practitioner, self._journal, document, share)
