// The documents of the consultation: the list, the upload, the prescription.

import { Refusal, call } from "./api.js";
import { reason } from "./failures.js";

export class DocumentList extends EventTarget {
  #list = document.querySelector("#documents ul.documents");

  constructor(documents) {
    super();
    for (const one of documents) this.append(one);
    this.#sayWhenEmpty();
  }

  append(one) {
    this.#list.querySelector(".hint")?.remove();
    const line = document.createElement("li");
    line.dataset.document = one.id;
    const kind = document.createElement("span");
    kind.className = "tag";
    kind.textContent = one.kind;
    const title = document.createElement("strong");
    title.textContent = one.title;
    const link = document.createElement("a");
    link.href = `/documents/${one.id}`;
    link.download = "";
    link.textContent = "Download";
    link.setAttribute("aria-label", `Download ${one.title}`);
    line.append(kind, title, link);
    this.#list.append(line);
    this.dispatchEvent(new CustomEvent("added", { detail: { document: one, line } }));
  }

  #sayWhenEmpty() {
    if (this.#list.children.length > 0) return;
    const words = document.createElement("li");
    words.className = "hint";
    words.textContent = "None yet.";
    this.#list.append(words);
  }

  lines() {
    return Array.from(this.#list.querySelectorAll("[data-document]"));
  }
}

const RETRY_MS = 1_000;

function newRequest() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The same request once more, when nobody knows what became of the first.
async function addOnce(url, body, alert) {
  try {
    return await call("POST", url, body);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    alert.textContent = "Not added yet: the server cannot be reached. Trying again…";
    alert.hidden = false;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    return call("POST", url, body);
  }
}

export function mountNewDocuments(state, list, session) {
  const url = `/api/consultations/${state.id}/documents`;
  const alert = document.querySelector("#document-failure");

  function mount(form, bodyOf) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      try {
        const once = `${url}?request=${newRequest()}`;
        const added = await session.guard(() => addOnce(once, bodyOf(form), alert));
        alert.hidden = true;
        form.reset();
        list.append(added);
      } catch (error) {
        alert.textContent = `Not added: ${reason(error)}`;
        alert.hidden = false;
      } finally {
        button.disabled = false;
      }
    });
  }

  mount(document.querySelector("#upload"), (form) => new FormData(form));
  mount(document.querySelector("#prescribe"), ({ elements }) =>
    JSON.stringify({ title: elements.title.value, text: elements.text.value }));
}
