// Nothing typed is left behind with the page: within the clinic the way on waits for the save;
// beyond it the browser carries the last save, or asks first when saving is in trouble.

export function mountLeaving(saver) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (!link || !plain || link.target || link.hasAttribute("download")) return;
    if (!saver.pending) return;
    event.preventDefault();
    saveThen(saver, () => window.location.assign(link.href));
  });

  document.addEventListener("submit", (event) => {
    const leaves = event.target.matches("form[action]");
    if (!leaves || !saver.pending) return;
    event.preventDefault();
    saveThen(saver, () => event.target.submit());
  });

  window.addEventListener("beforeunload", (event) => {
    if (!saver.pending) return;
    const carried = navigator.onLine && !saver.troubled;
    if (carried) return;
    event.preventDefault();
    event.returnValue = "unsaved";
    saver.save();
  });
  window.addEventListener("pagehide", () => saver.leaveBehind());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") saver.leaveBehind();
  });
}

async function saveThen(saver, leave) {
  if (await saver.save()) leave();
}
