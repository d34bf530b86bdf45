// The one line that tells the state of the note, and the alert for what went wrong.

export class SaveStatus {
  #line = document.querySelector("#status");
  #alert = document.querySelector("#failure");
  #saves = 0;

  saved(word = "Saved") {
    this.#saves += 1;
    this.#line.dataset.saves = String(this.#saves);
    this.#show("saved", `${word} ${new Date().toLocaleTimeString("en-GB")}`);
    this.#alert.hidden = true;
  }

  saving() {
    this.#show("saving", "Saving…");
  }

  unsaved() {
    this.#show("unsaved", "Unsaved changes");
  }

  failed(reason) {
    this.#show("failed", "Unsaved changes");
    this.#alert.textContent = `Not saved: ${reason}`;
    this.#alert.hidden = false;
  }

  // A new node each time: two saves within one second can be told apart.
  #show(state, text) {
    const words = document.createElement("span");
    words.textContent = text;
    this.#line.dataset.state = state;
    this.#line.replaceChildren(words);
  }
}
