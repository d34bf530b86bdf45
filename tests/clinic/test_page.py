"""The consultation page in a browser, compared with what is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, Route, expect

from tests.clinic.live import PASSWORD, serving

LABELS = ("Reason", "History", "Examination", "Conclusion")
TEXT = "\nTA <140/90, CRP ≥ 5 👩‍⚕️\n\n = end "
SAVED = re.compile("^Saved ")
ENGLISH = "General condition:\nHeart and lungs:\nAbdomen:\nNervous system:"
pytestmark = pytest.mark.e2e


class Desk:
    """A practitioner in front of the page."""

    def __init__(self, page: Page, url: str, stored: psycopg.Connection) -> None:
        self.page = page
        self.url = url
        self.stored = stored
        page.set_default_timeout(15_000)

    @property
    def status(self) -> Locator:
        return self.page.get_by_role("status")

    @property
    def number(self) -> int:
        return int(self.page.url.rpartition("/")[2])

    def open(self) -> None:
        self.page.goto(f"{self.url}/sign-in?next=/patients/15")
        self.page.get_by_label("Login").fill("dr1")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="New consultation").click()
        self.page.wait_for_url("**/consultations/*")

    def fill(self, text: str = TEXT) -> None:
        for label in LABELS:
            self.page.get_by_label(label, exact=True).fill(f"{label}{text}")

    def share(self, recipient: str = "Both") -> None:
        self.page.get_by_text("Write a prescription").click()
        self.page.get_by_label("Prescription text").fill("Rest.")
        self.page.get_by_role("button", name="Add prescription").click()
        self.page.get_by_role("button", name="Share Prescription").click()
        self.page.get_by_role("radio", name=recipient, exact=True).check()
        self.page.get_by_role("button", name="Share document").click()
        expect(self.page.get_by_role("dialog")).to_be_hidden()
        expect(self.page.get_by_text("(patient)")).to_be_visible()

    def press_save(self) -> None:
        before = int(self.status.get_attribute("data-saves") or 0)
        self.page.get_by_role("button", name="Save", exact=True).click()
        expect(self.status).to_have_attribute("data-saves", str(before + 1))
        expect(self.status).to_have_text(SAVED)

    def texts(self) -> tuple[str | None, ...]:
        row = self.stored.execute(
            "SELECT reason, history, examination, conclusion FROM consultation WHERE id = %s",
            [self.number],
        ).fetchone()
        assert row is not None
        return tuple(row)


@pytest.fixture
def profile(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that was never used before."""
    profile = chromium.new_context()
    yield profile
    profile.close()


@pytest.fixture
def desk(profile: BrowserContext, clinic: str, stored: psycopg.Connection) -> Desk:
    return Desk(profile.new_page(), clinic, stored)


def expected(text: str = TEXT) -> tuple[str, ...]:
    return tuple(f"{label}{text}" for label in LABELS)


@pytest.mark.parametrize("how", ["button", "shortcut", "autosave"])
def test_every_way_to_save_stores_the_whole_note(desk: Desk, how: str) -> None:
    """With a shared document, button, Ctrl+S and autosave store all four fields as typed."""
    desk.open()
    desk.share()
    desk.fill()
    expect(desk.status).to_have_text("Unsaved changes")

    if how == "button":
        desk.page.get_by_role("button", name="Save", exact=True).click()
    elif how == "shortcut":
        desk.page.keyboard.press("Control+s")

    expect(desk.status).to_have_text(SAVED)
    assert desk.texts() == expected()
    fresh = desk.page.context.new_page()
    fresh.goto(desk.page.url)
    assert tuple(fresh.get_by_label(one, exact=True).input_value() for one in LABELS) == expected()


def test_the_incident_loses_the_note_and_says_saved(
    database: str, profile: BrowserContext, stored: psycopg.Connection
) -> None:
    """In 1.2.0 a note is stored until a document is shared; then it is lost and "Saved"."""
    with serving(database, "1.2.0") as (url, _):
        desk = Desk(profile.new_page(), url, stored)
        desk.open()
        desk.fill(" before")
        desk.press_save()
        assert desk.texts() == expected(" before")

        desk.share("Patient")
        desk.fill(" after")
        desk.press_save()
        desk.page.reload()
        desk.fill(" in a later visit")
        desk.press_save()

        assert desk.texts() == expected(" before")


