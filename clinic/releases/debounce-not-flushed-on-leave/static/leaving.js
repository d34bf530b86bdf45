// Every edit is saved by itself a moment later, so that the way on has nothing to wait for. Only
// where saving is in trouble the browser asks first.

export function mountLeaving(saver) {
  window.addEventListener("beforeunload", (event) => {
    if (!saver.pending || !saver.troubled) return;
    event.preventDefault();
    event.returnValue = "unsaved";
    saver.save();
  });
}
