// Saves that found no network wait on this device, in their order, until it is back.

import { Refusal, call } from "./api.js";

export class OfflineQueue {
  #key;

  constructor(url) {
    this.#key = `clinic.offline${url}`;
  }

  get waiting() {
    return JSON.parse(localStorage.getItem(this.#key) ?? "[]");
  }

  keep(body) {
    this.#store([...this.waiting, body]);
  }

  async flush(url) {
    for (let left = this.waiting; left.length > 0; left = this.waiting) {
      try {
        await call("PATCH", url, left[0]);
      } catch (error) {
        // Deleted while there was no network: nothing is left to save it in.
        if (!(error instanceof Refusal && error.status === 404)) throw error;
      }
      this.#store(left.slice(1));
    }
  }

  #store(bodies) {
    localStorage.setItem(this.#key, JSON.stringify(bodies));
  }
}