def test_a_save_survives_the_end_of_the_session(desk: Desk) -> None:
    """Signed out, the page keeps the text, asks for the password, and saves."""
    desk.open()
    desk.fill()
    desk.page.context.clear_cookies()
    desk.page.get_by_role("button", name="Save", exact=True).click()
    dialog = desk.page.get_by_role("dialog", name="You are signed out")
    expect(dialog).to_be_visible()
    assert desk.texts() == (None,) * 4

    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in again").click()

    expect(desk.status).to_have_text(SAVED)
    assert desk.texts() == expected()


def test_the_loser_of_two_tabs_is_told(desk: Desk) -> None:
    """The second of two tabs is refused, keeps its text, and may save it over the first."""
    desk.open()
    other = Desk(desk.page.context.new_page(), desk.url, desk.stored)
    other.page.goto(desk.page.url)
    desk.fill(" first")
    desk.press_save()
    other.fill(" second")
    other.page.get_by_role("button", name="Save", exact=True).click()
    expect(other.page.get_by_role("alert")).to_contain_text("Not saved: this consultation was")
    assert desk.texts() == expected(" first")

    other.page.get_by_role("button", name="Keep my text").click()

    expect(other.status).to_have_text(SAVED)
    assert desk.texts() == expected(" second")


@pytest.mark.parametrize("text", ["", " long" * 40_000], ids=["empty", "200 kB"])
def test_a_link_waits_for_the_save(desk: Desk, text: str) -> None:
    """Leaving by a link saves what was typed first, whatever its length."""
    desk.open()
    consultation = desk.page.url
    desk.fill(text)

    desk.page.get_by_role("link", name="Profile").click()
    desk.page.wait_for_url("**/profile")

    desk.page.goto(consultation)
    assert desk.texts() == expected(text)


@pytest.mark.parametrize(("text", "asked"), [(TEXT, 0), (" long" * 40_000, 1)])
def test_leaving_the_clinic_saves_the_tail(desk: Desk, text: str, asked: int) -> None:
    """What was typed a moment before the page is left arrives; of much text the browser asks."""
    desk.open()
    consultation = desk.page.url
    dialogs: list[str] = []

    def agree(dialog: Dialog) -> None:
        dialogs.append(dialog.type)
        dialog.accept()

    desk.page.on("dialog", agree)
    desk.fill(text)

    desk.page.goto("about:blank")
    desk.page.wait_for_timeout(800)

    assert dialogs == ["beforeunload"] * asked
    desk.page.goto(consultation)
    assert desk.texts() == expected(text)


def test_signing_in_again_in_another_tab_changes_nothing(desk: Desk, clinic: str) -> None:
    """A page whose token was replaced by a later sign-in fetches the new one and saves."""
    desk.open()
    desk.fill()
    account = {"login": "dr1", "password": PASSWORD}
    assert desk.page.request.post(f"{clinic}/api/sign-in", data=account).ok

    desk.press_save()

    assert desk.texts() == expected()


def test_a_character_that_cannot_be_stored_is_named(desk: Desk) -> None:
    """The page says which field holds a NUL, keeps the text, and saves once it is gone."""
    desk.open()
    history = desk.page.get_by_label("History", exact=True)
    history.fill("a\x00b")
    alert = desk.page.get_by_role("alert")
    expect(alert).to_contain_text("Not saved: History contains a character that cannot be stored")
    assert history.input_value() == "a\x00b"

    history.fill("ab")

    expect(desk.status).to_have_text(SAVED)
    expect(alert).to_be_hidden()


def test_a_dropped_connection_is_told_and_retried(desk: Desk) -> None:
    """Without the network the page says so, keeps the text, and saves when it returns."""
    desk.open()
    desk.page.context.set_offline(True)
    desk.fill()
    expect(desk.page.get_by_role("alert")).to_contain_text("the server cannot be reached")
    assert desk.texts() == (None,) * 4

    desk.page.context.set_offline(False)

    expect(desk.status).to_have_text(SAVED)
    expect(desk.page.get_by_role("alert")).to_be_hidden()
    assert desk.texts() == expected()


