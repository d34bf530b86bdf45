// Sharing documents: a dialog to choose the recipients, a list of what is shared, and the undo.

import { call } from "./api.js";
import { reason } from "./failures.js";

export function mountSharing(state, documents, session) {
  const dialog = state.author ? new ShareDialog(state, session, showShares) : null;

  function showShares(shares) {
    for (const line of documents.lines()) {
      line.querySelector(".shares")?.remove();
      const own = shares.filter((share) => String(share.document_id) === line.dataset.document);
      if (own.length > 0) line.append(shareList(own, line, state.author ? undo : null));
    }
    dialog?.reset();
  }

  async function undo(share, button) {
    button.disabled = true;
    try {
      showShares((await session.guard(() => call("DELETE", `/api/shares/${share.id}`))).shares);
    } catch (error) {
      button.disabled = false;
      button.after(` Not undone: ${reason(error)}`);
    }
  }

  function offer(line) {
    if (dialog) line.append(shareButton(line, () => dialog.open(line)));
  }

  documents.lines().forEach(offer);
  documents.addEventListener("added", ({ detail }) => offer(detail.line));
  showShares(state.shares);
}

function titleOf(line) {
  return line.querySelector("strong").textContent;
}

function shareButton(line, open) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Share";
  button.setAttribute("aria-label", `Share ${titleOf(line)}`);
  button.addEventListener("click", open);
  return button;
}

function shareList(shares, line, undo) {
  const list = document.createElement("ul");
  list.className = "shares";
  for (const share of shares) {
    const entry = document.createElement("li");
    entry.textContent = `Shared with ${share.recipient} (${share.recipient_kind})`;
    if (undo) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Undo";
      const name = `Undo sharing ${titleOf(line)} with ${share.recipient}`;
      button.setAttribute("aria-label", name);
      button.addEventListener("click", () => undo(share, button));
      entry.append(button);
    }
    list.append(entry);
  }
  return list;
}

// Whoever shares sees what the recipient will see: the note as it is stored.
async function refresh(number) {
  const note = await call("GET", `/api/consultations/${number}`);
  for (const text of document.querySelectorAll("#observation textarea")) {
    text.value = note[text.name] ?? "";
  }
}

class ShareDialog {
  #dialog = document.querySelector("#share");
  #form = this.#dialog.querySelector("form");
  #alert = this.#form.querySelector('[role="alert"]');
  #colleague = this.#form.elements.practitioner_id;
  #documentId = null;

  constructor(state, session, onShared) {
    for (const one of state.colleagues) {
      this.#colleague.append(new Option(`${one.name}, ${one.practice}`, one.id));
    }
    this.#form.addEventListener("change", () => this.#enableColleague());
    this.#form.querySelector('[value="cancel"]').addEventListener("click", () => this.#dialog.close());
    this.#form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const answer = await session.guard(() => this.#share());
        this.#dialog.close();
        await refresh(state.id);
        onShared(answer.shares);
      } catch (error) {
        this.#alert.textContent = `Not shared: ${reason(error)}`;
        this.#alert.hidden = false;
      }
    });
  }

  open(line) {
    this.#documentId = line.dataset.document;
    this.#dialog.querySelector(".subject").textContent = titleOf(line);
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
    return call("POST", `/api/documents/${this.#documentId}/shares`, JSON.stringify(body));
  }
}
