"""The steps of bench/driven, as somebody writes them who has only Playwright."""

import itertools
import re

import pytest
from playwright.sync_api import expect

FIELDS = ("reason", "history", "examination", "conclusion")
TEXTS = {
    "plain": "Douleur thoracique depuis trois jours, sans fièvre ni toux. Tension 128/76.",
    "typography": "« Œdème » — l’examen… “normal”, 38,5 °C, cœur régulier, poumons libres.",
}
CHOICES = {"colleague": "Another practitioner", "both": "Both"}
CASES = list(itertools.product(["patient", "colleague", "both"], TEXTS, range(4)))
visits = itertools.count(1)


@pytest.mark.parametrize(("recipient", "text", "visit"), CASES)
def test_note(signed_in, new_context, browser, base_url, worker, recipient, text, visit):
    _, token, state = signed_in(f"dr{worker + 1}")
    colleague, _, colleague_state = signed_in(f"dr{worker + 11}")
    patient, _, _ = signed_in(f"patient{worker * 20 + next(visits) % 20 + 1}", "patient")
    context = new_context(storage_state=state)
    headers = {"X-CSRF-Token": token}
    words = {"patient_id": patient}
    created = context.request.post("/api/consultations", data=words, headers=headers)
    number = created.json()["id"]
    scan = {"name": "scan.bin", "mimeType": "image/png", "buffer": b"x" * 600}
    added = context.request.post(
        f"/api/consultations/{number}/documents",
        multipart={"title": "Scan 1", "file": scan},
        headers=headers,
    )
    assert added.ok, added.text()

    page = context.new_page()
    page.goto(f"/consultations/{number}?lang=en")
    page.locator("html[data-ready=true]").wait_for()
    for name in FIELDS:
        page.get_by_label(name.capitalize(), exact=True).fill(f"{name}: {TEXTS[text]}")
    share(page, recipient, colleague)
    page.get_by_role("button", name="Save", exact=True).click()
    status = page.get_by_role("status").filter(has_text=re.compile("^Saved"))
    expect(status).to_be_visible()
    read(browser, base_url, colleague_state, number, text)


def share(page, recipient, colleague):
    page.get_by_role("button", name="Share Scan 1", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share a document")
    if recipient != "patient":
        dialog.get_by_label(CHOICES[recipient], exact=True).check()
        dialog.get_by_label("Practitioner", exact=True).select_option(str(colleague))
    dialog.get_by_role("button", name="Share document").click()
    expect(dialog).to_be_hidden()
    told = {"patient": ["patient"], "colleague": ["practitioner"]}
    line = page.locator("#documents li[data-document]").filter(has_text="Scan 1")
    for kind in told.get(recipient, ["patient", "practitioner"]):
        expect(line.get_by_text(re.compile(rf"Shared with .* \({kind}\)"))).to_be_visible()


def read(browser, base_url, state, number, text):
    """Another doctor opens the consultation and sees the four texts; a program asks for them."""
    context = browser.new_context(base_url=base_url, storage_state=state)
    page = context.new_page()
    page.goto(f"{base_url}/consultations/{number}")
    for name in FIELDS:
        assert page.locator(f"#{name}").input_value() == f"{name}: {TEXTS[text]}"
    context.close()
    program = browser.new_context(base_url=base_url, storage_state=state)
    held = program.request.get(f"/api/consultations/{number}").json()
    for name in FIELDS:
        assert held[name] == f"{name}: {TEXTS[text]}"
    program.close()
