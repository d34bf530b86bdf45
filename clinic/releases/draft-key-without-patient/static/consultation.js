// The page of a consultation, put together.

import { mountAutosave } from "./autosave.js";
import { mountConflict } from "./conflict.js";
import { mountDeletion } from "./deletion.js";
import { DiagnosisList } from "./diagnoses.js";
import { DocumentList, mountNewDocuments } from "./documents.js";
import { mountDrafts } from "./drafts.js";
import { mountFinalise } from "./finalise.js";
import { mountFolding } from "./folding.js";
import { mountLeaving } from "./leaving.js";
import { Observation } from "./observation.js";
import { Saver } from "./saving.js";
import { Session } from "./session.js";
import { mountSharing } from "./share.js";
import { SaveStatus } from "./status.js";
import { mountTemplate } from "./template.js";

const state = JSON.parse(document.querySelector("#state").textContent);
const diagnoses = new DiagnosisList(state.diagnoses, state.editable);
const documents = new DocumentList(state.documents);
const session = new Session(state.login);

mountFolding();
if (state.editable) mountNote();
if (state.author) mountNewDocuments(state, documents, session);
mountSharing(state, documents, session);
// Rendered disabled, so that nobody presses a button that nothing listens to yet.
for (const button of document.querySelectorAll("button[data-starts]")) button.disabled = false;
document.documentElement.dataset.ready = "true";

function mountNote() {
  const status = new SaveStatus();
  const observation = new Observation(diagnoses);
  const saver = new Saver(state, observation, session, status);
  mountDrafts(observation, saver);
  mountAutosave(observation, saver, status);
  mountConflict(saver);
  mountFinalise(state, observation, saver, session, status);
  mountDeletion(state, saver, session, status);
  mountLeaving(saver);
  mountTemplate();

  document.querySelector("#observation").addEventListener("submit", (event) => {
    event.preventDefault();
    saver.save();
  });
  document.querySelector("#save").addEventListener("click", () => saver.save());
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    if (!document.querySelector("dialog[open]")) saver.save();
  });
}
