"""The page of a consultation, as who writes it sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Locator, Page, expect

from harness.plugin import Save
from scenarios.accounts import PASSWORD

FIELDS = ("reason", "history", "examination", "conclusion")
LABELS = {
    "en": {name: name.capitalize() for name in FIELDS},
    "fr": {
        "reason": "Motif",
        "history": "Interrogatoire",
        "examination": "Examen",
        "conclusion": "Conclusion",
    },
}
RECIPIENTS = {"patient": "Patient", "colleague": "Another practitioner", "both": "Both"}


class NotePage:
    """One consultation in one tab."""

    def __init__(self, page: Page, number: int, language: str = "en") -> None:
        self.page = page
        self.number = number
        self._labels = LABELS[language]
        self._address = f"/consultations/{number}?lang={language}"
        self.open()

    def open(self) -> None:
        """Open the consultation, or open it again, until its buttons can be used."""
        self.page.goto(self._address)
        self.page.locator("html[data-ready=true]").wait_for()

    def come_back(self) -> None:
        """Back by the browser's own way, from where a link has led."""
        self.page.go_back()
        self.page.locator("html[data-ready=true]").wait_for()

    # --- time --------------------------------------------------------------------------------

    @contextmanager
    def quickly(self) -> Iterator[None]:
        """No time passes for the page meanwhile: people can be faster than its timers.

        Without it a busy machine is slower than they are, and the page saves in between. It
        begins before the first key: a timer that runs already is not stopped.
        """
        clock = self.page.clock
        clock.install()
        clock.pause_at(datetime.now(UTC) + timedelta(seconds=1))
        yield
        self.time_goes_on()

    def time_goes_on(self) -> None:
        """The page's timers run again, if they were stopped."""
        self.page.clock.resume()

    # --- what is typed -----------------------------------------------------------------------

    def field(self, name: str) -> Locator:
        """One of the four texts."""
        return self.page.get_by_label(self._labels[name], exact=True)

    def enter(self, save: Save, names: Iterable[str] | None = None, how: str = "fill") -> None:
        """Fill what the save is to write, or some fields of it; how is for the last of them."""
        chosen = list(save.names if names is None else names)
        for name in chosen:
            save.enter(name, self.field(name), how if name == chosen[-1] else "fill")

    def fold(self, name: str) -> None:
        """Hide one of the texts."""
        self.page.get_by_role("button", name=f"Fold {self._labels[name]}", exact=True).click()
        expect(self.field(name)).to_be_hidden()

    def unfold(self, name: str) -> None:
        """Show a text that was folded."""
        self.page.get_by_role("button", name=f"Unfold {self._labels[name]}", exact=True).click()
        expect(self.field(name)).to_be_visible()

    def insert_template(self) -> None:
        """Have the page write the frame of an examination."""
        self.page.get_by_role("button", name="Insert template").click()

    # --- how it is saved, and what is said then ----------------------------------------------

    def save_by(self, trigger: str) -> None:
        """Have the page save; it also does so by itself a little after the last key."""
        if trigger == "button":
            self.page.get_by_role("button", name="Save", exact=True).click()
        elif trigger == "shortcut":
            self.page.keyboard.press("ControlOrMeta+s")
        elif trigger == "finalise":
            self.page.get_by_role("button", name="Finalise").click()
        elif trigger == "leaving":
            self.page.get_by_role("link", name="Patients", exact=True).click()
        else:
            assert trigger == "autosave", trigger

    def told_saved(self, trigger: str = "button") -> Locator:
        """What tells that all of the page is stored. A way on within the clinic waits for it."""
        if trigger == "leaving":
            return self.page.get_by_role("heading", name="Patients", exact=True)
        word = "Saved and finalised" if trigger == "finalise" else "Saved"
        return self.page.get_by_role("status").filter(has_text=re.compile(f"^{word}"))

    @property
    def failure(self) -> Locator:
        """What tells that nothing was stored, and why."""
        return self.page.get_by_role("alert").filter(has_text="Not saved")

    # --- documents ---------------------------------------------------------------------------

    @property
    def documents(self) -> Locator:
        """The documents of the consultation, a line each."""
        return self.page.locator("#documents li[data-document]")

    def document(self, title: str) -> Locator:
        """The line of the document with that title."""
        return self.documents.filter(has=self.page.get_by_text(title, exact=True))

    def upload(self, save: Save) -> None:
        """Upload the file that the save is to write, under its title."""
        title = self.page.get_by_label("File title")
        if not title.is_visible():
            self.page.get_by_text("Upload a file").click()
        save.enter("title", title)
        save.enter("file", self.page.get_by_label("File", exact=True))
        self.page.get_by_role("button", name="Upload").click()

    @property
    def share_dialog(self) -> Locator:
        """Where one chooses with whom a document is shared."""
        return self.page.get_by_role("dialog", name="Share a document")

    def ask_to_share(self, title: str, recipient: str, colleague_id: int) -> None:
        """Ask to share a document with the patient, a colleague, or both."""
        self.page.get_by_role("button", name=f"Share {title}", exact=True).click()
        dialog = self.share_dialog
        if recipient != "patient":
            dialog.get_by_label(RECIPIENTS[recipient], exact=True).check()
            dialog.get_by_label("Practitioner", exact=True).select_option(str(colleague_id))
        dialog.get_by_role("button", name="Share document").click()

    def share(self, title: str, recipient: str, colleague_id: int) -> None:
        """Share a document, and see the dialog close."""
        self.ask_to_share(title, recipient, colleague_id)
        expect(self.share_dialog).to_be_hidden()

    def undo_share(self, title: str, name: str) -> None:
        """Take a share back."""
        button = f"Undo sharing {title} with {name}"
        self.page.get_by_role("button", name=button, exact=True).click()

    # --- diagnoses ---------------------------------------------------------------------------

    def diagnosis(self, what: str, line: int) -> Locator:
        """The code or the label of a line, counted from 1."""
        return self.page.get_by_label(f"Diagnosis {what} {line}", exact=True)

    def add_diagnosis(self, code: str, label: str) -> None:
        """Add a line at the end."""
        self.page.get_by_role("button", name="Add diagnosis").click()
        line = self.page.locator("#diagnoses li").count()
        self.diagnosis("code", line).fill(code)
        self.diagnosis("label", line).fill(label)

    def diagnoses(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The codes and the labels that the page holds."""
        inputs = self.page.locator("#diagnoses input")
        held = inputs.evaluate_all("all => all.map(one => one.value)")
        return tuple(held[0::2]), tuple(held[1::2])

    def remove_diagnosis(self, line: int) -> None:
        """Remove a line."""
        self.page.get_by_role("button", name=f"Remove diagnosis {line}", exact=True).click()

    # --- the session -------------------------------------------------------------------------

    def sign_in_when_asked(self) -> None:
        """From now on answer the page when it says that the session has ended."""
        dialog = self.page.get_by_role("dialog", name="You are signed out")

        def sign_in() -> None:
            dialog.get_by_label("Password").fill(PASSWORD)
            dialog.get_by_role("button", name="Sign in again").click()

        self.page.add_locator_handler(dialog, sign_in)
