// Requests to the clinic. Whatever is not a success is an exception.

const ANSWER_MS_MAX = 20_000;
const meta = document.querySelector('meta[name="csrf-token"]');

export class Refusal extends Error {
  constructor(status, body) {
    super(body.message ?? `the server answered ${status}`);
    this.status = status;
    this.error = body.error ?? "";
    this.field = body.field ?? null;
    this.body = body;
  }
}

export class Unreachable extends Error {}

export function setToken(token) {
  meta.content = token;
}

export async function call(method, url, body, { keepalive = false } = {}) {
  const headers = { "X-CSRF-Token": meta.content };
  if (typeof body === "string") headers["Content-Type"] = "application/json";
  const signal = keepalive ? undefined : AbortSignal.timeout(ANSWER_MS_MAX);
  let response;
  let text;
  try {
    response = await fetch(url, { method, headers, body, keepalive, signal });
    text = await response.text();
  } catch {
    throw new Unreachable("the server cannot be reached");
  }
  const answer = parsed(text);
  if (!response.ok) throw new Refusal(response.status, answer ?? {});
  // An answer need not have a body.
  return answer ?? {};
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
