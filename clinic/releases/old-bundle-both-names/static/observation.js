// The state of the note on this page: what it holds, what of it is confirmed, what is to be sent.

import { fields } from "./fields.js";

// What the API calls the fields of the form.
const KEYS = {
  reason: "reason",
  history: "history",
  examination: "examination",
  conclusion: "assessment",
};

function keyed(texts) {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [KEYS[name], text]));
}

export class Observation {
  #form = document.querySelector("#observation");
  #diagnoses;
  #confirmedDiagnoses;
  #edits = 0;
  #confirmedEdits = 0;

  constructor(diagnoses) {
    this.#diagnoses = diagnoses;
    this.#confirmedDiagnoses = JSON.stringify(diagnoses.rows());
    for (const element of this.#form.querySelectorAll("textarea")) fields.register(element);
    this.#form.addEventListener("input", () => {
      this.#edits += 1;
    });
  }

  onEdit(listener) {
    this.#form.addEventListener("input", listener);
  }

  // What a save carries: the fields that differ from what the server confirmed, and the diagnoses.
  snapshot() {
    const texts = fields.changed();
    const diagnoses = this.#diagnoses.rows();
    return { edits: this.#edits, texts, diagnoses, body: { ...keyed(texts), diagnoses } };
  }

  confirm(snapshot) {
    fields.confirm(snapshot.texts);
    this.#confirmedDiagnoses = JSON.stringify(snapshot.diagnoses);
    this.#confirmedEdits = Math.max(this.#confirmedEdits, snapshot.edits);
  }

  // Whether the page holds anything that the server has not confirmed.
  get pending() {
    return this.#edits > this.#confirmedEdits
      || Object.keys(fields.changed()).length > 0
      || JSON.stringify(this.#diagnoses.rows()) !== this.#confirmedDiagnoses;
  }

  markInvalid(name) {
    for (const element of this.#form.querySelectorAll("textarea")) {
      if (element.name === name) element.setAttribute("aria-invalid", "true");
      else element.removeAttribute("aria-invalid");
    }
  }

  labelOf(name) {
    return this.#form.querySelector(`label[for="${CSS.escape(name)}"]`)?.textContent ?? name;
  }

  lock() {
    for (const element of this.#form.querySelectorAll("textarea")) element.readOnly = true;
    this.#form.querySelector("#insert-template").remove();
    this.#diagnoses.lock();
    fields.clear();
  }
}
