// Two pages changed one note: the practitioner decides, and the typed text stays until then.

export function mountConflict(saver) {
  const choices = document.querySelector("#conflict");
  let theirs = null;

  saver.addEventListener("failed", ({ detail: { error } }) => {
    if (error.error !== "conflict") return;
    theirs = error.body.version;
    choices.showModal();
  });
  saver.addEventListener("stored", () => {
    choices.close();
  });
  choices.querySelector("#keep-mine").addEventListener("click", () => saver.saveOver(theirs));
  choices.querySelector("#take-theirs").addEventListener("click", () => {
    saver.abandon();
    window.location.reload();
  });
}
