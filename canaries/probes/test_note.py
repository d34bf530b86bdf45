"""A note as a practitioner writes it, with a document shared beside it or none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from harness.factors import Levelled
from harness.plugin import Trial, corpus, factors
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner
from scenarios.sharing import add_document, share

NO_SHARING: dict[str, list[object]] = {
    "shares": ["none"],
    "moment": ["never"],
    "recipient": ["nobody"],
}


def makes_sense(case: Levelled) -> bool:
    """Who shares nothing does so never, with nobody; emptying what is empty changes nothing."""
    unshared = case.shares == "none"
    return bool(
        unshared == (case.moment == "never") == (case.recipient == "nobody")
        and case.text != "empty"
    )


@factors(
    shares=["one", "none"],
    moment=["after typing", "between fields", "before typing", "never"],
    recipient=["patient", "colleague", "both", "nobody"],
    document=["upload", "prescription"],
    text=corpus.classes,
    saved_by=["button", "shortcut", "autosave"],
    language=["en", "fr"],
    where=makes_sense,
    release={"1.0.*": NO_SHARING},
)
def test_note_beside_a_shared_document(
    sign_in: Callable[..., Practitioner], journal: Trial, case: Levelled
) -> None:
    """A note is typed and saved, and a document is shared meanwhile, or lies there unshared."""
    practitioner = sign_in("doctor", case.language)
    number = practitioner.new_consultation()
    title = f"Synthetic {journal.mark}"
    document = add_document(practitioner, journal, number, case.document, title)
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)

    def share_now(moment: str) -> None:
        if case.moment == moment:
            share(practitioner, journal, page, document, case.recipient)

    half = len(FIELDS) // 2
    with note.save(**dict.fromkeys(FIELDS, case.text)) as save:
        # Meanwhile the page would save by itself what is not shared yet.
        with nullcontext() if case.moment == "never" else page.quickly():
            share_now("before typing")
            page.enter(save, FIELDS[:half])
            share_now("between fields")
            page.enter(save, FIELDS[half:])
            share_now("after typing")
            page.save_by(case.saved_by)
        save.acknowledged(page.told_saved(case.saved_by))
