// The fields that are sent when they change: each with the value that the server confirmed last.

export class FieldRegistry {
  #fields = new Map();

  // What the server rendered is confirmed; what was typed before this script ran is not.
  register(element) {
    const confirmed = element.defaultValue.replace(/\r\n?/g, "\n");
    this.#fields.set(element.name, { element, confirmed });
  }

  // Forgets the fields of this form; those of others stay.
  clear(form) {
    for (const [name, { element }] of this.#fields) {
      if (element.form === form) this.#fields.delete(name);
    }
  }

  changed() {
    const changed = {};
    for (const [name, { element, confirmed }] of this.#fields) {
      if (element.value !== confirmed) changed[name] = element.value;
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
