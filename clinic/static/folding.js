// A long note is easier to read when what is not needed now is folded away. Nothing else changes.

export function mountFolding() {
  for (const button of document.querySelectorAll("button[data-folds]")) {
    const text = document.getElementById(button.dataset.folds);
    const name = button.textContent.replace("Fold ", "");

    const show = (open) => {
      text.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
      button.textContent = `${open ? "Fold" : "Unfold"} ${name}`;
    };
    button.addEventListener("click", () => show(text.hidden));
    // What is written into, by a template for instance, is seen.
    text.addEventListener("input", () => show(true));
  }
}
