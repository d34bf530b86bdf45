"""Scenarios of the board; each is driven in a child process, and its journal is looked at.

They are copied beside a plan of their own before they run, so this file is not collected here.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from harness.plugin import Levelled, Save, Trial, absent_in, corpus, exact, factors

LONG = corpus.TextClass("long", lambda n: f"{n} " + "fièvre " * 150_000)
APPENDED = """() => {
  document.querySelectorAll("main").forEach(old => old.remove());
  const added = document.createElement("main");
  added.textContent = "Saved afresh";
  document.body.append(added);
}"""
SHADOW = """() => {
  const host = document.createElement("section");
  document.body.append(host);
  const root = host.attachShadow({ mode: "open" });
  root.innerHTML = "<p id=inner></p>";
  setTimeout(() => { root.querySelector("#inner").textContent = "Saved inside" }, 50);
}"""


@pytest.fixture
def save_of(page: Page, journal: Trial) -> Save:
    """A save that is about to be entered, on an open page."""
    page.goto("/")
    return journal.record("note", key=404).save(title=exact("x"))


def submit(page: Page) -> None:
    page.get_by_role("button", name="Save").click()


@factors(how=["fill", "typing", "paste", "composition"], text=["plain", "multiline"])
def test_note(page: Page, journal: Trial, case: Levelled) -> None:
    """Somebody writes a note, by each input method."""
    note = journal.record("note")
    page.goto("/")
    with note.save(title="plain", body=case.text) as save:
        save.enter("title", page.get_by_label("Title"), how=case.how)
        save.enter("body", page.get_by_label("Body"), how=case.how)
        submit(page)
        save.acknowledged(page.get_by_role("status"))
    note.key = page.get_by_role("status").inner_text().split()[-1]


def test_sent_to_sign_in(page: Page, save_of: Save) -> None:
    """The session ends while a note is written, and the sign-in page has a status of its own."""
    with save_of as save:
        save.enter("title", page.get_by_label("Title"))
        page.goto("/login?ticket=of-mine")
        save.acknowledged(page.get_by_role("status"))


def test_signed_out(page: Page, save_of: Save) -> None:
    """The user signs out, and is where that leads to."""
    with save_of as save:
        save.enter("title", page.get_by_label("Title"))
        page.goto("/login?ticket=of-mine")
        save.acknowledged(page.get_by_role("status"), signed_out=True)


def test_nothing_but_a_sign_in(page: Page) -> None:
    """The journey never gets to a page of its own."""
    page.goto("/login?ticket=of-mine")
    expect(page.get_by_role("button", name="Save")).to_be_visible(timeout=100)


def test_a_form_with_a_password(page: Page, journal: Trial) -> None:
    """Who changes an account is asked for the password on the same page, before and after."""
    with journal.record("note", key=404).save(title=exact("x")) as save:
        page.goto("/account")
        save.enter("title", page.get_by_label("Title"))
        page.reload()
        save.acknowledged(page.get_by_role("status"))


def test_asked_first(page: Page, save_of: Save) -> None:
    """The page asks something before it saves, and a handler of the scenario's own answers."""
    with save_of as save:
        save.enter("title", page.get_by_label("Title"))
        question = page.get_by_role("dialog")
        page.add_locator_handler(question, lambda: page.evaluate(ANSWER_JS))
        page.evaluate(ASK_JS)
        save.acknowledged(page.get_by_role("status"))


ASK_JS = "form.insertAdjacentHTML('afterend', '<dialog open>Really?</dialog>')"
ANSWER_JS = "document.querySelector('dialog').remove(); form.requestSubmit()"


def test_second_save(page: Page, journal: Trial) -> None:
    """Somebody saves the same note twice."""
    note = journal.record("note", key=404)
    page.goto("/")
    for _ in range(2):
        with note.save(title="plain") as save:
            save.enter("title", page.get_by_label("Title"))
            submit(page)
            save.acknowledged(page.get_by_role("status"))


