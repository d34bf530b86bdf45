// Saves by itself when typing pauses, and tries again when a save failed for a passing reason.

const PAUSE_MS = 2_500;
const UNSAVED_MS_MAX = 30_000;
const RETRY_MS = 2_000;
const RETRY_MS_MAX = 15_000;

export function mountAutosave(observation, saver, status) {
  let timer = null;
  let unsavedSince = null;
  let retryMs = RETRY_MS;

  function schedule(delayMs) {
    clearTimeout(timer);
    timer = setTimeout(() => saver.save(), delayMs);
  }

  function edited() {
    status.unsaved();
    unsavedSince ??= performance.now();
    const left = UNSAVED_MS_MAX - (performance.now() - unsavedSince);
    schedule(Math.max(0, Math.min(PAUSE_MS, left)));
  }

  observation.onEdit(edited);
  if (saver.pending) edited();
  saver.addEventListener("sending", () => {
    clearTimeout(timer);
    unsavedSince = null;
  });
  saver.addEventListener("stored", () => {
    retryMs = RETRY_MS;
    if (saver.pending) schedule(PAUSE_MS);
  });
  saver.addEventListener("failed", ({ detail }) => {
    if (!detail.passes) return;
    schedule(retryMs);
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
  });
  window.addEventListener("online", () => {
    if (saver.pending) schedule(0);
  });
}
