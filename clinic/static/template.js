// The frame of an examination, put below what is written already.

export function mountTemplate() {
  const button = document.querySelector("#insert-template");
  const text = document.querySelector("#examination");
  button.addEventListener("click", () => {
    text.value = text.value === "" ? button.dataset.text : `${text.value}\n${button.dataset.text}`;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  });
}
