// What happens when the session has ended while a page is open: sign in again in place, then do
// again what was refused. The text stays on the page all the time.

import { Refusal, call, setToken } from "./api.js";

export class SignedOut extends Error {}

export class Session {
  #dialog = document.querySelector("#signed-out");
  #login;
  #asked = null;

  constructor(login) {
    this.#login = login;
  }

  // Does the action; when its session or token has expired, renews them and does it once more.
  async guard(action, onSignedOut = () => {}) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const expired = error.status === 401 || error.error === "csrf";
      if (!expired) throw error;
      if (!(error.error === "csrf" && (await this.#sameAccount()))) {
        onSignedOut();
        await this.#signInAgain();
      }
      return action();
    }
  }

  // Another tab may have signed in again: then its token serves this page as well.
  async #sameAccount() {
    try {
      const session = await call("GET", "/api/session");
      if (session.login !== this.#login) return false;
      setToken(session.csrf_token);
      return true;
    } catch {
      return false;
    }
  }

  #signInAgain() {
    this.#asked ??= this.#ask().finally(() => {
      this.#asked = null;
    });
    return this.#asked;
  }

  #ask() {
    const form = this.#dialog.querySelector("form");
    const password = form.querySelector("input");
    const alert = form.querySelector('[role="alert"]');
    alert.hidden = true;
    this.#dialog.showModal();
    password.focus();
    return new Promise((resolve, reject) => {
      const listening = new AbortController();
      const { signal } = listening;
      const close = () => {
        listening.abort();
        password.value = "";
        this.#dialog.close();
      };
      const giveUp = () => {
        close();
        reject(new SignedOut("you are signed out"));
      };
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        try {
          await this.#signIn(password.value);
          close();
          resolve();
        } catch (error) {
          alert.textContent = error.message;
          alert.hidden = false;
        }
      }, { signal });
      form.querySelector('[value="cancel"]').addEventListener("click", giveUp, { signal });
      this.#dialog.addEventListener("cancel", giveUp, { signal });
    });
  }

  async #signIn(password) {
    const body = JSON.stringify({ login: this.#login, password });
    setToken((await call("POST", "/api/sign-in", body)).csrf_token);
  }
}
