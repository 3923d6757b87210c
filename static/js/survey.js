// Saves every answer as it is given. What the server has not confirmed is kept on this device, so that an offline
// moment, a reload or a closed laptop loses nothing. Without this script a step is saved by its "Next" button.
(() => {
  const survey = document.querySelector("[data-survey]");
  if (!survey) return;

  const STORE = `survey:${survey.dataset.survey}:`;
  const TYPING_PAUSE = 700;
  const RETRY = { first: 1000, most: 20000 };
  const form = document.querySelector("[data-step]");
  const status = document.querySelector("[data-save-state]");

  // What the server has not confirmed, by question: {field name: value}. Each has its own place in the store, so that
  // two tabs do not overwrite each other; where the browser keeps none, this page's memory has to do.
  const pending = new Map();
  const stored = (action) => {
    try {
      return action(localStorage);
    } catch {
      return undefined;
    }
  };
  const keep = (key, values) => {
    pending.set(key, values);
    stored((store) => store.setItem(STORE + key, JSON.stringify(values)));
  };
  const forget = (key, values) => {
    if (JSON.stringify(pending.get(key)) !== JSON.stringify(values)) return;
    pending.delete(key);
    stored((store) => store.removeItem(STORE + key));
  };
  stored((store) => {
    for (const name of Object.keys(store)) {
      if (name.startsWith(STORE)) pending.set(name.slice(STORE.length), JSON.parse(store.getItem(name)));
    }
  });

  const fieldset = (key) => form && form.querySelector(`[data-question="${CSS.escape(key)}"]`);
  const belongsTo = (key, name) => name.startsWith(`${key}-`);
  const valuesOf = (key) => Object.fromEntries([...new FormData(form)].filter(([name]) => belongsTo(key, name)));

  const show = (state) => {
    status.dataset.state = state;
    const text = status.dataset[state];
    if (status.textContent !== text) status.textContent = text;
  };

  const showSaving = () => status.dataset.state === "offline" || show("saving");

  // Sending
  const inFlight = new Map();
  const refused = new Set();
  let retryTimer;
  let retryDelay = RETRY.first;
  let leaveWhenSaved = false;

  const send = (key) => {
    const values = pending.get(key);
    if (!values) return;
    inFlight.set(key, values);
    showSaving();
    const element = fieldset(key);
    if (element) htmx.trigger(element, "save");
    else htmx.ajax("POST", survey.dataset.answerUrl, { source: survey, swap: "none", values: { question: key, ...values } });
  };

  const sendAll = () => {
    clearTimeout(retryTimer);
    retryTimer = undefined;
    [...pending.keys()].filter((key) => !refused.has(key)).forEach(send);
  };

  const retryLater = () => {
    if (retryTimer) return;
    retryTimer = setTimeout(sendAll, retryDelay);
    retryDelay = Math.min(retryDelay * 2, RETRY.most);
  };

  const leave = () => {
    const amiss = [...refused].map(fieldset).find(Boolean);
    if (!amiss) form.submit();
    else amiss.scrollIntoView();
    leaveWhenSaved = false;
  };

  const settle = () => {
    if (inFlight.size) return;
    if ([...pending.keys()].some((key) => !refused.has(key))) return;
    show(pending.size ? "refused" : "saved");
    if (leaveWhenSaved) leave();
    else if (!form && !pending.size) location.reload();
  };

  document.body.addEventListener("htmx:configRequest", (event) => {
    const key = event.detail.elt.dataset.question;
    if (!key) return;
    for (const name of [...event.detail.formData.keys()]) {
      if (!belongsTo(key, name)) event.detail.formData.delete(name);
    }
    event.detail.formData.set("question", key);
    inFlight.set(key, valuesOf(key));
  });

  document.body.addEventListener("htmx:afterRequest", (event) => {
    const key = event.detail.requestConfig.formData.get("question");
    const code = event.detail.xhr.status;
    const values = inFlight.get(key);
    inFlight.delete(key);
    refused.delete(key);
    if (event.detail.successful) {
      forget(key, values);
      retryDelay = RETRY.first;
    } else if (code >= 400 && code < 500) {
      refused.add(key);
    } else {
      show("offline");
      retryLater();
      return;
    }
    settle();
  });

  // The review has no progress to update in place; it is loaded again once all is sent.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (!form) event.detail.shouldSwap = false;
  });

  window.addEventListener("online", sendAll);

  // On a narrow screen the steps scroll; the current one stays in sight, also after they come anew with an answer.
  const showStep = () => {
    const steps = document.querySelector(".survey-steps");
    const current = steps && steps.querySelector("[aria-current]");
    if (current) steps.scrollLeft = current.offsetLeft - (steps.clientWidth - current.offsetWidth) / 2;
  };
  document.body.addEventListener("htmx:oobAfterSwap", showStep);
  showStep();

  // Answering
  let typing;
  const changed = (element) => {
    clearTimeout(typing);
    const key = element.closest("[data-question]").dataset.question;
    keep(key, valuesOf(key));
    showSaving();
    return key;
  };

  if (form) {
    form.addEventListener("input", (event) => {
      if (event.target.type === "radio") return;
      const key = changed(event.target);
      typing = setTimeout(() => send(key), TYPING_PAUSE);
    });
    form.addEventListener("change", (event) => send(changed(event.target)));

    form.addEventListener("keydown", (event) => {
      if (event.target.matches("textarea, [type=url]") || event.ctrlKey || event.metaKey || event.altKey) return;
      const question = event.target.closest("[data-question]");
      const choice = question && question.querySelectorAll("[type=radio]")[Number(event.key) - 1];
      if (!choice) return;
      event.preventDefault();
      choice.focus();
      choice.click();
    });

    // Leaving for the next step needs the server; while it cannot be reached the page stays, with all answers. Only a
    // request tells whether it can, so that one question is saved again.
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      leaveWhenSaved = true;
      refused.clear();
      changed(form.querySelector("[data-question]"));
      sendAll();
    });
  }

  // Take up what an earlier visit could not send.
  for (const [key, values] of pending) {
    const element = fieldset(key);
    if (!element) continue;
    for (const field of element.querySelectorAll("input, textarea")) {
      const value = values[field.name] ?? "";
      if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
      if (field.type !== "radio" && value) field.closest("details").open = true;
    }
  }
  if (pending.size) document.addEventListener("DOMContentLoaded", sendAll, { once: true });
  else show("saved");
})();
