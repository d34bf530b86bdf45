// The fields that are sent when they change: each with the value that the server confirmed last.
// A text that is on its way already is not sent a second time.

export class FieldRegistry {
  #fields = new Map();

  // What the server rendered is confirmed; what was typed before this script ran is not.
  register(element) {
    const confirmed = element.defaultValue.replace(/\r\n?/g, "\n");
    this.#fields.set(element.name, { element, confirmed });
  }

  clear() {
    this.#fields.clear();
  }

  changed() {
    const changed = {};
    for (const [name, { element, confirmed, sent }] of this.#fields) {
      if (element.value !== confirmed && element.value !== sent) changed[name] = element.value;
    }
    return changed;
  }

  sending(values) {
    for (const [name, value] of Object.entries(values)) this.#fields.get(name).sent = value;
  }

  // Nothing is on its way any more: the save failed.
  giveBack() {
    for (const field of this.#fields.values()) delete field.sent;
  }

  confirm(values) {
    for (const [name, value] of Object.entries(values)) {
      const field = this.#fields.get(name);
      if (field) field.confirmed = value;
    }
  }
}

export const fields = new FieldRegistry();
