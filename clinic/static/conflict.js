// Two pages changed one note: the practitioner decides, and the typed text stays until then.

export function mountConflict(saver) {
  const choices = document.querySelector("#conflict");
  let theirs = null;

  saver.addEventListener("failed", ({ detail: { error } }) => {
    if (error.error !== "conflict") return;
    theirs = error.body.version;
    choices.hidden = false;
  });
  saver.addEventListener("stored", () => {
    choices.hidden = true;
  });
  choices.querySelector("#keep-mine").addEventListener("click", () => saver.saveOver(theirs));
  choices.querySelector("#take-theirs").addEventListener("click", () => {
    saver.abandon();
    window.location.reload();
  });
}