def test_hostile(page: Page, journal: Trial) -> None:
    """Somebody pastes what no form expects."""
    note = journal.record("note")
    page.goto("/")
    with note.save(title="surrogate", body=LONG, rich="nul") as save:
        save.enter("title", page.get_by_label("Title"))
        save.enter("body", page.get_by_label("Body"), how="typing")
        save.enter("rich", page.get_by_label("Rich"), how="paste")
        submit(page)
        save.acknowledged(page.get_by_role("status"))


def test_other_kinds(page: Page, journal: Trial) -> None:
    """Somebody chooses, marks and uploads."""
    page.goto("/")
    with journal.record("note").save(kind=exact("result"), pinned=exact("true"), file=2048) as save:
        save.enter("kind", page.get_by_label("Kind"))
        save.enter("pinned", page.get_by_label("Pinned"), how="paste")
        save.enter("file", page.get_by_label("File"))
        submit(page)
        save.acknowledged("Saved")


def test_old_text(page: Page, save_of: Save) -> None:
    """The page says what it said before."""
    page.evaluate("document.getElementById('status').textContent = 'Saved 14:03'")
    page.wait_for_timeout(20)
    with save_of as save:
        save.acknowledged(page.get_by_role("status"))


def test_old_text_restyled(page: Page, save_of: Save) -> None:
    """The page says what it said before, in another style."""
    page.evaluate("document.getElementById('status').textContent = 'Saved 14:03'")
    page.wait_for_timeout(20)
    with save_of as save:
        page.evaluate("document.getElementById('status').className = 'fresh'")
        save.acknowledged(page.get_by_role("status"))


def test_old_text_by_its_text(page: Page, save_of: Save) -> None:
    """The page says what it said before, and is asked by that text."""
    page.evaluate("document.getElementById('status').textContent = 'Saved 14:03'")
    page.wait_for_timeout(20)
    with save_of as save:
        save.acknowledged("Saved 14:03")


def test_nothing_said(page: Page, save_of: Save) -> None:
    """The page says nothing."""
    with save_of as save:
        save.acknowledged(page.get_by_role("status"))


def test_nowhere(page: Page, save_of: Save) -> None:
    """The page has no such place."""
    with save_of as save:
        save.acknowledged(page.get_by_test_id("status"))


def test_same_text_again(page: Page, save_of: Save) -> None:
    """The page says the same words once more."""
    page.evaluate("document.getElementById('status').textContent = 'Saved'")
    page.wait_for_timeout(20)
    with save_of as save:
        page.evaluate("document.getElementById('status').textContent = 'Saved'")
        save.acknowledged(page.get_by_role("status"))


def test_class_shows_it(page: Page, save_of: Save) -> None:
    """The page shows by a class what it always held."""
    page.wait_for_timeout(200)
    with save_of as save:
        page.evaluate("document.getElementById('toast').classList.add('on')")
        save.acknowledged(page.locator("#toast"))


def test_attribute_shows_it(page: Page, save_of: Save) -> None:
    """The page shows by an attribute what it always held."""
    with save_of as save:
        page.evaluate("document.getElementById('covered').hidden = false")
        save.acknowledged(page.locator("#covered"))


def test_fading_in(page: Page, save_of: Save) -> None:
    """The page fades in what it always held."""
    with save_of as save:
        page.evaluate("document.getElementById('fading').classList.add('on')")
        save.acknowledged(page.locator("#fading"))


def test_element_replaced(page: Page, save_of: Save) -> None:
    """The page puts a new element in the place of the old one."""
    page.evaluate(APPENDED)
    page.wait_for_timeout(20)
    with save_of as save:
        page.evaluate(f"setTimeout({APPENDED}, 200)")
        save.acknowledged(page.get_by_role("main"))


def test_in_shadow(page: Page, save_of: Save) -> None:
    """The page says so inside a component."""
    with save_of as save:
        page.evaluate(SHADOW)
        save.acknowledged(page.locator("#inner"))


def test_after_navigation(page: Page, save_of: Save) -> None:
    """The next page says so."""
    with save_of as save:
        page.evaluate("setTimeout(() => location.assign('/saved'), 50)")
        save.acknowledged(page.get_by_role("status"))


