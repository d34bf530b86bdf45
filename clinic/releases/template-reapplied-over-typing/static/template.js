// The frame of an examination, put below what is written already.

export function mountTemplate(saver) {
  const button = document.querySelector("#insert-template");
  const text = document.querySelector("#examination");
  let chosen = null;
  // The page is shown anew after each save, and with it the template that was chosen.
  saver.addEventListener("stored", () => {
    if (chosen !== null) text.value = chosen;
  });
  button.addEventListener("click", () => {
    text.value = text.value === "" ? button.dataset.text : `${text.value}\n${button.dataset.text}`;
    chosen = text.value;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  });
}
