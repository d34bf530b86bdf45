// The fields that are sent when they change. This browser keeps what it has of each, so that a
// note opens with all that was typed here, however slow the network is.

const NOTE = `clinic.note${window.location.pathname}`;

export class FieldRegistry {
  #fields = new Map();

  // What the server rendered is confirmed; what was typed before this script ran is not.
  register(element) {
    const confirmed = element.defaultValue.replace(/\r\n?/g, "\n");
    const key = `${NOTE}.${element.name}`;
    element.value = localStorage.getItem(key) ?? element.value;
    element.addEventListener("input", () => localStorage.setItem(key, element.value));
    this.#fields.set(element.name, { element, confirmed, key });
  }

  clear() {
    this.#fields.clear();
  }

  changed() {
    const changed = {};
    for (const [name, { element, confirmed, key }] of this.#fields) {
      const known = localStorage.getItem(key) ?? confirmed;
      if (element.value !== known) changed[name] = element.value;
    }
    return changed;
  }

  confirm(values) {
    for (const [name, value] of Object.entries(values)) {
      const field = this.#fields.get(name);
      if (field) field.confirmed = value;
    }
  }
}

export const fields = new FieldRegistry();
