// The dialog to choose with whom a document is shared; the page hands it what it needs.

export class ShareDialog {
  #page;
  #dialog = document.querySelector("#share");
  #form = this.#dialog.querySelector("form");
  #alert = this.#form.querySelector('[role="alert"]');
  #colleague = this.#form.elements.practitioner_id;
  #documentId = null;

  constructor(page) {
    this.#page = page;
    for (const one of page.state.colleagues) {
      this.#colleague.append(new Option(`${one.name}, ${one.practice}`, one.id));
    }
    this.#form.addEventListener("change", () => this.#enableColleague());
    this.#form.querySelector('[value="cancel"]').addEventListener("click", () => this.#dialog.close());
    this.#form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const answer = await page.session.guard(() => this.#share());
        this.#dialog.close();
        page.onShared(answer.shares);
      } catch (error) {
        this.#alert.textContent = `Not shared: ${page.reason(error)}`;
        this.#alert.hidden = false;
      }
    });
  }

  open(documentId, title) {
    this.#documentId = documentId;
    const unsaved = Object.keys(this.#page.fields.changed()).length > 0;
    this.#dialog.querySelector(".subject").textContent = unsaved ? `${title} (the note is not saved yet)` : title;
    this.#dialog.showModal();
  }

  reset() {
    this.#form.reset();
    this.#alert.hidden = true;
    this.#enableColleague();
  }

  #enableColleague() {
    this.#colleague.disabled = this.#form.elements.recipient.value === "patient";
  }

  #share() {
    const { recipient, practitioner_id: colleague } = this.#form.elements;
    const body = { recipient: recipient.value };
    if (!colleague.disabled) body.practitioner_id = Number(colleague.value);
    return this.#page.call("POST", `/api/documents/${this.#documentId}/shares`, JSON.stringify(body));
  }
}
