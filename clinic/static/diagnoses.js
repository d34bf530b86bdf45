// The ordered list of diagnoses: code and label, line by line.

export class DiagnosisList {
  #box = document.querySelector("#diagnoses");
  #list = this.#box.querySelector("ol");
  #editable;

  constructor(diagnoses, editable) {
    this.#editable = editable;
    for (const diagnosis of diagnoses) this.#append(diagnosis);
    const add = this.#box.querySelector("#add-diagnosis");
    add?.addEventListener("click", () => {
      this.#append({ code: "", label: "" }).querySelector("input").focus();
    });
  }

  // A line left wholly blank is no diagnosis.
  rows() {
    return Array.from(this.#list.children, (line) => {
      const [code, label] = line.querySelectorAll("input");
      return { code: code.value, label: label.value };
    }).filter(({ code, label }) => code !== "" || label !== "");
  }

  lock() {
    this.#editable = false;
    for (const input of this.#list.querySelectorAll("input")) input.readOnly = true;
    for (const button of this.#box.querySelectorAll("button")) button.remove();
  }

  #append({ code, label }) {
    const line = document.createElement("li");
    line.append(this.#labelled(code, "A00.0"), this.#labelled(label, "Description"));
    if (this.#editable) line.append(this.#removal(line));
    this.#list.append(line);
    this.#number();
    return line;
  }

  #labelled(value, placeholder) {
    const label = document.createElement("label");
    const words = document.createElement("span");
    words.className = "visually-hidden";
    const input = document.createElement("input");
    input.value = value;
    input.readOnly = !this.#editable;
    input.placeholder = this.#editable ? placeholder : "";
    label.append(words, input);
    return label;
  }

  #removal(line) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Remove";
    button.addEventListener("click", () => {
      line.remove();
      this.#number();
      this.#list.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return button;
  }

  #number() {
    Array.from(this.#list.children).forEach((line, index) => {
      const [code, label] = line.querySelectorAll("label span");
      code.textContent = `Diagnosis code ${index + 1}`;
      label.textContent = `Diagnosis label ${index + 1}`;
      line.querySelector("button")?.setAttribute("aria-label", `Remove diagnosis ${index + 1}`);
    });
  }
}
