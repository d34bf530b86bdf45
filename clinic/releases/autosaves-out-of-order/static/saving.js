// Saving: one request after another, each with the next number, so that the server can drop one
// that arrives late. The page says "Saved" only when the server confirmed what it holds now.

import { Refusal, call } from "./api.js";
import { passes, reason } from "./failures.js";

// Browsers let a page leave 64 KiB of requests behind; a little is kept for headers.
const LEFT_BEHIND_BYTES_MAX = 60_000;

function newEditor() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Saver extends EventTarget {
  #url;
  #version;
  #editor = newEditor();
  #sequence = 0;
  #confirmedSequence = 0;
  #queue = Promise.resolve(true);
  #leftBehindEdits = -1;
  #observation;
  #session;
  #status;
  #abandoned = false;
  troubled = false;

  constructor(state, observation, session, status) {
    super();
    this.#url = `/api/consultations/${state.id}`;
    this.#version = state.version;
    this.#observation = observation;
    this.#session = session;
    this.#status = status;
  }

  get version() {
    return this.#version;
  }

  get pending() {
    return !this.#abandoned && this.#observation.pending;
  }

  // Sends what the page holds; true once the server confirmed it and nothing was typed since.
  save() {
    // Nobody who presses Save waits for an autosave that is still under way.
    this.#queue = this.#send();
    return this.#queue;
  }

  // Waits for the save that is under way, if any.
  settled() {
    return this.#queue;
  }

  // Nothing is sent or asked any more: the consultation is deleted or its text given up.
  abandon() {
    this.#abandoned = true;
  }

  saveOver(version) {
    this.#version = version;
    return this.save();
  }

  fitsLeavingBehind() {
    return new TextEncoder().encode(this.#request().body).length <= LEFT_BEHIND_BYTES_MAX;
  }

  // Hands the browser a request that outlives the page. It does not wait for one under way: the
  // higher number makes the server keep this one whichever arrives last.
  leaveBehind() {
    if (!this.pending) return;
    const request = this.#request();
    if (request.snapshot.edits === this.#leftBehindEdits) return;
    this.#leftBehindEdits = request.snapshot.edits;
    const keepalive = new TextEncoder().encode(request.body).length <= LEFT_BEHIND_BYTES_MAX;
    this.#sequence = request.sequence;
    call("PATCH", this.#url, request.body, { keepalive }).then(
      (answer) => this.#confirmed(request, answer),
      () => {
        this.#leftBehindEdits = -1;
      },
    );
  }

  #request() {
    const sequence = this.#sequence + 1;
    const snapshot = this.#observation.snapshot();
    const body = JSON.stringify({
      version: this.#version,
      editor: this.#editor,
      sequence,
      ...snapshot.body,
    });
    return { sequence, snapshot, body };
  }

  async #send() {
    if (this.#abandoned) return false;
    this.dispatchEvent(new Event("sending"));
    this.#status.saving();
    let request;
    const attempt = () => {
      request = this.#request();
      this.#sequence = request.sequence;
      return call("PATCH", this.#url, request.body);
    };
    try {
      const signedOut = () => {
        this.troubled = true;
        this.#status.failed("you are signed out. Your text is still here.");
      };
      const answer = await this.#session.guard(attempt, signedOut);
      return this.#confirmed(request, answer);
    } catch (error) {
      return this.#failed(error);
    }
  }

  #confirmed(request, answer) {
    this.#version = Math.max(this.#version, answer.version);
    if (request.sequence > this.#confirmedSequence) {
      this.#confirmedSequence = request.sequence;
      this.#observation.confirm(request.snapshot);
    }
    this.troubled = false;
    this.#observation.markInvalid(null);
    if (this.#observation.pending) this.#status.unsaved();
    else this.#status.saved();
    this.dispatchEvent(new Event("stored"));
    return !this.#observation.pending;
  }

  #failed(error) {
    if (error instanceof Refusal && error.error === "superseded") {
      return !this.#observation.pending;
    }
    this.troubled = true;
    this.#observation.markInvalid(error.field ?? null);
    this.#status.failed(reason(error, (name) => this.#observation.labelOf(name)));
    this.dispatchEvent(new CustomEvent("failed", { detail: { error, passes: passes(error) } }));
    return false;
  }
}