def test_fake_clock(page: Page, journal: Trial) -> None:
    """The page runs on a clock of the test."""
    page.clock.install(time=0)
    page.goto("/")
    with journal.record("note", key=404).save(title=exact("x")) as save:
        submit(page)
        save.acknowledged(page.get_by_role("status"))


def test_refusal(page: Page, save_of: Save) -> None:
    """The page says that it failed."""
    with save_of as save:
        page.evaluate("document.getElementById('alert').textContent = 'Too long'")
        save.refused(page.get_by_role("alert"))


def test_told_why(page: Page, save_of: Save) -> None:
    """The page says why it cannot go on."""
    with save_of as save:
        page.evaluate("document.getElementById('alert').textContent = 'Choose a patient first'")
        save.acknowledged(page.get_by_role("status"))


def test_told_before(page: Page, save_of: Save) -> None:
    """The page has a notice that explains nothing."""
    page.evaluate("document.getElementById('alert').textContent = 'This is a demonstration'")
    page.wait_for_timeout(20)
    with save_of as save:
        save.acknowledged(page.get_by_role("status"))


def test_without_acknowledgement(save_of: Save) -> None:
    """The author forgot the acknowledgement."""
    with save_of:
        pass


def test_unwatched_page(page: Page, save_of: Save) -> None:
    """The author asks a page that nobody watches."""
    browser = page.context.browser
    assert browser is not None
    other = browser.new_page()
    other.set_content("<p>Saved</p>")
    with save_of as save:
        save.acknowledged(other.get_by_text("Saved"))


def test_text_without_a_page(journal: Trial) -> None:
    """The author passes an answer as if a page had said it."""
    with journal.record("note", key=404).save(title=exact("x")) as save:
        save.acknowledged("204")


def test_transport(journal: Trial) -> None:
    """An answer acknowledges."""
    with journal.record("note", key=404).save(title=exact("x")) as save:
        save.acknowledged("204", level="transport")


def test_wrong_place(page: Page, save_of: Save) -> None:
    """The author passes a selector for a locator."""
    with save_of as save:
        save.enter("title", "#title")


def test_skipped() -> None:
    """The scenario excuses itself."""
    pytest.skip("not today")


def test_xfailed() -> None:
    """The scenario expects to fail."""
    pytest.xfail("known")


def test_expectation(page: Page) -> None:
    """The author's own expectation fails."""
    page.goto("/")
    expect(page.get_by_role("status")).to_have_text("Saved", timeout=100)


def test_renderer_gone(page: Page, save_of: Save) -> None:
    """The process behind a page dies, which the browser words as a page that did not load."""
    with save_of:
        page.goto("chrome://crash")


def test_browser_gone(page: Page) -> None:
    """The browser goes away."""
    browser = page.context.browser
    assert browser is not None
    page.context.close()
    page.goto("/")


def test_second_user(new_context: object, journal: Trial) -> None:
    """Two people save, each in a browser of their own."""
    pages = [new_context().new_page() for _ in range(2)]  # type: ignore[operator]
    for page in pages:
        page.goto("/")
        with journal.record("note").save(title="plain") as save:
            save.enter("title", page.get_by_label("Title"))
            submit(page)
            save.acknowledged(page.get_by_role("status"))


def test_bodies(page: Page, journal: Trial) -> None:
    """The page sends every kind of body."""
    page.goto("/")
    page.evaluate(
        """async () => {
          const post = (path, body) => fetch(path, { method: "POST", body });
          await post("/form", new URLSearchParams({ "observation[reason]": "é +", password: "p" }));
          const data = new FormData();
          data.append("reason", "é");
          await post("/multipart", data);
          data.append("scan", new File(["abc"], "scan.txt"));
          await post("/upload", data);
          navigator.sendBeacon("/beacon", new Blob(["{}"], { type: "application/json" }));
          await post("/long", JSON.stringify({ reason: "x".repeat(5000) }));
          await fetch("/empty", { method: "POST" });
          await fetch("/notes/1", { method: "GET" });
          await post("http://127.0.0.1:9/elsewhere", "x").catch(() => 0);
        }"""
    )


@absent_in("1.*", reason="came with 2.0")
def test_absent() -> None:
    """The release does not have this."""
