// Sharing documents: a list of what is shared, the undo, and a dialog to choose the recipients, whose
// script is loaded when it is asked for first: most visits share nothing.

import { call } from "./api.js";
import { reason } from "./failures.js";
import { fields } from "./fields.js";

export function mountSharing(state, documents, session) {
  let dialog = null;

  async function openDialog(line) {
    if (dialog === null) {
      const { ShareDialog } = await import("/chunks/share_dialog.js");
      dialog = new ShareDialog({ state, session, fields, call, reason, onShared: showShares });
    }
    dialog.open(line.dataset.document, titleOf(line));
  }

  function showShares(shares) {
    for (const line of documents.lines()) {
      line.querySelector(".shares")?.remove();
      const own = shares.filter((share) => String(share.document_id) === line.dataset.document);
      if (own.length > 0) line.append(shareList(own, line, state.author ? undo : null));
    }
    dialog?.reset();
  }

  async function undo(share, button) {
    button.disabled = true;
    try {
      showShares((await session.guard(() => call("DELETE", `/api/shares/${share.id}`))).shares);
    } catch (error) {
      button.disabled = false;
      button.after(` Not undone: ${reason(error)}`);
    }
  }

  function offer(line) {
    if (state.author) line.append(shareButton(line, () => openDialog(line)));
  }

  documents.lines().forEach(offer);
  documents.addEventListener("added", ({ detail }) => offer(detail.line));
  showShares(state.shares);
}

function titleOf(line) {
  return line.querySelector("strong").textContent;
}

function shareButton(line, open) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Share";
  button.setAttribute("aria-label", `Share ${titleOf(line)}`);
  button.addEventListener("click", open);
  return button;
}

function shareList(shares, line, undo) {
  const list = document.createElement("ul");
  list.className = "shares";
  for (const share of shares) {
    const entry = document.createElement("li");
    entry.textContent = `Shared with ${share.recipient} (${share.recipient_kind})`;
    if (undo) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Undo";
      const name = `Undo sharing ${titleOf(line)} with ${share.recipient}`;
      button.setAttribute("aria-label", name);
      button.addEventListener("click", () => undo(share, button));
      entry.append(button);
    }
    list.append(entry);
  }
  return list;
}
