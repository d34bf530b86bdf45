// Remembers when each element was last rendered, so that an older "saved" is not taken for a new
// one. Runs before the page's own scripts, in every frame, and survives a Content-Security-Policy.
(() => {
  if (Object.hasOwn(window, "__harness")) return;
  // The page may replace these (fake clocks, frameworks), so they are kept as they are now.
  const wall = Date.now.bind(Date);
  const ticks = performance.now.bind(performance);
  const later = window.setTimeout.bind(window);
  // Times are the wall clock's as it was here at first: one that is set makes nothing old or new.
  const ahead = wall() - ticks();
  const now = () => ticks() + ahead;
  const SET_MS_MIN = 50;
  const born = now();
  const changed = new WeakMap(); // element -> its text or children changed
  const added = new WeakMap(); // element -> it was put in the document, or became visible
  const hidden = new WeakSet(); // elements last seen hidden
  const unseen = []; // added, and not yet looked at for being hidden
  const DESCENDANTS_MAX = 300;
  const UNSEEN_MAX = 2000;
  let waiters = [];

  const visible = (el) => el.checkVisibility({ visibilityProperty: true });

  const note = (el, at) => {
    if (visible(el)) {
      if (hidden.delete(el)) added.set(el, at);
    } else {
      hidden.add(el);
    }
  };

  const hiddenBefore = (record) => {
    const old = record.oldValue;
    if (record.attributeName === "hidden") return old !== null;
    if (record.attributeName === "open") return old === null;
    if (record.attributeName !== "style" || old === null) return false;
    return /display:\s*none|visibility:\s*hidden/.test(old);
  };

  const revealed = (record, at) => {
    const el = record.target;
    if (hiddenBefore(record)) hidden.add(el);
    note(el, at);
    const inside = el.querySelectorAll("*");
    if (inside.length <= DESCENDANTS_MAX) for (const child of inside) note(child, at);
  };

  const appeared = (node, at) => {
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    added.set(node, at);
    if (unseen.length < UNSEEN_MAX) unseen.push(node);
  };

  const observer = new MutationObserver((records) => {
    const at = now();
    for (const record of records) {
      if (record.type === "attributes") {
        revealed(record, at);
        continue;
      }
      const el = record.type === "characterData" ? record.target.parentElement : record.target;
      if (el) changed.set(el, at);
      for (const node of record.addedNodes) appeared(node, at);
    }
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
    look();
  });

  // What is hidden is looked up when the page is idle, never while it works.
  let looking = false;
  const look = () => {
    if (looking || unseen.length === 0) return;
    looking = true;
    const idle = window.requestIdleCallback?.bind(window) ?? ((run) => later(run, 30));
    idle(() => {
      looking = false;
      for (const node of unseen.splice(0)) {
        const inside = [node, ...Array.from(node.querySelectorAll("*")).slice(0, DESCENDANTS_MAX)];
        for (const el of inside) if (!visible(el)) hidden.add(el);
      }
    });
  };

  const WATCHED = {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeOldValue: true,
    attributeFilter: ["hidden", "open", "class", "style"],
  };
  observer.observe(document, WATCHED);

  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (init) {
    const root = attach.call(this, init);
    observer.observe(root, WATCHED);
    return root;
  };

  // A fade ends here: the element was there, and nobody could see it.
  document.addEventListener(
    "transitionend",
    (event) => {
      const el = event.target;
      if (event.propertyName !== "opacity" || !(el instanceof Element)) return;
      if (Number(getComputedStyle(el).opacity) > 0.5) added.set(el, now());
    },
    true,
  );

  const latest = (map, el, last) => Math.max(last, map.get(el) ?? born);

  const renderedAt = (el) => {
    let last = born;
    for (let up = el; up; up = up.parentElement ?? up.getRootNode().host) {
      last = latest(added, up, last);
    }
    for (const part of [el, ...el.querySelectorAll("*")]) {
      last = latest(added, part, latest(changed, part, last));
    }
    return last;
  };

  const textOf = (el) => {
    const text = (el.innerText ?? el.textContent ?? "").trim();
    return text || String(el.value ?? "").trim();
  };

  const stateOf = (el, since) => {
    if (!el.isConnected) return { state: "gone", text: "" };
    const text = textOf(el);
    const seen = el.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    if (!seen) return { state: "hidden", text };
    if (!text) return { state: "empty", text };
    return { state: renderedAt(el) >= since ? "fresh" : "old", text };
  };

  // A time of the wall clock as it is now, as this document counts them.
  const counted = (at) => {
    const by = wall() - ticks() - ahead;
    return Math.abs(by) < SET_MS_MIN ? at : at - by;
  };

  const pause = (ms) =>
    new Promise((wake) => {
      waiters.push(wake);
      later(wake, ms);
    });

  const WORTH = ["fresh", "old", "empty", "hidden", "gone"];

  const best = (all, since) =>
    all
      .map((el) => stateOf(el, since))
      .sort((one, other) => WORTH.indexOf(one.state) - WORTH.indexOf(other.state))[0] ??
    { state: "missing", text: "" };

  // A sign-in page has one field for a password; one that is chosen is a form's own.
  const asksWho = () => {
    const fields = [...document.querySelectorAll('input[type="password"]')].filter(visible);
    return fields.length === 1 && fields[0].autocomplete !== "new-password";
  };

  // Waits at most wait_ms for one of the elements to have been rendered since since_ms, visible
  // and not empty. Elements that left the page end the wait: others may have come in their place.
  const awaitFresh = async (all, { since_ms, wait_ms }) => {
    const since = counted(since_ms);
    const end = now() + wait_ms;
    for (;;) {
      const found = best(all, since);
      const left = end - now();
      if (found.state === "fresh") return { ...found, asks: asksWho() ? "yes" : "" };
      if (found.state === "gone" || left <= 0) return found;
      await pause(Math.min(left, 50));
      // What is not there yet is asked for again by whoever waits, and not by this page.
      if (found.state === "missing") return found;
    }
  };

  // What the page tells its user of a failure, rendered since since_ms.
  const complaints = (since_ms) => {
    const said = [];
    const since = counted(since_ms);
    const add = (el) => {
      if (el && stateOf(el, since).state === "fresh") said.push(textOf(el));
    };
    document.querySelectorAll('[role="alert"], [role="alertdialog"]').forEach(add);
    for (const el of document.querySelectorAll('[aria-invalid="true"]')) {
      const names = el.getAttribute("aria-errormessage") ?? el.getAttribute("aria-describedby");
      for (const id of (names ?? "").split(/\s+/).filter(Boolean)) {
        add(document.getElementById(id));
      }
    }
    return said;
  };

  Object.defineProperty(window, "__harness", { value: { awaitFresh, complaints, asksWho } });
})();
