// What is live on a page asks the server only while somebody looks at it, and at once when they look again.
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches("[data-live]")) event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.querySelectorAll("[data-live]").forEach((part) => htmx.trigger(part, "seen"));
});

// What one types or ticks while an answer is under way stays where the answer brings the form anew, and is sent too.
(() => {
  const isTick = (field) => ["checkbox", "radio"].includes(field.type);
  const keyOf = (field) => `${field.name} ${isTick(field) ? field.value : ""}`;
  const stateOf = (field) => (isTick(field) ? String(field.checked) : field.value);
  const statesIn = (part) => new Map([...part.querySelectorAll("input[name]:not([type=hidden]), select[name], textarea[name]")].map((field) => [keyOf(field), stateOf(field)]));
  const sent = new WeakMap();
  const since = new WeakMap();

  document.body.addEventListener("htmx:beforeSend", ({ detail }) => sent.set(detail.xhr, statesIn(detail.target)));
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const before = sent.get(detail.xhr);
    if (before) since.set(detail.xhr, [...statesIn(detail.target)].filter(([key, state]) => before.has(key) && before.get(key) !== state));
  });
  document.body.addEventListener("htmx:afterSettle", ({ detail, target }) => {
    const changed = new Map(since.get(detail.xhr));
    since.delete(detail.xhr);
    for (const field of changed.size ? target.querySelectorAll("[name]") : []) {
      const state = changed.get(keyOf(field));
      if (state === undefined || state === stateOf(field)) continue;
      if (isTick(field)) field.checked = state === "true";
      else field.value = state;
      // The browser itself tells of a change in the field that had the focus as it is taken away.
      for (const name of field === document.activeElement ? [] : ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
    }
  });
})();
