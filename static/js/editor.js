// The editor of a questionnaire: order by dragging and by Alt and an arrow key, and what is typed is never lost. All of
// it works by buttons as well, without this script.
(() => {
  const announce = document.getElementById("announce");

  // Lists that are ordered by dragging send where an element was put, as a button beside it would.
  const send = (list, value) => {
    const form = list.closest("form") ?? document.getElementById("questions");
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "do", value });
    form.append(field);
    form.requestSubmit();
    field.remove();
  };
  const start = () => {
    for (const list of document.querySelectorAll("[data-sortable]")) {
      Sortable.create(list, {
        handle: ".drag-handle",
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
        ghostClass: "is-dragged",
        onEnd: ({ item, oldIndex, newIndex }) => {
          if (oldIndex !== newIndex) send(list, `place:${list.dataset.sortable}:${item.dataset.key}:${newIndex}`);
        },
      });
    }
    watchPanels();
  };

  document.addEventListener("keydown", (event) => {
    const where = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    const card = event.target.closest?.("[data-sortable] > [data-key]");
    if (!event.altKey || !where || !card || event.target.matches("input, textarea, select")) return;
    event.preventDefault();
    const button = document.getElementById(`${where}-${card.dataset.key}`);
    button.focus();
    button.click();
  });

  // Who deletes by keyboard goes on at the next element, or at "Undo" where none is left.
  let deleted = null;
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.('button[name="do"][value^="remove:"]');
    const card = button?.closest("li");
    deleted = card ? [...card.parentElement.children].indexOf(card) : null;
  });
  const goOn = () => {
    if (deleted === null) return;
    const buttons = document.querySelectorAll('#editor li button[name="do"][value^="remove:"]');
    const next = buttons[Math.min(deleted, buttons.length - 1)] ?? document.getElementById("undo");
    deleted = null;
    if (document.activeElement === document.body) next?.focus({ preventScroll: true });
  };

  // What is typed in a form stays there until it is saved or left on purpose.
  const values = (form) => new URLSearchParams(new FormData(form)).toString();
  const clean = new WeakMap();
  const isChanged = (form) => clean.has(form) && clean.get(form) !== values(form);
  const isTypedIn = (form) =>
    [...form.elements].some((field) =>
      field.matches("[type=radio], [type=checkbox]")
        ? field.checked !== field.defaultChecked
        : field.matches("input, textarea") && field.value !== field.defaultValue,
    );
  const watchPanels = () => {
    for (const form of document.querySelectorAll("[data-panel]")) {
      if (clean.has(form)) continue;
      // Who types at once is ahead of this script, and of what shows the preview.
      const early = isTypedIn(form);
      clean.set(form, early || form.querySelector("[aria-invalid], .is-invalid") ? "" : values(form));
      if (early) form.dispatchEvent(new Event("input"));
    }
  };
  const changedPanel = (source) =>
    [...document.querySelectorAll("[data-panel]")].find((form) => isChanged(form) && !form.contains(source));
  const hold = (form) => {
    const note = form.closest(".edit-panel").querySelector("[data-unsaved]");
    note.hidden = false;
    note.scrollIntoView({ block: "center" });
    announce.textContent = note.textContent;
    form.querySelector("input:not([type=hidden]), textarea").focus({ preventScroll: true });
  };
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target } = event.detail;
    if (target.id !== "editor") return;
    const form = changedPanel(elt);
    if (!form) return;
    event.preventDefault();
    hold(form);
  });
  document.addEventListener("click", (event) => {
    const cancel = event.target.closest("[data-cancel]");
    if (cancel) clean.delete(cancel.closest("form"));
  });
  window.addEventListener("beforeunload", (event) => {
    if (changedPanel(null)) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-panel]") && !window.htmx) clean.delete(event.target);
  });

  // A reply that says what is to be mended is read out, and so is what was done.
  const tell = () => {
    const said = document.querySelector(".edit-panel [role=alert], #editor-messages");
    announce.textContent = said ? said.textContent.replace(/\s+/g, " ").trim() : "";
  };
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.matches(".question-preview, span")) return;
    tell();
  });
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.matches(".question-preview, span")) return;
    start();
    goOn();
    const panel = document.querySelector(".editor-card > .edit-panel");
    if (panel && panel.parentElement === event.detail.target && !panel.contains(document.activeElement)) {
      panel.querySelector("textarea, input:not([type=hidden])").focus();
    }
    const invalid = document.querySelector(".edit-panel [role=alert]");
    if (invalid && event.detail.target.matches(".edit-panel")) invalid.scrollIntoView({ block: "center" });
  });
  start();
})();
