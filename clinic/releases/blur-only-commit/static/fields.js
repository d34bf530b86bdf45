// The fields that are sent when they change: each with the value that the server confirmed last.

export class FieldRegistry {
  #fields = new Map();

  // What the server rendered is confirmed; what was typed before this script ran is not.
  register(element) {
    const confirmed = element.defaultValue.replace(/\r\n?/g, "\n");
    const field = { value: element.value, confirmed };
    element.addEventListener("change", () => {
      field.value = element.value;
    });
    this.#fields.set(element.name, field);
  }

  clear() {
    this.#fields.clear();
  }

  changed() {
    const changed = {};
    for (const [name, { value, confirmed }] of this.#fields) {
      if (value !== confirmed) changed[name] = value;
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
