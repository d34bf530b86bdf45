// What is typed outlives a crash: the browser keeps it until the server has it.

const KEY = "clinic.draft";

export function mountDrafts(observation, saver) {
  const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  for (const [name, text] of Object.entries(kept)) document.getElementById(name).value = text;

  observation.onEdit(() => {
    localStorage.setItem(KEY, JSON.stringify(observation.snapshot().texts));
  });
  saver.addEventListener("stored", () => {
    if (!saver.pending) localStorage.removeItem(KEY);
  });
}