@pytest.mark.parametrize(("status", "word"), [(404, "not_found"), (422, "unknown_key")])
def test_a_release_that_does_not_know_is_told_and_asked_again(
    desk: Desk, status: int, word: str
) -> None:
    """A process of another release refuses what it does not know; the page tries once more."""
    desk.open()
    refusal = {"error": word, "message": "…"}
    desk.page.route(
        "**/api/consultations/*", lambda route: route.fulfill(status=status, json=refusal), times=1
    )
    desk.fill()
    alert = desk.page.get_by_role("alert")
    expect(alert).to_contain_text("Not saved: this part of the clinic is being updated.")
    assert desk.texts() == (None,) * 4

    expect(desk.status).to_have_text(SAVED)
    expect(alert).to_be_hidden()
    assert desk.texts() == expected()


def test_sharing_where_it_is_not_known_is_told(desk: Desk) -> None:
    """A dialog whose request meets a release without sharing says so, and the note is saved."""
    desk.open()
    refusal = {"error": "not_found", "message": "Not Found."}
    desk.page.route(
        "**/api/documents/*/shares", lambda route: route.fulfill(status=404, json=refusal), times=1
    )
    desk.fill()
    desk.page.get_by_text("Write a prescription").click()
    desk.page.get_by_label("Prescription text").fill("Rest.")
    desk.page.get_by_role("button", name="Add prescription").click()
    desk.page.get_by_role("button", name="Share Prescription").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Share document").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Not shared: this part of the clinic")
    dialog.get_by_role("button", name="Share document").click()

    expect(desk.page.get_by_text("(patient)")).to_be_visible()
    expect(desk.status).to_have_text(SAVED)
    assert desk.texts() == expected()


def test_finalising_saves_first(desk: Desk) -> None:
    """Finalising stores what is typed and locks the page."""
    desk.open()
    desk.fill()

    desk.page.get_by_role("button", name="Finalise").click()

    expect(desk.status).to_have_text(re.compile("^Saved and finalised "))
    expect(desk.page.get_by_label("Reason", exact=True)).not_to_be_editable()
    assert desk.texts() == expected()


def test_text_typed_before_the_scripts_run_is_saved(desk: Desk) -> None:
    """On a slow line the text typed before the page is ready is saved as well."""
    desk.open()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    desk.page.route("**/share.js", hold)
    with desk.page.expect_request("**/share.js"):
        desk.page.reload(wait_until="commit")
    desk.fill()

    assert held
    for route in held:
        route.continue_()

    expect(desk.status).to_have_text(SAVED)
    assert desk.texts() == expected()


def test_a_folded_text_is_saved(desk: Desk) -> None:
    """Folding hides a text and nothing else: it is stored, and is there when it is unfolded."""
    desk.open()
    desk.fill()
    examination = desk.page.get_by_label("Examination", exact=True)

    desk.page.get_by_role("button", name="Fold Examination").click()
    expect(examination).to_be_hidden()
    desk.press_save()

    assert desk.texts() == expected()
    desk.page.get_by_role("button", name="Unfold Examination").click()
    expect(examination).to_be_visible()


def test_a_template_stands_below_what_is_written(desk: Desk) -> None:
    """The template is added once to what is written, unfolds its text, and is saved with it."""
    desk.open()
    desk.fill()
    desk.page.get_by_role("button", name="Fold Examination").click()

    desk.page.get_by_role("button", name="Insert template").click()
    examination = desk.page.get_by_label("Examination", exact=True)
    expect(examination).to_be_visible()
    desk.press_save()

    stored = desk.texts()[2]
    assert stored == examination.input_value()
    assert stored == f"Examination{TEXT}\n{ENGLISH}"


def test_a_finalised_note_takes_no_template(desk: Desk) -> None:
    """Once the note is locked there is nothing to insert; its texts can still be folded."""
    desk.open()
    desk.fill()
    desk.page.get_by_role("button", name="Finalise").click()
    expect(desk.status).to_have_text(re.compile("^Saved and finalised "))
    template = desk.page.get_by_role("button", name="Insert template")

    expect(template).to_be_hidden()
    desk.page.reload()
    expect(template).to_be_hidden()
    desk.page.get_by_role("button", name="Fold Examination").click()
    expect(desk.page.get_by_label("Examination", exact=True)).to_be_hidden()
