"""Where nothing can be stored the page says so: locked notes, readers, impossible characters."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from harness.factors import Levelled
from harness.plugin import Trial, corpus, exact, factors
from scenarios.accounts import Accounts
from scenarios.note_page import FIELDS, NotePage
from scenarios.practitioner import Practitioner


@factors(reader=["colleague", "assistant", "author of a finalised note"])
def test_read_only(
    practitioner: Practitioner,
    accounts: Accounts,
    new_context: Callable[..., BrowserContext],
    journal: Trial,
    case: Levelled,
) -> None:
    """Who may not write is told so, sees the note, and finds nothing to type into."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(**dict.fromkeys(FIELDS, "comparison")) as save:
        page.enter(save)
        trigger = "finalise" if case.reader.startswith("author") else "button"
        page.save_by(trigger)
        save.acknowledged(page.told_saved(trigger))

    people = {"colleague": accounts.colleague, "assistant": accounts.practitioner("assistant")}
    account = people.get(case.reader, practitioner.account)
    with note.save(history=exact("to be refused")) as attempt:
        shown = NotePage(new_context(storage_state=account.state).new_page(), number)
        attempt.refused(shown.page.get_by_role("note"))
    for name in FIELDS:
        expect(shown.field(name)).to_have_value(str(save.held[name]))
        expect(shown.field(name)).not_to_be_editable()
    expect(shown.page.get_by_role("button", name="Save", exact=True)).to_be_hidden()


def test_finalised_elsewhere(practitioner: Practitioner, journal: Trial) -> None:
    """A page that was open before the note was finalised is told that its text is not stored."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page, late = practitioner.open(number), practitioner.open(number)
    with note.save(**dict.fromkeys(FIELDS, "plain")) as save:
        page.enter(save)
        page.save_by("finalise")
        save.acknowledged(page.told_saved("finalise"))
    with note.save(conclusion="symbols") as attempt:
        late.enter(attempt)
        late.save_by("shortcut")
        attempt.refused(late.failure)
    expect(late.field("conclusion")).to_have_value(str(attempt.held["conclusion"]))


@factors(text=corpus.unstorable)
def test_character_that_cannot_be_stored(
    practitioner: Practitioner, journal: Trial, case: Levelled
) -> None:
    """NUL or half a character: the page names the field, keeps all texts, and saves once mended."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(reason="plain", history=case.text) as attempt:
        page.enter(attempt, how="paste")
        page.save_by("button")
        attempt.refused(page.failure.filter(has_text="History"))
    kept = exact(str(attempt.held["reason"]))
    with note.save(reason=kept, history="plain") as mended:
        mended.enter("history", page.field("history"))
        page.save_by("button")
        mended.acknowledged(page.told_saved())
