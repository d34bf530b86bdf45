// Deleting a consultation, once the practitioner has confirmed it.

import { call } from "./api.js";
import { reason } from "./failures.js";

export function mountDeletion(state, saver, session, status) {
  const dialog = document.querySelector("#confirm-delete");
  document.querySelector("#delete").addEventListener("click", () => {
    dialog.returnValue = "cancel";
    dialog.showModal();
  });
  dialog.addEventListener("close", async () => {
    if (dialog.returnValue !== "delete") return;
    try {
      await saver.settled();
      await session.guard(() => call("DELETE", `/api/consultations/${state.id}`));
      saver.abandon();
      window.location.assign(`/patients/${state.patient_id}`);
    } catch (error) {
      status.failed(`the consultation is not deleted: ${reason(error)}`);
    }
  });
}
