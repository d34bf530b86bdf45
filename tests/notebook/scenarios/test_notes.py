"""What people do with notes, and how somebody else is shown them."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page

from harness.factors import Levelled
from harness.plugin import Record, Save, Trial, corpus, exact, factors, reader


class Editor:
    """The form of a note, as a person fills it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def status(self) -> Locator:
        """Where the page says that it was saved."""
        return self.page.get_by_role("status")

    def new(self) -> None:
        """Open the form of a note that does not exist yet."""
        self.page.goto("/")
        self.page.get_by_role("link", name="New note").click()

    def edit(self) -> None:
        """Open the form of the note that is on the page."""
        self.page.get_by_role("link", name="Edit").click()

    def fill(self, save: Save) -> None:
        """Type everything this save is to write."""
        for name in save.names:
            save.enter(name, self.page.get_by_label(name.capitalize()))

    def submit(self, note: Record, save: Save) -> None:
        """Save, wait until the page says so, and learn the note's key from its address."""
        self.page.get_by_role("button", name="Save").click()
        save.acknowledged(self.status)
        note.key = self.page.url.rpartition("/")[2].partition("?")[0]


@pytest.fixture
def form(page: Page) -> Editor:
    """The form, in a fresh browser."""
    page.set_default_timeout(5000)
    return Editor(page)


@reader("note")
def shown(context: BrowserContext, url: str, key: str) -> dict[str, object] | None:
    """What a fresh visitor is shown of a note."""
    page = context.new_page()
    answer = page.goto(f"{url}/notes/{key}")
    if answer is not None and answer.status == 404:
        return None
    values: dict[str, object] = {
        name: page.locator(f"#{name}").text_content()
        for name in ("summary", "effort", "due", "kind", "pinned")
    }
    values["title"] = page.get_by_role("heading").text_content()
    values["body"] = "\n".join(page.locator("section p").all_text_contents())
    values["lines"] = page.get_by_role("listitem").all_text_contents()
    attachment = page.get_by_role("link", name="Attachment")
    if attachment.count():
        with page.expect_download() as download:
            attachment.click()
        values["attachment"] = Path(download.value.path())
    return values


@factors(text=corpus.classes, lines=[1, 3])
def test_write(form: Editor, journal: Trial, case: Levelled) -> None:
    """Somebody writes a note, with everything in it."""
    note = journal.record("note")
    form.new()
    with note.save(
        title=case.text,
        summary=case.text,
        body=case.text,
        lines=[case.text] * case.lines,
        effort=exact("12.25"),
        due=exact("2024-02-29"),
        kind=exact("task"),
        pinned=exact("true"),
    ) as save:
        form.fill(save)
        form.submit(note, save)


def test_edit(form: Editor, journal: Trial) -> None:
    """Somebody changes the body alone; everything else stays as it was."""
    note = journal.record("note")
    form.new()
    with note.save(
        title="plain", summary="symbols", body="plain", lines=["plain", "quotes"]
    ) as save:
        form.fill(save)
        form.submit(note, save)
    form.edit()
    with note.save(body="markup") as save:
        form.fill(save)
        form.submit(note, save)


def test_attach_again(form: Editor, journal: Trial) -> None:
    """Somebody attaches a file, and later another one in its place."""
    note = journal.record("note")
    form.new()
    with note.save(title="plain", attachment=2048) as save:
        form.fill(save)
        form.submit(note, save)
    form.edit()
    with note.save(attachment=4096) as save:
        form.fill(save)
        form.submit(note, save)


def test_delete(form: Editor, journal: Trial) -> None:
    """Somebody throws a note away, and it is gone."""
    note = journal.record("note")
    form.new()
    with note.save(title="plain", body="plain") as save:
        form.fill(save)
        form.submit(note, save)
    with note.delete() as deletion:
        form.page.get_by_role("button", name="Delete").click()
        deletion.acknowledged(form.status)
