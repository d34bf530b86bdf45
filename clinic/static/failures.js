// What went wrong, in a sentence that says what became of the text and what to do.

import { Refusal } from "./api.js";
import { SignedOut } from "./session.js";

// While releases change, a page may be answered by one that does not know what it asks for.
const OTHER_RELEASE = ["not_found", "unknown_key"];

export function reason(error, labelOf = (name) => name) {
  if (error instanceof SignedOut) {
    return "you are signed out. Your text is still here: press Save to sign in again.";
  }
  if (!(error instanceof Refusal)) {
    return `${error.message}. Your text is still here, and another attempt follows.`;
  }
  if (OTHER_RELEASE.includes(error.error)) {
    return "this part of the clinic is being updated. Your text is still here: try again in a moment.";
  }
  const known = {
    conflict: "this consultation was changed elsewhere since you opened it. Your text is still here.",
    finalised: "this consultation was finalised elsewhere. Copy your text if you need it.",
    no_consultation: "this consultation no longer exists. Copy your text if you need it.",
    nul_character: `${labelOf(error.field)} contains a character that cannot be stored (NUL). Remove it.`,
    lone_surrogate: `${labelOf(error.field)} contains half a character (a lone surrogate). Remove it.`,
  };
  return known[error.error] ?? error.message;
}

// Whether the same request may well succeed a little later.
export function passes(error) {
  if (error instanceof SignedOut) return false;
  return !(error instanceof Refusal) || error.status >= 500 || OTHER_RELEASE.includes(error.error);
}
