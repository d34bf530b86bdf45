// Finalising: what is typed is saved first, then the note is locked.

import { call } from "./api.js";
import { reason } from "./failures.js";

export function mountFinalise(state, observation, saver, session, status) {
  const button = document.querySelector("#finalise");

  async function finalise() {
    if (!(await saver.save())) return;
    const url = `/api/consultations/${state.id}/finalise`;
    await session.guard(() => call("POST", url, JSON.stringify({ version: saver.version })));
    observation.lock();
    for (const id of ["save", "finalise", "delete"]) document.querySelector(`#${id}`).remove();
    status.saved("Saved and finalised");
  }

  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await finalise();
    } catch (error) {
      status.failed(`the note is not finalised: ${reason(error)}`);
    } finally {
      button.disabled = false;
    }
  });
}
